import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import type { Channel } from '~/api/client';
import { ChannelsPane } from '~/features/channels/ChannelsPane';
import { entries, isSame, matching } from '~/features/channels/filter';
import { LinkField } from '~/features/channels/LinkField';
import { channelsQuery, playlistsQuery } from '~/features/channels/queries';
import { HealthPanel } from '~/features/player/HealthPanel';
import { PlayerLinkProvider } from '~/features/player/link';
import { loadEngine } from '~/features/player/playback';
import { UnifiedStreamPlayer } from '~/features/player/UnifiedStreamPlayer';
import { usePlayer } from '~/features/player/usePlayer';
import { useText } from '~/i18n/text';
import { Header } from './Header';
import { NowPanel } from './NowPanel';
import { useServices } from './services';
import { usePlace, type Place } from './usePlace';
import styles from './WatchPage.module.css';

/** Watching: the channels, a field for any link, and the player. */
export function WatchPage() {
  const { api, session } = useServices();
  const { t } = useText();
  const place = usePlace();
  const { channel, zap } = useCurrent(place);
  const title = useTitle(place, channel);
  const player = usePlayer(session, title, hostOf(api.base));
  const { hash, url } = place;

  useEffect(() => {
    if (hash === null && url === null) session.stop();
    else session.tune({ name: '', hash, url });
  }, [session, hash, url]);

  // The player's script comes while the reader still looks at the list, so that the first channel need not wait for it.
  const isChosen = hash !== null || url !== null;
  useEffect(() => {
    const timer = setTimeout(() => void loadEngine().catch(() => null), isChosen ? 0 : 500);
    return () => clearTimeout(timer);
  }, [isChosen]);

  const link = useMemo(
    () => ({
      title,
      state: player.state,
      windowHref: hash === null ? null : `/play/${hash}?bare=1`,
      withCredentials: api.withCredentials,
      report: session.report,
      connect: session.connect,
      retry: session.retry,
      stop: place.close,
      zap,
    }),
    [title, player.state, hash, api, session, place.close, zap],
  );

  return (
    <div className={styles.page} data-bare={place.bare}>
      <a className={styles.skip} href="#player">
        {t('skip.player')}
      </a>
      <a className={styles.skip} href="#channels">
        {t('skip.list')}
      </a>
      {!place.bare && <Header />}
      <main className={styles.main}>
        {!place.bare && <LinkField onPlay={place.open} />}
        <PlayerLinkProvider value={link}>
          <UnifiedStreamPlayer {...player.props} />
        </PlayerLinkProvider>
        {!place.bare && player.state.report !== null && (
          <div className={styles.panels}>
            <NowPanel title={title} channel={channel} report={player.state.report} />
            <HealthPanel key={hash} session={session} />
          </div>
        )}
      </main>
      {!place.bare && (
        <div className={styles.list}>
          <ChannelsPane
            api={api}
            view={place.view}
            onView={place.show}
            hash={hash}
            url={url}
            isPlaying={player.state.phase === 'playing'}
            onOpen={(c) => place.open(c.hash, c.hash === null ? c.url : null)}
          />
        </div>
      )}
    </div>
  );
}

/** The open channel as the list knows it, and the way to its neighbours. */
function useCurrent({ hash, url, view, open }: Place): { channel: Channel | null; zap: ((by: 1 | -1) => void) | null } {
  const { api } = useServices();
  const playlists = useQuery(playlistsQuery(api));
  const { data: channels } = useQuery(channelsQuery(api, view.list ?? playlists.data?.[0] ?? null));
  const shown = useMemo(
    () => matching(entries(channels ?? []), view.q, view.group).map((e) => e.channel),
    [channels, view.q, view.group],
  );
  const at = shown.findIndex((c) => isSame(c, hash, url));
  const zap = useCallback(
    (by: 1 | -1) => {
      const next = shown[(at + by + shown.length) % shown.length];
      if (next !== undefined) open(next.hash, next.hash === null ? next.url : null);
    },
    [shown, at, open],
  );
  const channel = channels?.find((c) => isSame(c, hash, url)) ?? null;
  return { channel, zap: shown.length > 1 && at >= 0 ? zap : null };
}

/** The name of what is open; the window is called the same. */
function useTitle({ hash, url }: Place, channel: Channel | null): string {
  const { t } = useText();
  const short = hash === null ? (url ?? '').replace(/^https?:\/\//, '').split(/[/?#]/)[0] : `${hash.slice(0, 8)}…`;
  const title = hash === null && url === null ? '' : (channel?.name ?? t('link.unnamed', { id: short ?? '' }));
  useEffect(() => {
    document.title = title === '' ? 'acehls' : `${title} – acehls`;
  }, [title]);
  return title;
}

const hostOf = (base: string): string => new URL(base, location.href).host;
