import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { CLEAN, test } from './demo.ts';
import { plays } from './picture.ts';

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

for (const colorScheme of ['dark', 'light'] as const) {
  test(`no serious fault for assistive technology, ${colorScheme}`, async ({ page, demo }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto('/');
    await expect(page.getByRole('option').first()).toBeVisible();
    expect(await faults(page), 'idle').toEqual([]);

    await page.getByRole('button', { name: 'Settings' }).click();
    expect(await faults(page), 'settings').toEqual([]);
    await page.keyboard.press('Escape');

    await page.goto(`/play/${CLEAN}`);
    await plays(page);
    await page.getByRole('button', { name: 'Pause' }).focus();
    expect(await faults(page), 'playing').toEqual([]);

    await demo.stop();
    await page.getByRole('option', { name: 'Demo: slow' }).click();
    await expect(page.getByRole('heading', { name: 'Can’t reach the server' })).toBeVisible();
    expect(await faults(page), 'server down').toEqual([]);
  });
}

test('the keyboard alone finds a channel, plays it and reaches every control', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('option').first()).toBeVisible();

  await page.keyboard.press('/');
  await page.keyboard.type('clean');
  await page.keyboard.press('Tab'); // past the button that clears the search
  await page.keyboard.press('Tab');
  await expect(page.getByRole('listbox')).toBeFocused();
  await page.keyboard.press('Enter');
  await plays(page);

  await page.getByRole('region', { name: 'Player' }).focus();
  const reached = [];
  for (let i = 0; i < 7; i += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')));
  }
  expect(reached).toEqual(['Position', 'Pause', 'Mute', 'Volume', 'Stop', 'Picture in picture', 'Full screen']);

  await page.keyboard.press('k');
  await expect(page.getByRole('button', { name: 'Play', exact: true }).last()).toBeVisible();
  await page.keyboard.press('m');
  await expect(page.getByRole('button', { name: 'Turn the sound on' })).toBeVisible();
});

test('the page fits a screen of 320 pixels, and a telephone on its side', async ({ page }) => {
  for (const size of [{ width: 320, height: 640 }, { width: 740, height: 360 }]) {
    await page.setViewportSize(size);
    await page.goto('/');
    await expect(page.getByRole('option', { name: 'Demo: clean' })).toBeInViewport();
    await expect(page.getByRole('region', { name: 'Player' })).toBeInViewport();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
  }
});

test('single letters are no shortcuts once they are turned off', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('checkbox', { name: /Single-key shortcuts/ }).uncheck();
  await page.keyboard.press('Escape');

  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).not.toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('the page speaks the reader’s language, and another one when asked', async ({ browser, demo }) => {
  const context = await browser.newContext({ locale: 'fr-CA', baseURL: demo.url });
  const page = await context.newPage();
  await page.goto('/');
  await expect(page.getByRole('region', { name: 'Lecteur' })).toContainText('Choisissez une chaîne pour commencer');
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr');

  await page.getByRole('button', { name: 'Réglages' }).click();
  await page.getByLabel('Langue').selectOption('es');

  await expect(page.getByRole('heading', { name: 'Ajustes' })).toBeVisible();
  await context.close();
});
