import { expect } from '@playwright/test';
import { CLEAN, test } from './demo.ts';
import { look, moves, plays } from './picture.ts';

test('without the server the other ways appear; with it, playback goes on by itself', async ({ page, demo }) => {
  await page.goto(`/play/${CLEAN}`);
  await plays(page);

  await demo.stop();

  await expect(page.getByRole('alert').filter({ hasText: 'Can’t reach the server' })).toBeVisible();
  const app = page.getByRole('link', { name: 'Open in the Ace Stream app' });
  await expect(app, 'once the buffer is played out').toBeVisible({ timeout: 60_000 });
  await expect(app).toHaveAttribute('href', `acestream://${CLEAN}`);
  await expect(page.getByRole('link', { name: 'Open in a new window' })).toHaveAttribute('href', `/play/${CLEAN}?bare=1`);
  await expect(page.getByRole('listitem').filter({ hasText: 'Install the Ace Stream app' })).toBeVisible();
  await expect(page.getByText(/Trying again in \d+\ss/)).toBeVisible();
  const frozen = await look(page);

  await demo.start();

  await expect(app).toBeHidden({ timeout: 40_000 });
  await plays(page);
  await moves(page, 2);
  expect(await look(page)).not.toBe(frozen);
});

test('a page opened while the server is down starts when it comes', async ({ page, demo }) => {
  await page.goto('/');
  await expect(page.getByRole('option')).toHaveCount(3);
  await demo.stop();

  await page.getByRole('option', { name: 'Demo: clean' }).click();
  await expect(page.getByRole('heading', { name: 'Can’t reach the server' })).toBeVisible();

  await demo.start();
  await page.getByRole('button', { name: 'Try again now' }).click();
  await plays(page);
});

test('the ID can be copied on a home network, where browsers have no clipboard API', async ({ page, demo }) => {
  await page.goto(`${demo.url.replace('127.0.0.1', 'tv.lan')}/`);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await expect(page.getByRole('option')).toHaveCount(3);
  await demo.stop();
  await page.getByRole('option', { name: 'Demo: clean' }).click();

  await page.getByRole('button', { name: 'Copy the content ID' }).click();

  await expect(page.getByText(/^(Copied|Copying isn’t allowed)/)).toBeVisible();
  expect(await page.evaluate(() => String(getSelection()))).toBe(CLEAN);
});
