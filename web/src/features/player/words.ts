import { sentenceOf } from '~/api/problem';
import type { Translate } from '~/i18n/text';
import { bitrate } from '~/lib/format';
import { MAX_TRIES } from './session';
import type { PlayerState } from './state';

/** After so long without a single peer it is said, while the search goes on. */
const NO_PEERS_AFTER = 30_000;

/** Peers that send less than this part of what a channel needs are the reason why it stands still. */
const ENOUGH = 0.9;

export interface Words {
  /** What went wrong, as a title; null while nothing has. */
  error: string | null;
  /** What is going on, or what to do about the error. */
  statusMessage: string | null;
}

/** The player's state in the reader's language. */
export function wordsFor(state: PlayerState, title: string, host: string, now: number, t: Translate, locale: string): Words {
  if (state.phase === 'failed' && state.problem !== null) {
    const { title: what, body, values } = sentenceOf(state.problem);
    return { error: t(what, values), statusMessage: t(body, values) };
  }
  if (state.phase === 'fallback') {
    const body = navigator.onLine ? t('err.backend.body', { host, s: secondsTo(state.retryAt, now) }) : t('err.offline');
    return { error: t('err.backend.title'), statusMessage: body };
  }
  return { error: null, statusMessage: progress(state, title, now, t, locale) };
}

/** Why the picture stands still, as far as the server knows. */
function pause({ report, engineDown, percent }: PlayerState, t: Translate, locale: string): string {
  if (engineDown) return t('err.engine.title');
  if (report?.phase === 'reconnecting') return t(report.code === 'no_peers' ? 'err.noPeers.title' : 'player.sourceLost');
  const have = report?.speedDown ?? null;
  const need = report?.bitrate ?? null;
  if (have !== null && need !== null && have < need * ENOUGH) {
    return t('err.slow.body', { have: bitrate(have, locale), need: bitrate(need, locale) });
  }
  return t('player.rebuffering', { pct: percent });
}

/** Whole seconds until `at`, never below 0. */
export function secondsTo(at: number | null, now: number): number {
  return at === null ? 0 : Math.max(0, Math.ceil((at - now) / 1000));
}

/** Nobody shares the channel, and that has lasted. */
export function isLonely(state: PlayerState, now: number): boolean {
  if (state.phase !== 'findingPeers' || state.report?.peers) return false;
  return state.report?.code === 'no_peers' || now - state.since > NO_PEERS_AFTER;
}

function progress(state: PlayerState, title: string, now: number, t: Translate, locale: string): string | null {
  const { report, percent } = state;
  const peers = report?.peers ?? 0;
  switch (state.phase) {
    case 'idle':
      return t('player.idle');
    case 'checking':
      return t('player.checking');
    case 'opening':
      return t('player.opening', { channel: title });
    case 'engineStarting':
      return t('player.engineStarting');
    case 'findingPeers':
      if (isLonely(state, now)) return t('err.noPeers.body', { s: Math.floor((now - state.since) / 1000) });
      return t('player.findingPeers', { count: peers });
    case 'prebuffering':
      return t('player.prebuffering', { pct: percent, peers, speed: bitrate(report?.speedDown ?? 0, locale) });
    case 'starting':
      return t('player.starting');
    case 'rebuffering':
      return pause(state, t, locale);
    case 'reconnecting':
      return t('player.reconnecting', { n: Math.max(1, state.attempt), max: MAX_TRIES });
    default:
      return null;
  }
}
