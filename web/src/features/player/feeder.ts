import type Hls from 'hls.js';
import type { LevelDetails } from 'hls.js';
import { secondsAhead } from './buffered';

/** After so many milliseconds of supply that a starving picture sees nothing of, the loader is told to look anew. */
const PUSHES = [1_000, 8_000];
/** Seconds of media listed beyond what is loaded: supply is back. */
const SUPPLIED = 1;
/** Seconds by which what the playlist says of times and what the media says may differ. */
const DRIFT = 0.5;

/**
 * Whether hls.js would leave out what follows `end`, in seconds. It takes a segment whose parts it loads for loaded; those
 * that come only when supply is back may be listed no more by then.
 */
export function isPassedOver({ fragments, partList }: LevelDetails, end: number): boolean {
  const isWithin = fragments.some((segment) => segment.start + DRIFT < end && end < segment.end - DRIFT);
  const next = partList?.find((part) => part.end > end);
  return isWithin && next !== undefined && next.start > end + DRIFT;
}

/** Sees to it that a picture which starves gets on when supply is back, and leaves the loader alone until then. */
export class Feeder {
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  #starving: { suppliedAt: number | null; pushes: number } | null = null;
  #mends = false;

  constructor(hls: Hls, events: typeof Hls.Events, video: HTMLVideoElement) {
    this.#hls = hls;
    this.#video = video;
    hls.on(events.LEVEL_UPDATED, (_, { details }) => {
      // Where somebody sought to, nothing was loaded yet of what may be listed no more.
      if (this.#video.seeking || this.#starving?.pushes !== 0 || !isPassedOver(details, this.#end())) return;
      this.#mends = true;
      this.#push(this.#starving);
    });
    hls.on(events.FRAG_BUFFERED, (_, { frag, part }) => {
      if (this.#mends && part === null) this.#mend(frag);
    });
  }

  /** The picture stands still, and still does: to be told every now and then. */
  starves(): void {
    const starving = (this.#starving ??= { suppliedAt: null, pushes: 0 });
    const edge = this.#hls.latestLevelDetails?.edge ?? 0;
    starving.suppliedAt = edge > this.#end() + SUPPLIED ? (starving.suppliedAt ?? Date.now()) : null;
    const supplied = starving.suppliedAt === null ? 0 : Date.now() - starving.suppliedAt;
    if (supplied >= (PUSHES[starving.pushes] ?? Infinity)) this.#push(starving);
  }

  /** The picture moves. */
  isFed(): void {
    this.#starving = null;
  }

  #push(starving: { pushes: number }): void {
    starving.pushes += 1;
    this.#hls.startLoad(-1);
  }

  /** Media that took the place of what is shown is shown only from its next key frame on, or from wherever one seeks to. */
  #mend({ start, end }: { start: number; end: number }): void {
    this.#mends = false;
    const { currentTime } = this.#video;
    if (start <= currentTime && currentTime < end) this.#video.currentTime = currentTime;
  }

  #end(): number {
    return this.#video.currentTime + secondsAhead(this.#video);
  }
}
