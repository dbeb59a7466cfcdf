import { expect, type Page } from '@playwright/test';

/** What a page noted about its picture since `record`. */
export interface Recording {
  /** Media time of the newest frame shown, in seconds. */
  time: number;
  /** Frames shown. */
  frames: number;
  /** Times the picture waited because it had no more data. */
  starved: number;
  /** The longest the page showed no new frame, in milliseconds. */
  longestGap: number;
}

/** Start noting every frame that the browser shows. */
export function record(page: Page): Promise<void> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video');
    const recording = { time: video.currentTime, frames: 0, starved: 0, longestGap: 0 };
    Object.assign(globalThis, { recording });
    video.addEventListener('waiting', () => {
      const { buffered, currentTime } = video;
      const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
      if (end - currentTime < 0.5) recording.starved += 1; // with data at hand, it was the machine that waited
    });
    let last = performance.now();
    const frame = (now: number, { mediaTime }: { mediaTime: number }) => {
      recording.longestGap = Math.max(recording.longestGap, now - last);
      last = now;
      recording.time = mediaTime;
      recording.frames += 1;
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  });
}

export const recorded = (page: Page): Promise<Recording> =>
  page.evaluate(() => Reflect.get(globalThis, 'recording'));

/** The picture as a person sees it, small enough to compare. */
export function look(page: Page): Promise<string> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext('2d');
    if (video === null || context === null) throw new Error('no picture to look at');
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height).data.join(',');
  });
}

export const timeOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);

/** Waits until the picture has moved on by `seconds`. */
export async function moves(page: Page, seconds: number, timeout = 30_000): Promise<void> {
  const from = await timeOf(page);
  await expect.poll(() => timeOf(page), { timeout }).toBeGreaterThan(from + seconds);
}

/** Waits until there is a picture, and it moves. */
export async function plays(page: Page): Promise<void> {
  await expect.poll(() => timeOf(page), { timeout: 40_000 }).toBeGreaterThan(0.5);
  await moves(page, 0.5);
}
