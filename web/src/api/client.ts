import { list, number, record, shape, text } from '~/lib/json';
import type { Source } from './feed';
import { readProblem, type Problem } from './problem';
import type { components } from './schema.gen';

/** What the server's own description of its API says. */
type Schema = components['schemas'];

/** The server said no, and why. */
export class Refused extends Error {
  override name = 'Refused';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.code);
    this.problem = problem;
  }
}

/** Nothing that could be the server answered. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

export interface Channel {
  name: string;
  logo: string | null;
  id: string | null;
  group: string | null;
  /** The ID to play; null for a channel that is plain HTTP. */
  hash: string | null;
  url: string;
}

export interface Play {
  streamUrl: string;
  isEmbed: boolean;
}

export type StreamPhase = 'resolving' | 'starting' | 'prebuffering' | 'live' | 'reconnecting' | 'ended';

export interface Track {
  codec: string;
  kind: string;
  language: string | null;
}

/** What the server says of a stream. Speeds in bytes a second, `ready` in seconds of media. */
export interface Report {
  phase: StreamPhase;
  code: string | null;
  reason: string | null;
  startedAt: string | null;
  serviceName: string | null;
  tracks: Track[];
  peers: number | null;
  speedDown: number | null;
  speedUp: number | null;
  viewers: number | null;
  /** The media's own bytes a second. */
  bitrate: number | null;
  ready: number;
}

export type EngineNow = 'up' | 'down' | 'unknown';

/** What one event says: of the stream (null when nobody plays it), of the engine. */
export interface Told {
  report?: Report | null;
  engine?: EngineNow;
}

export interface Api {
  readonly base: string;
  /** Whether requests carry a password or cookies even where the server has another origin than this page. */
  readonly withCredentials: boolean;
  /** Throws `Unreachable` unless the server answers within 4 s. */
  health(signal: AbortSignal): Promise<void>;
  play(hash: string, signal: AbortSignal): Promise<Play>;
  /** Waits for the first segment of a stream; throws why there is none, as soon as the server knows. */
  ready(streamUrl: string, signal: AbortSignal): Promise<void>;
  /** What becomes of a stream, as events; null where the browser has none. */
  events(hash: string): Source | null;
  /** Null when nobody plays it. */
  stream(hash: string, signal: AbortSignal): Promise<Report | null>;
  playlists(signal: AbortSignal): Promise<string[]>;
  channels(playlist: string, signal: AbortSignal): Promise<Channel[]>;
}

/** Time limits, in milliseconds. Playing may have to wait for the engine's own answer. */
const LIMIT = { health: 4_000, play: 45_000, ready: 60_000, stream: 5_000, list: 30_000 };

/**
 * The server at `base` ('' is the one this page came from).
 *
 * `withCredentials` is for a server of another origin with a password, whose `http.allowed_origins` names this
 * page's. It must be asked for: browsers refuse the answers of a server that lets any page in.
 */
export function createApi(base: string, withCredentials = false): Api {
  const request = requests(withCredentials ? 'include' : 'same-origin');
  const get = (path: string, limit: number, signal: AbortSignal) => request(`${base}${path}`, limit, signal);
  return {
    base,
    withCredentials,
    async health(signal) {
      const answer = shape<Schema['Health']>(await get('/health', LIMIT.health, signal));
      if (text(answer.status) === null) throw new Unreachable('the answer to /health is not the server’s');
    },
    async play(hash, signal) {
      const asked: Schema['Play'] = { hash };
      const body = JSON.stringify(asked);
      const headers = { 'Content-Type': 'application/json' };
      return readPlay(await request(`${base}/api/play`, LIMIT.play, signal, { method: 'POST', headers, body }), base);
    },
    async ready(streamUrl, signal) {
      await request(streamUrl, LIMIT.ready, signal);
    },
    events(hash) {
      if (!('EventSource' in globalThis)) return null;
      return new EventSource(`${base}/api/events?streams=${encodeURIComponent(hash)}`, { withCredentials });
    },
    async stream(hash, signal) {
      try {
        return readReport(await get(`/api/streams/${encodeURIComponent(hash)}`, LIMIT.stream, signal));
      } catch (error) {
        if (error instanceof Refused && error.problem.status === 404) return null;
        throw error;
      }
    },
    async playlists(signal) {
      const answer = shape<Schema['Playlists']>(await get('/api/playlists', LIMIT.list, signal));
      return list(answer.playlists).flatMap((p) => text(shape<Schema['Playlist']>(p).name) ?? []);
    },
    async channels(playlist, signal) {
      const path = `/api/playlists/${encodeURIComponent(playlist)}/channels`;
      const answer = shape<Schema['Channels']>(await get(path, LIMIT.list, signal));
      return list(answer.channels).map(readChannel);
    },
  };
}

type Request = (url: string, limit: number, signal: AbortSignal, init?: RequestInit) => Promise<unknown>;

const requests = (credentials: RequestCredentials): Request => async (url, limit, signal, init) => {
  const both = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
  const asked = fetch(url, { ...init, credentials, signal: both, cache: 'no-store' });
  const response = await asked.catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Unreachable(String(error));
  });
  const body: unknown = await response.json().catch(() => null);
  signal.throwIfAborted();
  if (response.ok) return body;
  const problem = readProblem(response.status, body, response.headers.get('Retry-After'));
  // A proxy in front answers for a server that is down: 502 and 504 without a problem of ours.
  if (problem.type === null && response.status >= 502) throw new Unreachable(`status ${response.status}`);
  throw new Refused(problem);
};

function readPlay(body: unknown, base: string): Play {
  const answer = shape<Schema['Playing']>(body);
  const streamUrl = text(answer.stream_url) ?? text(answer.hls_url);
  if (streamUrl === null) throw new Unreachable('the answer to /api/play has no stream_url');
  const isEmbed = answer.type === 'embed';
  return { streamUrl: isEmbed ? streamUrl : asReached(streamUrl, base), isEmbed };
}

/** The address of a stream as this page reaches the server: a TLS proxy in front may not have told the server of itself. */
function asReached(streamUrl: string, base: string): string {
  const server = new URL(base, location.href);
  const stream = new URL(streamUrl, server);
  return stream.host === server.host ? `${server.origin}${stream.pathname}${stream.search}` : stream.href;
}

function readChannel(value: unknown): Channel {
  const c = shape<Schema['Channel']>(value);
  return {
    name: text(c.name) ?? '',
    logo: text(c.logo),
    id: text(c.id),
    group: text(c.group),
    hash: text(c.acestream_hash),
    url: text(c.original_url) ?? '',
  };
}

const PHASES: StreamPhase[] = ['resolving', 'starting', 'prebuffering', 'live', 'reconnecting', 'ended'];

/** A message of `GET /api/events?streams={hash}`. */
export function readEvent(data: string): Told {
  const event = record(parsed(data));
  if (event['type'] === 'stream') return { report: readReport(event) };
  if (event['type'] === 'engine') return { engine: readEngine(event) };
  if (event['type'] !== 'state') return {};
  const [stream] = list(event['streams']);
  return { report: stream === undefined ? null : readReport(stream), engine: readEngine(event['engine']) };
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function readEngine(value: unknown): EngineNow {
  const state = text(record(value)['state']);
  return state === 'up' || state === 'down' ? state : 'unknown';
}

/** A report, or what an event says of a stream: that has its seconds of media in `ready_s`. */
function readReport(body: unknown): Report {
  const r = record(body);
  const window = record(r['window']);
  const bits = number(r['bitrate_bps']);
  return {
    phase: PHASES.find((p) => p === r['phase']) ?? 'starting',
    code: text(r['code']),
    reason: text(r['reason']),
    startedAt: text(r['started_at']),
    serviceName: text(r['service_name']),
    tracks: list(r['tracks']).map(readTrack),
    peers: number(r['peers']),
    speedDown: number(r['speed_down_bytes']),
    speedUp: number(r['speed_up_bytes']),
    viewers: number(r['viewers']),
    bitrate: bits === null ? null : bits / 8,
    ready: number(r['ready_s']) ?? number(window['duration_s']) ?? 0,
  };
}

function readTrack(value: unknown): Track {
  const t = record(value);
  return { codec: text(t['codec']) ?? '', kind: text(t['kind']) ?? '', language: text(t['language']) };
}
