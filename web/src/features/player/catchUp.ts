import type Hls from 'hls.js';

/** In seconds: how late the picture is when it begins to hurry, and when it is in time again. */
const LATE = 0.15;
const IN_TIME = 0.08;
/** In seconds: how early it is when it begins to take its time, and when it has what it should hold back. */
const EARLY = 0.1;
const HELD_BACK = 0.04;
const SLOW = 0.95;
/** Later than this, somebody chose to look back. */
const ELSEWHERE = 6;
/** Seconds of media that it needs ahead of it to hurry. */
const ENOUGH = 0.4;
/** Half a second late is played 15 % faster, which few notice; only who is far behind hears that it hurries. */
const FASTEST = 1.5;

/** How fast a picture should play that now plays at `rate`, is `late` seconds and has `ahead` seconds of media. */
export function rateOf(rate: number, late: number, ahead: number): number {
  if (late < (rate < 1 ? -HELD_BACK : -EARLY)) return SLOW;
  if (ahead < ENOUGH || late > ELSEWHERE || late < (rate > 1 ? IN_TIME : LATE)) return 1;
  return Math.min(FASTEST, 1 + Math.ceil(late * 5) / 20);
}

/**
 * Give latency back by playing faster, where little is held back. A picture that began with less than should be held back
 * plays a little slower until it has that.
 *
 * hls.js does so only with more than a second of media ahead: more than all that a picture has that is a second behind live.
 */
export function catchUp(hls: Hls, events: typeof Hls.Events, video: HTMLVideoElement): void {
  const ended = new AbortController();
  const adjust = () => {
    const { latency, latestLevelDetails: listed, targetLatency: aim } = hls;
    const { buffered, currentTime, playbackRate } = video;
    if (aim === null || listed === null || buffered.length === 0) return;
    const ahead = buffered.end(buffered.length - 1) - currentTime;
    // Each stall has hls.js aim further back: only what the playlist asks for is worth playing slower for.
    const early = Math.min(0, latency - listed.partHoldBack);
    // Of a broadcast that is over, hls.js tells the latency no more.
    const rate = listed.live ? rateOf(playbackRate, Math.max(early, latency - aim), ahead) : 1;
    if (rate !== playbackRate) video.playbackRate = rate;
  };
  video.addEventListener('timeupdate', adjust, { signal: ended.signal });
  hls.once(events.DESTROYING, () => {
    ended.abort();
    video.playbackRate = 1;
  });
}
