import { describe, expect, it } from 'vitest';
import en from '~/i18n/en.json';
import { passes, problemOf, readProblem, sentenceOf } from './problem';

const body = (type: string, more: object = {}) => ({ type: `/problems/${type}`, title: 't', status: 503, detail: 'd', ...more });

describe('what the server says', () => {
  it('is known by its code, whatever its type', () => {
    const problem = readProblem(502, body('engine-refused', { code: 'scrambled' }), null);

    expect(problem).toMatchObject({ code: 'scrambled', type: 'engine-refused', detail: 'd' });
    expect(String(en[sentenceOf(problem).title])).toBe('This channel is encrypted');
  });

  it.each([
    ['engine-unreachable', 'engine_down', 'The P2P engine has stopped'],
    ['engine-timeout', 'engine_timeout', 'The P2P engine isn’t answering'],
    ['engine-unexpected', 'engine_unexpected', 'The P2P engine isn’t answering'],
    ['engine-refused', 'bad_content', 'The engine can’t open this channel'],
    ['no-peers', 'no_peers', 'Nobody is sharing this channel right now'],
    ['no-media', 'no_media', 'This channel sends no picture or sound'],
    ['source-failed', 'source_lost', 'The source isn’t answering'],
    ['invalid-request', 'bad_request', 'The server doesn’t accept this ID'],
    ['stream-not-found', 'gone', 'This channel is no longer in your playlists'],
    ['unauthorized', 'password', 'This server asks for a password'],
    ['storage-timeout', 'storage_timeout', 'The server can’t read its playlists'],
    ['internal', 'unknown', 'Playback stopped'],
  ])('%s without a code is %s: %s', (type, code, title) => {
    const problem = readProblem(503, body(type), null);

    expect(problem.code).toBe(code);
    expect(String(en[sentenceOf(problem).title])).toBe(title);
  });

  it('says how many channels the limit is, when it is told', () => {
    const counted = readProblem(503, body('stream-limit', { limit: 64 }), '30');
    const bare = readProblem(503, body('stream-limit'), null);

    expect(sentenceOf(counted)).toMatchObject({ title: 'err.limit.title', values: { n: 64 } });
    expect(counted.retryAfter).toBe(30);
    expect(sentenceOf(bare).title).toBe('err.limit.plain');
  });

  it('says which limit it is, though all have one code', () => {
    const sentence = (type: string) => {
      const problem = readProblem(503, body(type, { code: 'limit', limit: 1_000_000 }), '15');
      return [String(en[sentenceOf(problem).title]), passes(problem)];
    };

    expect(sentence('viewer-limit')).toEqual(['As many people are watching as this server allows', true]);
    expect(sentence('memory-limit')).toEqual(['The server is already playing as many channels as it can', false]);
    expect(sentence('waiting-limit')).toEqual(['The P2P engine isn’t answering', true]);
    expect(sentence('stream-limit')).toEqual([String(en['err.limit.title']), false]);
  });

  it('may be anything at all: a page of a proxy is an unknown problem without a type', () => {
    for (const odd of [null, 'Bad Gateway', 42, [], { type: 7 }]) {
      expect(readProblem(500, odd, 'soon')).toMatchObject({ code: 'unknown', type: null, retryAfter: null });
    }
  });

  it('passes by itself only where waiting can help', () => {
    expect(['no_peers', 'engine_down', 'shutting_down'].map((code) => passes(problemOf(code)))).toEqual([true, true, true]);
    expect(['bad_content', 'limit', 'codec_video', 'stopped'].map((code) => passes(problemOf(code)))).toEqual([false, false, false, false]);
  });
});
