import { defineConfig, devices } from '@playwright/test';

// One real server, one real browser, one after the other: what is proved here is the whole path.
export default defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  maxFailures: 3, // what breaks three tests breaks the others too, slowly
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    screenshot: 'only-on-failure', // a trace films all the while, which costs the picture its frames
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--autoplay-policy=no-user-gesture-required',
        // A name as on a home network: plain HTTP, so not a secure origin.
        '--host-resolver-rules=MAP tv.lan 127.0.0.1',
      ],
    },
  },
});
