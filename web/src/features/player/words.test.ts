import { expect, it } from 'vitest';
import type { Report } from '~/api/client';
import { IDLE, type PlayerState } from './state';
import { wordsFor } from './words';

const REPORT: Report = {
  phase: 'live',
  code: null,
  reason: null,
  startedAt: null,
  serviceName: null,
  tracks: [],
  peers: 4,
  speedDown: 700_000,
  speedUp: 0,
  viewers: 1,
  bitrate: 600_000,
  ready: 0,
};

/** What is said while the picture stands still. */
const said = (report: Partial<Report>, change: Partial<PlayerState> = {}) => {
  const state: PlayerState = { ...IDLE, phase: 'rebuffering', percent: 40, report: { ...REPORT, ...report }, ...change };
  return wordsFor(state, 'News', 'tv', 0, (key, values) => `${key} ${JSON.stringify(values ?? {})}`, 'en').statusMessage;
};

it('says why the picture stands still, as far as the server knows', () => {
  expect(said({})).toBe('player.rebuffering {"pct":40}');
  expect(said({ phase: 'reconnecting', code: 'source_lost' })).toBe('player.sourceLost {}');
  expect(said({ phase: 'reconnecting', code: 'no_peers' })).toBe('err.noPeers.title {}');
  expect(said({ speedDown: 500_000 })).toBe('err.slow.body {"have":"4.0 Mb/s","need":"4.8 Mb/s"}');
  expect(said({ speedDown: null })).toBe('player.rebuffering {"pct":40}');
  expect(said({ phase: 'reconnecting' }, { engineDown: true })).toBe('err.engine.title {}');
});
