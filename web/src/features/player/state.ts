import type { Report } from '~/api/client';
import type { Problem } from '~/api/problem';

/** What a person chose to watch. */
export interface Target {
  name: string;
  /** The ID the server plays; null for a channel that is plain HTTP. */
  hash: string | null;
  /** The channel's own address, where it has one. */
  url: string | null;
}

export type Phase =
  | 'idle'
  | 'checking'
  | 'opening'
  | 'engineStarting'
  | 'findingPeers'
  | 'prebuffering'
  | 'starting'
  | 'playing'
  | 'rebuffering'
  | 'reconnecting'
  | 'failed'
  | 'fallback';

/** Everything the player's page shows, at one moment. Times are of `Date.now()`. */
export interface PlayerState {
  phase: Phase;
  since: number;
  target: Target | null;
  streamUrl: string | null;
  isEmbed: boolean;
  backendReady: boolean;
  problem: Problem | null;
  report: Report | null;
  /** The engine does not answer, as far as the server says. */
  engineDown: boolean;
  /** 0 to 100; while one phase lasts, it never goes back. */
  percent: number;
  /** Which try this is, from 1; 0 while none was needed. */
  attempt: number;
  /** When the next try begins by itself. */
  retryAt: number | null;
  /** The name of an audio codec that stays silent here. */
  silentCodec: string | null;
}

export const IDLE: PlayerState = {
  phase: 'idle',
  since: 0,
  target: null,
  streamUrl: null,
  isEmbed: false,
  backendReady: true,
  problem: null,
  report: null,
  engineDown: false,
  percent: 0,
  attempt: 0,
  retryAt: null,
  silentCodec: null,
};

/** How much of what is held back is ready, 0 to 1. */
export function readiness(report: Report, holdBack: number): number {
  return Math.min(1, report.ready / holdBack);
}

/** The phase of a stream that is not attached yet. */
export function startingPhase(report: Report): Phase {
  if (report.ready > 0) return 'prebuffering';
  return report.phase === 'resolving' || report.phase === 'starting' ? 'engineStarting' : 'findingPeers';
}

/** `state` with `change` in it: a new phase counts its time anew, and percent only grows within one. */
export function changed(state: PlayerState, change: Partial<PlayerState>, now: number): PlayerState {
  const next = { ...state, ...change };
  if (next.phase === state.phase) next.percent = Math.max(state.percent, next.percent);
  else next.since = now;
  return next;
}

export const isLoading = (phase: Phase): boolean => !['idle', 'playing', 'failed', 'fallback'].includes(phase);
