// A viewer in Chromium, for `make bench`: opens a channel's page, says `playing` on standard error once its picture moves, looks at
// it for a while, and prints what it saw as one line of JSON.
//
//   node bench/watch.ts URL PROFILE SETTLE_SECONDS SECONDS

import { chromium, type Page } from '@playwright/test';
import config from '../e2e/playwright.config.ts';

/** What is noted of the picture, in milliseconds. */
interface Seen {
  /** When the page sent its `POST /api/play`, since 1970. */
  posted: number;
  /** From the page's `POST /api/play` until its first frame was shown. */
  start: number;
  /** For each frame: the wall clock less the clock that its PTS carries. Empty where the PTS is no wall clock. */
  latencies: number[];
  /** How long the picture stood still, each time that it did for longer than a fifth of a second. */
  frozen: number[];
  frames: number;
}

const [url = '', profile = 'balanced', settle = '0', seconds = '0'] = process.argv.slice(2);

/** Runs in the page before anything of it does: hears from hls.js' worker which PTS media time 0 is, and notes every frame. */
function note(chosen: string): void {
  localStorage.setItem('acehls', JSON.stringify({ profile: chosen, muted: true }));
  const seen = { epoch: NaN, first: NaN, frames: [] as { at: number; mediaTime: number }[] };
  Object.assign(globalThis, { seen });
  globalThis.Worker = class extends Worker {
    constructor(script: string | URL, options?: WorkerOptions) {
      super(script, options);
      this.addEventListener('message', ({ data }) => {
        const found = data?.data?.remuxResult?.initSegment;
        if (typeof found?.initPTS === 'number') seen.epoch = found.initPTS / found.timescale;
      });
    }
  };
  const watch = (video: HTMLVideoElement) => {
    const frame = (_: number, { expectedDisplayTime, mediaTime }: VideoFrameCallbackMetadata) => {
      seen.frames.push({ at: expectedDisplayTime, mediaTime });
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  };
  const known = new WeakSet<Element>();
  new MutationObserver(() => {
    for (const video of document.querySelectorAll('video')) {
      if (!known.has(video)) watch(video);
      known.add(video);
    }
  }).observe(document, { childList: true, subtree: true });
}

/** Frames shown so far. */
const count = (page: Page): Promise<number> => page.evaluate(() => Reflect.get(globalThis, 'seen').frames.length);

/** What was noted of the frames from number `first` on. */
function summary(page: Page, first: number): Promise<Seen> {
  return page.evaluate((begin) => {
    const seen: { epoch: number; frames: { at: number; mediaTime: number }[] } = Reflect.get(globalThis, 'seen');
    const posted = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/api/play'));
    const wrap = 2 ** 33 / 90; // a PTS has 33 bits of 1/90 ms
    const behind = ({ at, mediaTime }: { at: number; mediaTime: number }) =>
      (((performance.timeOrigin + at - (seen.epoch + mediaTime) * 1000) % wrap) + wrap) % wrap;
    const frames = seen.frames.slice(begin);
    const now = performance.now();
    const gaps = [...frames, { at: now }].slice(1).map(({ at }, n) => at - (frames[n]?.at ?? at));
    return {
      posted: performance.timeOrigin + (posted?.startTime ?? NaN),
      start: (seen.frames[0]?.at ?? NaN) - (posted?.startTime ?? NaN),
      latencies: frames.map(behind).filter((ms) => ms < 60_000),
      frozen: gaps.filter((gap) => gap > 200),
      frames: frames.length,
    };
  }, first);
}

const browser = await chromium.launch(config.use?.launchOptions);
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(note, profile);
  await page.goto(url);
  await page.waitForFunction(() => Reflect.get(globalThis, 'seen').frames.length > 5, undefined, { timeout: 60_000 });
  await page.waitForTimeout(Number(settle) * 1000);
  process.stderr.write('playing\n');
  const from = Number(settle) > 0 ? await count(page) : 0;
  await page.waitForTimeout(Number(seconds) * 1000);
  process.stdout.write(`${JSON.stringify(await summary(page, from))}\n`);
} finally {
  await browser.close();
}
