import { expect } from '@playwright/test';
import { test } from './demo.ts';
import { plays } from './picture.ts';

test('the start is told by events: peers, then how full the buffer is', async ({ page, demo }) => {
  const asked = { events: 0, reports: 0 };
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname === '/api/events') asked.events += 1;
    if (pathname.startsWith('/api/streams/')) asked.reports += 1;
  });
  await page.goto(demo.url);

  await page.getByRole('option', { name: 'Demo: slow' }).click();
  const status = page.getByRole('region', { name: 'Player' }).getByRole('status');
  await expect(status).toHaveText(/peers? found/);
  await plays(page);

  expect(asked.events).toBe(1);
  expect(asked.reports, 'only before the first event').toBeLessThanOrEqual(2);
  await expect(page.getByRole('region', { name: 'Stream health' })).toContainText('Peers');
});
