import { expect, type Page } from '@playwright/test';
import { Firefox } from './firefox.ts';
import { LAB, test, type Lab } from './lab.ts';

// hls.js in both browsers, on one channel, through all that can be survived.
test.use({ engine: '3.2.3', settings: { ACEHLS_LIVE__SILENCE_TIMEOUT: '5s', ACEHLS_LIVE__RECONNECT_DELAY: '100ms', ACEHLS_LIVE__RECONNECT_DELAY_MAX: '1s' } });

/** A browser's picture: media time, and how many frames it has decoded. */
interface Picture {
  time: number;
  frames: number;
}

interface Watching {
  name: string;
  picture: () => Promise<Picture>;
}

const PICTURE = `(() => {
  const video = document.querySelector('video');
  return { time: video?.currentTime ?? 0, frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0 };
})()`;

const inChromium = (page: Page): Watching => ({ name: 'Chromium', picture: () => page.evaluate(PICTURE) });

const inFirefox = (firefox: Firefox): Watching => ({
  name: 'Firefox',
  picture: async () => {
    const picture = Object(await firefox.evaluate(PICTURE));
    return { time: Number(picture.time), frames: Number(picture.frames) };
  },
});

/** Waits until everybody's picture has moved on by so many seconds, in time and in frames. */
async function play(everybody: Watching[], seconds: number): Promise<void> {
  const move = async ({ name, picture }: Watching) => {
    let [last, time, frames] = [await picture(), 0, 0];
    const moved = async () => {
      const now = await picture();
      // A player that is attached anew begins at nothing.
      time += Math.max(0, now.time - last.time);
      frames += Math.max(0, now.frames - last.frames);
      last = now;
      return Math.min(time, frames / 25);
    };
    // A tenth of the frames may be lost: those that were damaged, and what a busy machine drops.
    await expect.poll(moved, { message: `${name} plays on`, timeout: 60_000 }).toBeGreaterThan(seconds * 0.9);
  };
  await Promise.all(everybody.map(move));
}

/** Lets something happen, and waits until the server has counted it. */
async function happens(lab: Lab, counter: string, what: () => Promise<unknown>): Promise<void> {
  const count = async (): Promise<number> => (await (await fetch(`${lab.url}/api/streams/${LAB}`)).json()).errors[counter];
  const before = await count();
  await what();
  await expect.poll(count, { timeout: 30_000 }).toBeGreaterThan(before);
}

async function ask(url: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

test('hls.js plays on in Chromium and in Firefox, whatever fault comes', async ({ page, lab }) => {
  test.setTimeout(400_000);
  const firefox = Firefox.isHere ? await Firefox.start() : null;
  if (firefox === null) process.stdout.write('NOTICE: Firefox is left out, there is no firefox-esr here\n');
  const everybody = [inChromium(page), ...(firefox === null ? [] : [inFirefox(firefox)])];
  const set = (fault: string) => ask(`${lab.engine}/fake/fault?id=${LAB}&fault=${encodeURIComponent(fault)}`);
  const counted: [string, string][] = [
    ['reset@0s', 'cuts'],
    ['eof@0s', 'cuts'],
    ['silence@0s', 'silences'],
    ['restart@0s', 'cuts'],
    ['cc@1s', 'continuity_errors'],
    ['garbage@1s', 'skipped_bytes'],
    ['loop@2s:5s', 'continuity_errors'],
  ];
  try {
    await Promise.all([page.goto(`/play/${LAB}`), firefox?.goto(`${lab.url}/play/${LAB}`)]);
    await play(everybody, 30);

    for (const [fault, counter] of counted) {
      await test.step(fault, async () => {
        await happens(lab, counter, () => set(fault));
        await set('none');
        await play(everybody, 3);
      });
    }
    await test.step('session replaced', async () => {
      const other = `${lab.engine}/ace/getstream?id=${LAB}&format=json&pid=another`;
      await happens(lab, 'reconnects', () => ask(other));
      await play(everybody, 3);
    });
    for (const fault of ['jump@0s:+3600s', 'jump@0s:-5s', 'no-psi@0s:5s', 'bitrate@0s:2', 'hang']) {
      await test.step(fault, async () => {
        await set(fault);
        await play(everybody, 6);
      });
    }
    await set('none');
    // More than is held back: all that happened was met.
    await play(everybody, 14);
  } finally {
    await firefox?.stop();
  }
});
