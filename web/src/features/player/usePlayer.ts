import { useEffect, useSyncExternalStore } from 'react';
import { preferences } from '~/platform/preferences';
import { useText } from '~/i18n/text';
import { useNow } from '~/ui/hooks';
import type { PlayerSession } from './session';
import { isLoading, type PlayerState } from './state';
import type { UnifiedStreamPlayerProps } from './UnifiedStreamPlayer';
import { wordsFor } from './words';

/** The session as the props of `UnifiedStreamPlayer`, in the reader's language. */
export function usePlayer(
  session: PlayerSession,
  title: string,
  host: string,
): { props: UnifiedStreamPlayerProps; state: PlayerState } {
  const state = useSyncExternalStore(session.subscribe, session.now);
  const { t, locale } = useText();
  const now = useNow(state.retryAt !== null || state.phase === 'findingPeers');
  useWaking(session);
  useEffect(() => preferences.subscribe(session.changeProfile), [session]);
  const words = wordsFor(state, title, host, now, t, locale);
  const { streamUrl, isEmbed, backendReady } = state;
  return { state, props: { streamUrl, isEmbed, backendReady, isLoading: isLoading(state.phase), ...words } };
}

/** Whoever comes back, the network or the person, need not wait for the next try. */
function useWaking(session: PlayerSession): void {
  useEffect(() => {
    const seen = () => {
      if (!document.hidden) session.wake();
    };
    addEventListener('online', session.wake);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('online', session.wake);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [session]);
}
