import type { MessageKey, Values } from '~/i18n/text';
import { number, shape, text } from '~/lib/json';
import type { components } from './schema.gen';

/** An RFC 9457 problem: why the server did not do what it was asked. */
export interface Problem {
  status: number;
  /** The slug of `type`, such as "stream-limit"; null when the answer was no problem of ours. */
  type: string | null;
  /** Stable, for programs: `no_peers`, `engine_down`, `bad_content` … */
  code: string;
  detail: string | null;
  /** Seconds until it makes sense to ask again. */
  retryAfter: number | null;
  values: Values;
}

/** A sentence and a way on: the text of an error card. */
export interface Sentence {
  title: MessageKey;
  body: MessageKey;
  values: Values;
}

/** What each problem type means where the server gave no `code`. */
const CODE_OF_TYPE: Record<string, string> = {
  'invalid-request': 'bad_request',
  'stream-not-found': 'gone',
  'engine-refused': 'bad_content',
  'source-failed': 'source_lost',
  'stream-starting': 'stream_starting',
  'stream-limit': 'limit',
  'engine-unreachable': 'engine_down',
  'engine-timeout': 'engine_timeout',
  'engine-unexpected': 'engine_unexpected',
  'no-media': 'no_media',
  unauthorized: 'password',
  'no-peers': 'no_peers',
  'storage-timeout': 'storage_timeout',
  'shutting-down': 'shutting_down',
};

/** Limits have one code for all; which one it is, the type says. That as many wait as may passes like a start does. */
const CODE_OF_LIMIT: Record<string, string> = {
  'viewer-limit': 'viewer_limit',
  'waiting-limit': 'stream_starting',
  'memory-limit': 'memory_limit',
};

/** Problems that pass by themselves: the page keeps trying while it shows them. */
const PASSING = new Set(['engine_down', 'engine_timeout', 'no_peers', 'stream_starting', 'shutting_down', 'viewer_limit']);

const SENTENCES: Record<string, { title: MessageKey; body: MessageKey }> = {
  no_peers: { title: 'err.noPeers.title', body: 'err.noPeers.later' },
  engine_down: { title: 'err.engine.title', body: 'err.engine.body' },
  engine_timeout: { title: 'err.engineSlow.title', body: 'err.engineSlow.body' },
  engine_unexpected: { title: 'err.engineSlow.title', body: 'err.engineOdd.body' },
  bad_content: { title: 'err.content.title', body: 'err.content.body' },
  bad_request: { title: 'err.request.title', body: 'err.request.body' },
  scrambled: { title: 'err.scrambled.title', body: 'err.scrambled.body' },
  no_media: { title: 'err.noMedia.title', body: 'err.noMedia.body' },
  limit: { title: 'err.limit.title', body: 'err.limit.body' },
  viewer_limit: { title: 'err.viewers.title', body: 'err.viewers.body' },
  memory_limit: { title: 'err.limit.plain', body: 'err.limit.body' },
  source_lost: { title: 'err.source.title', body: 'err.sourceLost.body' },
  source_closed: { title: 'err.ended.title', body: 'err.ended.body' },
  stopped: { title: 'err.stopped.title', body: 'err.stopped.body' },
  gone: { title: 'err.gone.title', body: 'err.gone.body' },
  stream_starting: { title: 'err.engineSlow.title', body: 'err.engineSlow.body' },
  storage_timeout: { title: 'err.storage.title', body: 'err.storage.body' },
  shutting_down: { title: 'err.shutdown.title', body: 'err.shutdown.body' },
  codec_video: { title: 'err.video.title', body: 'err.videoPlayer.body' },
  password: { title: 'err.password.title', body: 'err.password.body' },
  not_converted: { title: 'err.plain.title', body: 'err.plain.body' },
};

/** Reads the body of a refusal, whatever it is. */
export function readProblem(status: number, body: unknown, retryAfter: string | null): Problem {
  const given = shape<components['schemas']['Problem']>(body);
  const type = text(given.type)?.split('/').pop() ?? null;
  const seconds = Number(retryAfter);
  return {
    status,
    type,
    code: CODE_OF_LIMIT[type ?? ''] ?? text(given.code) ?? CODE_OF_TYPE[type ?? ''] ?? 'unknown',
    detail: text(given.detail),
    retryAfter: retryAfter !== null && Number.isFinite(seconds) ? seconds : null,
    values: { n: number(given.limit) ?? 0 },
  };
}

/** A problem that the page itself found. */
export function problemOf(code: string, detail: string | null = null, values: Values = {}): Problem {
  return { status: 0, type: null, code, detail, retryAfter: null, values };
}

/** The words for `problem`. One that is not known by its code gets a plain sentence. */
export function sentenceOf(problem: Problem): Sentence {
  const known = SENTENCES[problem.code] ?? { title: 'err.unknown.title', body: 'err.unknown.body' };
  if (problem.code === 'limit' && !problem.values['n']) {
    return { ...known, title: 'err.limit.plain', values: problem.values };
  }
  return { ...known, values: problem.values };
}

/** Whether it can pass without anybody doing something here. */
export function passes(problem: Problem): boolean {
  return PASSING.has(problem.code);
}
