import { expect } from '@playwright/test';
import { CLEAN, test } from './demo.ts';
import { look, plays, record, recorded, timeOf } from './picture.ts';

test('a channel of the list plays for half a minute without a stall', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('option', { name: 'Demo: clean' }).click();
  await plays(page);

  await record(page);
  const from = await timeOf(page);
  const before = await look(page);
  await expect.poll(() => timeOf(page), { timeout: 60_000, intervals: [1000] }).toBeGreaterThan(from + 30);

  const seen = await recorded(page);
  expect(seen.starved, 'times the picture had no more data').toBe(0);
  expect(seen.longestGap, 'milliseconds without a new frame').toBeLessThan(2000);
  expect(seen.frames).toBeGreaterThan(100);
  expect(seen.time - from).toBeGreaterThan(29);
  expect(await look(page), 'the picture itself').not.toBe(before);
  await expect(page).toHaveTitle(/Demo: clean/);
});

test('the stream is taken apart in a worker, not on the page’s own thread', async ({ page }) => {
  await page.goto(`/play/${CLEAN}`);
  await plays(page);

  expect(page.workers().map((worker) => worker.url())).toEqual([expect.stringContaining('hls.worker')]);
});

test('two viewers share one stream', async ({ page, browser, demo, request }) => {
  const other = await browser.newContext({ userAgent: 'Another viewer', baseURL: demo.url });
  const second = await other.newPage();

  await Promise.all([page.goto(`/play/${CLEAN}`), second.goto(`/play/${CLEAN}`)]);
  await Promise.all([plays(page), plays(second)]);

  const { streams } = await (await request.get('/api/streams')).json();
  expect(streams).toEqual([expect.objectContaining({ hash: CLEAN, phase: 'live', viewers: 2 })]);
  await other.close();
});

test('any link plays from the field, which says what it is', async ({ page }) => {
  await page.goto('/');
  const field = page.getByRole('textbox', { name: 'Ace Stream link or ID' });

  await field.fill('acestream://tooshort');
  await expect(page.getByText('Too short')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeDisabled();

  await field.fill(`http://127.0.0.1:6878/ace/getstream?id=${CLEAN}`);
  await expect(page.getByText('This is an Ace Stream ID')).toBeVisible();
  await field.press('Enter');
  await plays(page);
});

test('changing the channel keeps the player in full screen', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('option', { name: 'Demo: clean' }).click();
  await plays(page);
  await page.keyboard.press('f');
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.id)).toBe('player');
  await expect(page.getByRole('region', { name: 'Player' })).toBeFocused();

  await page.keyboard.press('PageDown');

  await expect(page).toHaveTitle(/Demo: bursty/);
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.id)).toBe('player');
});

test('an ID that the engine cannot open is told, with a way on', async ({ page }) => {
  await page.goto(`/play/${'0'.repeat(40)}`);

  const card = page.getByRole('alert');
  await expect(card.getByRole('heading', { name: 'The engine can’t open this channel' })).toBeVisible();
  await expect(card.getByRole('button', { name: 'Try again' })).toBeVisible();
});
