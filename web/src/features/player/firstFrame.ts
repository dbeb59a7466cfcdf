import type Hls from 'hls.js';

/** Seconds of media that are enough for most first frames. */
const ENOUGH = 1;
/** Milliseconds. A decoder takes some frames before it gives one, and of few frames a second those are many seconds. */
const PATIENCE = 300;

/**
 * Bring the first frame sooner: what comes after it is loaded after it.
 *
 * To load and take apart all that the server lists takes the time of those who decode and draw the first frame.
 */
export function hurryFirstFrame(hls: Hls, events: typeof Hls.Events, video: HTMLVideoElement): void {
  const { maxMaxBufferLength } = hls.config;
  hls.config.maxMaxBufferLength = ENOUGH;
  const ended = new AbortController();
  const loadOn = () => void (hls.config.maxMaxBufferLength = maxMaxBufferLength);
  video.addEventListener('loadeddata', loadOn, { signal: ended.signal });
  video.addEventListener('loadedmetadata', () => setTimeout(loadOn, PATIENCE), { signal: ended.signal });
  hls.once(events.DESTROYING, () => ended.abort());
}

/**
 * Begin where the first playlist begins, should it list less than is to be held back: hls.js would look for the place that far
 * from the end, in the gaps in front of the media, and wait until it is there.
 */
export function beginEarly(hls: Hls, events: typeof Hls.Events, video: HTMLVideoElement): void {
  const ended = new AbortController();
  hls.once(events.DESTROYING, () => ended.abort());
  hls.once(events.LEVEL_UPDATED, (_, { details }) => {
    const first = details.partList?.find((part) => !part.gap);
    const listed = details.edge - (first?.start ?? details.fragmentStart);
    if (listed >= details.partHoldBack) return;
    hls.targetLatency = listed;
    const holdBack = () => void (hls.targetLatency = details.partHoldBack);
    video.addEventListener('loadeddata', holdBack, { once: true, signal: ended.signal });
  });
}
