import { expect, type Page } from '@playwright/test';
import { LAB, test } from './lab.ts';
import { moves, plays, record, recorded } from './picture.ts';

/** Seconds of media ahead of the picture. */
const ahead = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    const last = (video?.buffered.length ?? 0) - 1;
    return video === null || last < 0 ? 0 : video.buffered.end(last) - video.currentTime;
  });

test('a gap of 8 s in the supply is ridden out', async ({ page, lab }) => {
  await page.goto(`/play/${LAB}`);
  await plays(page);
  await expect.poll(() => ahead(page), { timeout: 40_000 }).toBeGreaterThan(9);
  await record(page);

  await lab.supply.gap(8);
  await moves(page, 15);

  expect((await recorded(page)).starved, 'times the picture had no more data').toBe(0);
});

test('a gap longer than the buffer is told, and playback goes on by itself', async ({ page, lab }) => {
  await page.goto(`/play/${LAB}`);
  await plays(page);
  await record(page);

  lab.supply.stop();
  const status = page.getByRole('region', { name: 'Player' }).getByRole('status');
  await expect(status, 'once the buffer is played out').toHaveText(/arriving slowly|needs|stopped sending/, { timeout: 60_000 });
  await lab.supply.gap(3);

  await expect(status).toHaveText('', { timeout: 30_000 });
  await moves(page, 10);
});
