import { backoff } from '~/lib/time';
import { readEvent, type EngineNow, type Report } from './client';

/** Without a word for so long, who listens had better ask: what plays changes every second. Milliseconds. */
const FRESH = 5_000;

/** The part of an `EventSource` that a feed needs. */
export interface Source extends EventTarget {
  close(): void;
}

/**
 * What the server tells of one stream by `GET /api/events`: the newest, and whether that can be relied on.
 *
 * A page that nobody sees holds no connection: browsers allow a server six, for all its tabs together.
 */
export class Feed {
  readonly #open: () => Source | null;
  readonly #ring: () => void;
  readonly #ended = new AbortController();
  #source: Source | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #told: { report: Report | null; at: number } | null = null;
  /** What was last heard of the engine. */
  engine: EngineNow = 'unknown';

  /** `ring` is called when there is something new, or the connection broke. */
  constructor(open: () => Source | null, ring: () => void) {
    this.#open = open;
    this.#ring = ring;
    document.addEventListener('visibilitychange', this.#seen, { signal: this.#ended.signal });
    this.#seen();
  }

  /** The stream as it is, null when nobody plays it; undefined when the server has to be asked. */
  latest(): Report | null | undefined {
    if (this.#told === null || Date.now() - this.#told.at > FRESH) return undefined;
    return this.#told.report;
  }

  close(): void {
    this.#ended.abort();
    this.#drop();
  }

  readonly #seen = (): void => {
    this.#drop();
    if (!document.hidden) this.#connect();
  };

  #connect(): void {
    const source = this.#open();
    this.#source = source;
    if (source === null) return;
    source.addEventListener('message', (event) => {
      if (source === this.#source && event instanceof MessageEvent) this.#hear(String(event.data));
    });
    source.addEventListener('error', () => {
      if (source === this.#source) this.#broke();
    });
  }

  #hear(data: string): void {
    const event = readEvent(data);
    this.#tries = 0;
    if (event.engine !== undefined) this.engine = event.engine;
    if (event.report !== undefined) this.#told = { report: event.report, at: Date.now() };
    this.#ring();
  }

  /** What a browser does by itself it does not do after an answer that is an error, and at one pace. */
  #broke(): void {
    this.#drop();
    this.#timer = setTimeout(() => this.#connect(), backoff(this.#tries));
    this.#tries += 1;
    this.#ring();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#told = null;
    this.engine = 'unknown';
  }
}
