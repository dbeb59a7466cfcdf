import type Hls from 'hls.js';
import type { ErrorData } from 'hls.js';
import { dropPlayed } from './backBuffer';
import { secondsAhead } from './buffered';
import { catchUp } from './catchUp';
import { Feeder } from './feeder';
import { beginEarly, hurryFirstFrame } from './firstFrame';
import { hlsConfig, keptBehind } from './hlsConfig';
import { profileOf } from './source';

/** What happens to the picture, for those who decide what to do about it. */
export type PlaybackEvent =
  /** The picture moves. */
  | { type: 'moving' }
  /** It has stood still for a second or more; `fill` (0 to 1) is how much of what it takes to go on is there. */
  | { type: 'stalled'; fill: number }
  /** A request got no answer at all: a reason to ask whether the server is there. */
  | { type: 'trouble' }
  /** No more data comes; `status` is what the server said, null if nothing. */
  | { type: 'lost'; status: number | null }
  /** This browser cannot play it, and trying again will not help. */
  | { type: 'broken'; cause: 'codec' | 'media'; detail: string }
  /** It plays, but there is no picture in it. */
  | { type: 'noPicture' }
  /** The browser lets it play only without sound, or only after a tap. */
  | { type: 'muted' }
  | { type: 'blocked' };

/** Milliseconds, except `RESUME_S`. */
const STALL_SHOWN = 1_000;
const STALL_LOST = 15_000;
/** The server may hold the first playlist back for 20 s. */
const START_LOST = 30_000;
const RECOVER_EVERY = 5_000;
const FORGIVEN_AFTER = 10_000;
const NO_PICTURE_AFTER = 4_000;
const STRIKES = 3;
/** Seconds of media after which a stalled picture goes on. */
const RESUME_S = 4;

/** What the picture has in store, in seconds. */
export interface Gauge {
  /** Of media ahead of it. */
  ahead: number;
  /** From it to the live edge. */
  behind: number | null;
  /** How far behind live it should be, as far as that is known. */
  aim: number | null;
}

type Engine = { Hls: typeof Hls; workerPath: string };

/** The worker's script on its way into the browser's store. */
let store: Promise<unknown> | undefined;

/** hls.js and its worker, loaded once, apart from the page. */
export async function loadEngine(): Promise<Engine> {
  const [{ default: Constructor }, { default: workerPath }] = await Promise.all([
    import('hls.js'),
    import('hls.js/dist/hls.worker.js?url'),
  ]);
  // hls.js asks for it just when the first media comes: in the browser's store by then, it costs no time.
  store ??= fetch(workerPath).then((it) => it.arrayBuffer()).catch(() => undefined);
  return { Hls: Constructor, workerPath };
}

/**
 * A stream in a `<video>` element, with hls.js or, where that cannot run, with the browser's own HLS.
 *
 * It climbs the recovery ladder as far as the element reaches; whatever needs the server is reported
 * and left to the listener. Three strikes, never a loop.
 */
export class Playback {
  readonly #video: HTMLVideoElement;
  readonly #still: HTMLCanvasElement;
  readonly #report: (event: PlaybackEvent) => void;
  readonly #load: () => Promise<Engine>;
  readonly #ended = new AbortController();
  #hls: Hls | null = null;
  #feeder: Feeder | null = null;
  #url: string | null = null;
  #withCredentials = false;
  /** What is loaded was prepared, and is not attached yet. */
  #prepares = false;
  #attempt = 0;
  #strikes = 0;
  #struckAt = -Infinity;
  #recoveredAt = -Infinity;
  #movingSince: number | null = null;
  #stall: { since: number; at: number; lost: boolean; timer: ReturnType<typeof setInterval> } | null = null;
  #startTimer: ReturnType<typeof setTimeout> | undefined;
  #pictureTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    video: HTMLVideoElement,
    still: HTMLCanvasElement,
    report: (event: PlaybackEvent) => void,
    load: () => Promise<Engine> = loadEngine,
  ) {
    this.#video = video;
    this.#still = still;
    this.#report = report;
    this.#load = load;
    const on = (type: string, listener: () => void) =>
      video.addEventListener(type, listener, { signal: this.#ended.signal });
    on('waiting', () => this.#waits());
    on('playing', () => this.#moves());
    on('timeupdate', () => this.#stall && video.currentTime > this.#stall.at + 0.1 && this.#moves());
    on('pause', () => this.#unstall());
    on('error', () => this.#nativeError());
  }

  /**
   * Play `url` from here on, sending a password to another origin if `withCredentials`. The picture before it
   * stays, frozen, until the first one of it.
   */
  attach(url: string, withCredentials = false): void {
    const isPrepared = this.#prepares && url === this.#url && withCredentials === this.#withCredentials;
    this.#prepares = false;
    if (!isPrepared) this.#open(url, withCredentials);
    else if (this.#hls !== null) this.#begin();
  }

  /**
   * Load `url`, which is to be attached once the server lists enough of it: its media is then on the way already.
   * What goes wrong meanwhile counts for nothing, and when `signal` is aborted before, this is over.
   */
  prepare(url: string, withCredentials: boolean, signal: AbortSignal): void {
    if (this.#url !== null || playsNatively()) return;
    this.#prepares = true;
    this.#open(url, withCredentials);
    signal.addEventListener('abort', () => this.#dropPrepared());
  }

  #open(url: string, withCredentials: boolean): void {
    this.#url = url;
    this.#withCredentials = withCredentials;
    this.#strikes = 0;
    void this.#start();
  }

  #dropPrepared(): void {
    if (this.#prepares) this.detach(true);
  }

  /** Play nothing; `keep` leaves the last picture standing. */
  detach(keep: boolean): void {
    this.#url = null;
    this.#stop();
    if (!keep) this.#still.hidden = true;
  }

  /** Load on where it stopped. */
  resume(): void {
    this.#hls?.startLoad(-1);
    if (this.isMoving()) this.#report({ type: 'moving' });
  }

  /** Begin anew with the same address. */
  reload(): void {
    if (this.#url !== null) void this.#start();
  }

  isMoving(): boolean {
    return this.#movingSince !== null && this.#stall === null && !this.#video.ended;
  }

  gauge(): Gauge {
    return { ahead: secondsAhead(this.#video), behind: this.#behind(), aim: this.#hls?.targetLatency ?? null };
  }

  #behind(): number | null {
    const latency = this.#hls?.latency;
    if (latency !== undefined && latency > 0) return latency;
    const { seekable, currentTime } = this.#video;
    return seekable.length > 0 ? Math.max(0, seekable.end(seekable.length - 1) - currentTime) : null;
  }

  /** Jump to where live playback belongs: not the very edge, where there is nothing to hold it. */
  goLive(): void {
    const { seekable } = this.#video;
    const edge = seekable.length > 0 ? seekable.end(seekable.length - 1) : null;
    const place = this.#hls?.liveSyncPosition ?? (edge === null ? null : edge - 8);
    if (place !== null) this.#video.currentTime = Math.max(place, 0);
    void this.play();
  }

  /** Start the picture. A browser that allows it only silently gets it silently. */
  async play(): Promise<void> {
    try {
      await this.#video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      if (this.#video.muted) return this.#report({ type: 'blocked' });
      this.#video.muted = true;
      await this.#video.play().then(
        () => this.#report({ type: 'muted' }),
        () => this.#report({ type: 'blocked' }),
      );
    }
  }

  destroy(): void {
    this.detach(false);
    this.#ended.abort();
  }

  async #start(): Promise<void> {
    this.#stop();
    const attempt = this.#attempt;
    const url = this.#url;
    if (url === null) return;
    const engine = playsNatively() ? null : await this.#load().catch(() => null);
    if (attempt !== this.#attempt) return; // another one began while the script was loading
    // hls.js first: Chromium says "maybe" to HLS and then fails on some streams.
    if (engine?.Hls.isSupported()) this.#startHls(engine, url);
    else if (this.#prepares) return this.#dropPrepared();
    else if (this.#video.canPlayType('application/vnd.apple.mpegurl') !== '') this.#video.src = url;
    else return this.#report({ type: 'broken', cause: 'media', detail: engine ? 'no MSE, no HLS' : 'hls.js did not load' });
    if (!this.#prepares) this.#begin();
  }

  #begin(): void {
    this.#startTimer = setTimeout(() => {
      if (!this.#video.paused) this.#report({ type: 'lost', status: null });
    }, START_LOST);
    void this.play();
  }

  #startHls({ Hls: Constructor, workerPath }: Engine, url: string): void {
    const small = matchMedia('(pointer: coarse)').matches;
    const wishes = { profile: profileOf(url), small, withCredentials: this.#withCredentials };
    const hls = new Constructor(hlsConfig(workerPath, wishes));
    this.#hls = hls;
    hls.on(Constructor.Events.ERROR, (_, data) => {
      if (hls === this.#hls) this.#hlsError(data);
    });
    hurryFirstFrame(hls, Constructor.Events, this.#video);
    dropPlayed(hls, Constructor.Events, this.#video, keptBehind(small));
    this.#feeder = new Feeder(hls, Constructor.Events, this.#video);
    if (wishes.profile === 'fast') {
      beginEarly(hls, Constructor.Events, this.#video);
      catchUp(hls, Constructor.Events, this.#video);
    }
    hls.attachMedia(this.#video);
    hls.loadSource(url);
  }

  #stop(): void {
    this.#attempt += 1;
    if (this.#movingSince !== null) {
      freeze(this.#video, this.#still);
      this.#report({ type: 'stalled', fill: 0 });
    }
    this.#movingSince = null;
    this.#unstall();
    clearTimeout(this.#startTimer);
    clearTimeout(this.#pictureTimer);
    this.#hls?.destroy();
    this.#hls = null;
    this.#feeder = null;
    if (this.#video.hasAttribute('src')) {
      this.#video.removeAttribute('src');
      this.#video.load();
    }
  }

  #moves(): void {
    this.#unstall();
    this.#still.hidden = true;
    this.#movingSince ??= Date.now();
    clearTimeout(this.#startTimer);
    clearTimeout(this.#pictureTimer);
    this.#pictureTimer = setTimeout(() => {
      if (this.#video.videoWidth === 0 && this.isMoving()) this.#report({ type: 'noPicture' });
    }, NO_PICTURE_AFTER);
    this.#report({ type: 'moving' });
  }

  #waits(): void {
    if (this.#stall !== null || this.#movingSince === null) return;
    const timer = setInterval(() => this.#stalls(), 500);
    this.#feeder?.starves();
    this.#stall = { since: Date.now(), at: this.#video.currentTime, lost: false, timer };
  }

  /** The rungs that time alone decides: say so, see to the loader, give up on this attempt. */
  #stalls(): void {
    const stall = this.#stall;
    if (stall === null || this.#video.paused) return;
    const still = Date.now() - stall.since;
    if (still >= STALL_SHOWN) this.#report({ type: 'stalled', fill: Math.min(1, secondsAhead(this.#video) / RESUME_S) });
    this.#feeder?.starves();
    if (still >= STALL_LOST && !stall.lost) {
      stall.lost = true;
      this.#report({ type: 'lost', status: null });
    }
  }

  #unstall(): void {
    clearInterval(this.#stall?.timer);
    this.#stall = null;
    this.#feeder?.isFed();
  }

  #hlsError(data: ErrorData): void {
    if (this.#prepares) return this.#dropPrepared();
    const status = data.response?.code || null;
    if (data.type === 'networkError') {
      if (data.fatal) this.#report({ type: 'lost', status });
      else if (status === null || status >= 500) this.#report({ type: 'trouble' });
    } else if (data.details === 'mediaSourceRequiresReset' && !data.fatal) {
      // hls.js has attached anew by itself; but what the browser cannot decode, it also pauses.
      if (!this.#isOut(data.details)) void this.play();
    } else if (data.fatal) {
      if (/codec/i.test(data.details)) this.#report({ type: 'broken', cause: 'codec', detail: data.details });
      else this.#strike(data.type === 'mediaError', data.details);
    }
  }

  #nativeError(): void {
    const error = this.#video.error;
    if (this.#hls !== null || error === null) return;
    if (error.code === MediaError.MEDIA_ERR_NETWORK) this.#report({ type: 'lost', status: null });
    else this.#strike(false, error.message);
  }

  /** A damaged stream: repair, then begin anew, then say that it does not work. */
  #strike(repairable: boolean, detail: string): void {
    if (this.#isOut(detail)) return;
    if (repairable && this.#struckAt - this.#recoveredAt > RECOVER_EVERY) {
      this.#recoveredAt = this.#struckAt;
      this.#hls?.recoverMediaError();
      void this.play();
    } else {
      this.reload();
    }
  }

  /** Counts one more fault of the media; whether they are too many, which is told then. */
  #isOut(detail: string): boolean {
    const now = Date.now();
    if (this.#movingSince !== null && now - Math.max(this.#movingSince, this.#struckAt) > FORGIVEN_AFTER) this.#strikes = 0;
    this.#struckAt = now;
    this.#strikes += 1;
    if (this.#strikes < STRIKES) return false;
    this.#report({ type: 'broken', cause: 'media', detail });
    return true;
  }
}

/** Apple's mobile devices play HLS themselves, and give AirPlay and real full screen with it. */
export function playsNatively(): boolean {
  const managedOnly = !('MediaSource' in globalThis) && 'ManagedMediaSource' in globalThis;
  const apple = /iPad|iPhone|iPod/.test(navigator.userAgent);
  return (managedOnly || apple) && document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '';
}

/** Leaves the picture of the moment standing on `still`. */
function freeze(video: HTMLVideoElement, still: HTMLCanvasElement): void {
  if (video.videoWidth === 0) return;
  still.width = video.videoWidth;
  still.height = video.videoHeight;
  still.getContext('2d')?.drawImage(video, 0, 0);
  still.hidden = false;
}
