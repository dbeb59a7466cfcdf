import { Refused, Unreachable, type Api, type Report } from '~/api/client';
import { Feed } from '~/api/feed';
import { passes, problemOf, type Problem } from '~/api/problem';
import { Bell, backoff, wait } from '~/lib/time';
import { preferences } from '~/platform/preferences';
import { judge, type Supports, browserSupports } from './codecs';
import { endOf, type End } from './ends';
import { ASK_STARTING, untilListed } from './listed';
import { playsNatively, type Gauge, type PlaybackEvent } from './playback';
import { BUFFERS, addresses, type Addresses } from './source';
import { IDLE, changed, readiness, startingPhase, type PlayerState, type Target } from './state';

/** The part of a `Playback` that a session steers. */
export interface Media {
  /** Load what will be played soon, unless that is over before. */
  prepare(url: string, withCredentials: boolean, signal: AbortSignal): void;
  resume(): void;
  reload(): void;
  isMoving(): boolean;
  gauge(): Gauge;
}

/** When the server started the stream, by its clock, and when its first media was there, by ours. */
interface Began {
  at: string | null;
  filling: number | null;
}

/** Milliseconds between questions to the server, besides `ASK_STARTING`. */
const ASK_PLAYING = 2_000;
const ASK_HIDDEN = 10_000;
/** One blip is not an outage. */
const MISSES = 2;
export const MAX_TRIES = 5;
/** After so long a time of playing, what went wrong before is forgotten. */
const STEADY = 30_000;
/** The server says when there is enough to begin with. Should it not, this is as long as media is waited for. */
const PREBUFFER_LIMIT = 20_000;

/**
 * Watching one channel after another: health check, `POST /api/play`, the stream's report until enough
 * is buffered, then the heartbeat; and the way back from whatever goes wrong.
 *
 * Knows nothing of React or hls.js. Holds the one timeline: a new `tune` ends what was before.
 */
export class PlayerSession {
  readonly #api: Api;
  readonly #supports: Supports;
  readonly #listeners = new Set<() => void>();
  /** Rung by the person and by the world outside. */
  readonly #hurry = new Bell();
  /** Rung by the picture, and by those who hurry. */
  readonly #news = new Bell();
  #state: PlayerState = IDLE;
  #watching = new AbortController();
  #media: Media | null = null;
  #tries = 0;
  #steadySince: number | null = null;
  #lost = false;
  #broken: Problem | null = null;
  /** The address that the server gave for what is watched now. */
  #given: string | null = null;
  /** The server has listed enough to begin with. */
  #listed = false;

  constructor(api: Api, supports: Supports = browserSupports) {
    this.#api = api;
    this.#supports = supports;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly now = (): PlayerState => this.#state;

  /** Watch `target` from now on. */
  tune(target: Target): void {
    this.#watching.abort();
    this.#watching = new AbortController();
    this.#tries = 0;
    this.#forget();
    this.#set({ ...IDLE, target, phase: 'checking' });
    const { signal } = this.#watching;
    this.#watch(target, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#fail(problemOf('unknown', String(error)));
    });
  }

  /** Watch nothing. */
  stop = (): void => {
    this.#watching.abort();
    this.#set({ ...IDLE });
  };

  /** Try again now instead of later; after a failure, from the beginning. */
  retry = (): void => {
    const { phase, target, retryAt } = this.#state;
    if (phase === 'failed' && retryAt === null && target !== null) this.tune(target);
    else this.wake();
  };

  /** Something outside says that asking the server is worth it now: the network is back, the page is seen again. */
  wake = (): void => {
    this.#hurry.ring();
    this.#news.ring();
  };

  /** The buffer profile was changed: go on with that one. */
  changeProfile = (): void => {
    if (this.#given === null || this.#state.streamUrl === null) return;
    const streamUrl = this.#addresses(this.#given).played;
    if (streamUrl !== this.#state.streamUrl) this.#set({ streamUrl });
  };

  connect = (media: Media): (() => void) => {
    this.#media = media;
    return () => {
      if (this.#media === media) this.#media = null;
    };
  };

  /** What the picture has in store; null while there is none. */
  gauge(): Gauge | null {
    return this.#media?.isMoving() ? this.#media.gauge() : null;
  }

  /** What happens to the picture. */
  report = (event: PlaybackEvent): void => {
    switch (event.type) {
      case 'moving':
        return this.#moves();
      case 'stalled':
        if (this.#state.phase === 'playing' || this.#state.phase === 'rebuffering') {
          this.#steadySince = null;
          this.#set({ phase: 'rebuffering', percent: Math.round(event.fill * 100) });
        }
        return;
      case 'lost':
        this.#lost = true;
        return this.#news.ring();
      case 'trouble':
        return this.#news.ring();
      case 'broken':
        return this.#breaks(problemOf(event.cause === 'codec' ? 'codec_video' : 'unknown', event.detail, this.#codec()));
      case 'noPicture':
        if (this.#hasVideo()) this.#breaks(problemOf('codec_video', null, this.#codec()));
        return;
      default:
        return; // `muted` and `blocked` are between the picture and the person
    }
  };

  #moves(): void {
    if (this.#state.streamUrl === null) return;
    this.#steadySince ??= Date.now();
    this.#lost = false;
    if (this.#state.phase !== 'fallback') this.#set({ phase: 'playing', percent: 0, attempt: 0 });
  }

  #breaks(problem: Problem): void {
    this.#broken = problem;
    this.#news.ring();
  }

  async #watch(target: Target, signal: AbortSignal): Promise<void> {
    if (target.hash === null) return this.#watchPlain(target, signal);
    for (;;) {
      const end = await this.#once(target.hash, signal);
      if (end.kind === 'problem' && !passes(end.problem)) return this.#fail(end.problem);
      const problem = end.kind === 'problem' ? end.problem : null;
      await this.#beforeNext(problem, signal);
      if (this.#tries > MAX_TRIES && problem === null) return this.#fail(problemOf('source_lost'));
    }
  }

  /** A channel that needs no engine: its own address, played as it is. */
  async #watchPlain(target: Target, signal: AbortSignal): Promise<void> {
    if (target.url === null || !/^https?:.*\.m3u8(\?|#|$)/i.test(target.url)) {
      return this.#fail(problemOf('not_converted'));
    }
    this.#set({ phase: 'starting', streamUrl: target.url });
    for (;;) {
      await this.#news.wait(60_000, signal);
      if (this.#broken !== null) return this.#fail(this.#broken);
      if (this.#lost && !(await this.#again(signal))) return this.#fail(problemOf('source_lost'));
    }
  }

  /** Wait between two tries, saying so: a problem that passes by itself stays on show meanwhile. */
  async #beforeNext(problem: Problem | null, signal: AbortSignal): Promise<void> {
    this.#countTry();
    const pause = Math.max(backoff(this.#tries - 1), (problem?.retryAfter ?? 0) * 1000);
    const retryAt = Date.now() + pause;
    if (problem !== null) this.#set({ phase: 'failed', problem, streamUrl: null, retryAt });
    else if (this.#tries > 1) this.#set({ phase: 'reconnecting', attempt: this.#tries, streamUrl: null, retryAt });
    else return; // the first time, at once
    await this.#hurry.wait(pause, signal);
  }

  /** Once from the health check to an end. */
  async #once(hash: string, signal: AbortSignal): Promise<End> {
    this.#forget();
    try {
      await this.#reach(0, signal);
      this.#set({ phase: 'opening', streamUrl: null, report: null, problem: null, retryAt: null, percent: 0 });
      const play = await this.#api.play(hash, signal);
      if (!play.isEmbed) return await this.#follow(hash, play.streamUrl, signal);
      this.#set({ phase: 'playing', streamUrl: play.streamUrl, isEmbed: true });
      for (;;) await wait(60_000, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused) return { kind: 'problem', problem: error.problem };
      if (error instanceof Unreachable) return { kind: 'unreachable' };
      throw error;
    }
  }

  /** Returns when the server is there. After two misses in a row the page shows the other ways to watch. */
  async #reach(missed: number, signal: AbortSignal): Promise<void> {
    for (let misses = missed; ; ) {
      if (await this.#healthy(signal)) return this.#set({ backendReady: true, retryAt: null });
      misses += 1;
      const pause = misses < MISSES ? 1_000 : backoff(misses - MISSES);
      if (misses >= MISSES) this.#set({ phase: 'fallback', backendReady: false, retryAt: Date.now() + pause });
      await this.#hurry.wait(pause, signal);
    }
  }

  async #healthy(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#api.health(signal);
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async #follow(hash: string, url: string, signal: AbortSignal): Promise<End> {
    const over = new AbortController();
    const feed = new Feed(() => this.#api.events(hash), () => this.#news.ring());
    this.#given = url;
    const going = AbortSignal.any([signal, over.signal]);
    this.#media?.prepare(this.#addresses(url).played, this.#api.withCredentials, going);
    void this.#awaitStart(url, going);
    try {
      return await this.#heed(hash, url, feed, signal);
    } finally {
      over.abort();
      feed.close();
    }
  }

  /** The server holds the first playlist back until there is enough to begin with, or says why there will be none. */
  async #awaitStart(url: string, signal: AbortSignal): Promise<void> {
    try {
      await untilListed(() => this.#api.ready(this.#addresses(url).awaited, signal), this.#hurry, signal);
      this.#listed = true;
      this.#news.ring();
    } catch (error) {
      // That nobody plays it, the report says too, and then it is asked for again.
      if (!signal.aborted && error instanceof Refused && error.problem.code !== 'gone') this.#breaks(error.problem);
    }
  }

  /** Heed what is told of the stream until it ends, or ask: first for progress, then as the heartbeat. */
  async #heed(hash: string, url: string, feed: Feed, signal: AbortSignal): Promise<End> {
    const began: Began = { at: null, filling: null };
    for (let misses = 0; ; ) {
      const told = feed.latest();
      const answer = told === undefined ? await this.#ask(hash, signal) : told;
      if (answer === 'silent') {
        misses += 1;
        if (misses >= MISSES) {
          await this.#reach(misses, signal);
          this.#back();
          misses = 0;
          continue;
        }
      } else {
        misses = 0;
        this.#set({ engineDown: feed.engine === 'down' });
        const end = await this.#hear(answer, url, began, signal);
        if (end !== null) return end;
      }
      if (misses > 0) await wait(ASK_STARTING, signal); // whatever rings: two failures a moment apart are one blip
      else await this.#news.wait(this.#pace(), signal);
    }
  }

  async #ask(hash: string, signal: AbortSignal): Promise<Report | null | 'silent'> {
    try {
      return await this.#api.stream(hash, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Unreachable) return 'silent';
      throw error;
    }
  }

  /** Take in what the server said; an end when there is one. */
  async #hear(
    report: Report | null,
    url: string,
    began: Began,
    signal: AbortSignal,
  ): Promise<End | null> {
    // A start that failed is gone; why, its playlist is about to say.
    if (report === null && this.#state.streamUrl === null) await this.#news.wait(ASK_STARTING, signal);
    if (this.#broken !== null) return { kind: 'problem', problem: this.#broken };
    if (report === null || (began.at !== null && report.startedAt !== began.at)) return { kind: 'gone' };
    began.at = report.startedAt;
    if (report.phase === 'ended' || report.code === 'scrambled') return endOf(report);
    const { video, audio } = judge(report.tracks, this.#supports);
    if (video !== null) return { kind: 'problem', problem: problemOf('codec_video', null, { codec: video }) };
    this.#set({ report, silentCodec: audio });
    if (this.#state.streamUrl === null) {
      if (report.ready > 0) began.filling ??= Date.now();
      this.#fill(report, url, began.filling);
    } else if (this.#lost && report.phase !== 'reconnecting' && !(await this.#again(signal))) {
      return { kind: 'problem', problem: problemOf('source_lost') };
    }
    return null;
  }

  /** Show how far the start is; when enough is ready, give the address to the picture. */
  #fill(report: Report, url: string, filling: number | null): void {
    const waited = filling !== null && Date.now() - filling > PREBUFFER_LIMIT;
    const percent = Math.round(readiness(report, BUFFERS[preferences.now().profile].holdBack) * 100);
    if (this.#listed || waited) this.#set({ phase: 'starting', streamUrl: this.#addresses(url).played, percent: 100 });
    else this.#set({ phase: startingPhase(report), percent });
  }

  /** The picture lost its data while the server is there: begin it anew, five times at most. */
  async #again(signal: AbortSignal): Promise<boolean> {
    this.#countTry();
    if (this.#tries > MAX_TRIES) return false;
    this.#lost = false;
    this.#set({ phase: 'reconnecting', attempt: this.#tries });
    await wait(backoff(this.#tries - 1), signal);
    this.#media?.reload();
    return true;
  }

  #countTry(): void {
    if (this.#steadySince !== null && Date.now() - this.#steadySince > STEADY) this.#tries = 0;
    this.#tries += 1;
    this.#steadySince = null;
  }

  /** The server is there again. Whether it still plays our stream, its next report says. */
  #back(): void {
    if (this.#state.streamUrl === null) this.#set({ phase: 'opening' });
    else if (this.#media?.isMoving()) this.#set({ phase: 'playing' });
    else this.#set({ phase: 'reconnecting', attempt: 1 });
    this.#media?.resume();
    this.#hurry.ring(); // the first playlist may be waited for still
  }

  #pace(): number {
    if (document.hidden) return ASK_HIDDEN;
    return this.#state.phase === 'playing' ? ASK_PLAYING : ASK_STARTING;
  }

  #forget(): void {
    this.#lost = false;
    this.#broken = null;
    this.#steadySince = null;
    this.#given = null;
    this.#listed = false;
  }

  #addresses(url: string): Addresses {
    return addresses(url, preferences.now().profile, playsNatively());
  }

  #hasVideo(): boolean {
    return this.#state.report?.tracks.some((t) => t.kind === 'video') ?? true;
  }

  #codec(): { codec: string } {
    return { codec: this.#state.report?.tracks.find((t) => t.kind === 'video')?.codec.toUpperCase() ?? '' };
  }

  #fail(problem: Problem): void {
    this.#set({ phase: 'failed', problem, streamUrl: null, retryAt: null });
  }

  #set(change: Partial<PlayerState>): void {
    this.#state = changed(this.#state, change, Date.now());
    for (const listener of this.#listeners) listener();
  }
}
