import { useQuery } from '@tanstack/react-query';
import { Search, X } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useRef, type RefObject } from 'react';
import type { Api, Channel } from '~/api/client';
import { useText } from '~/i18n/text';
import { preferences } from '~/platform/preferences';
import { Button, IconButton } from '~/ui/Button';
import { Spinner } from '~/ui/Spinner';
import { ChannelList } from './ChannelList';
import styles from './ChannelsPane.module.css';
import { entries, groupsOf, isSame, matching } from './filter';
import { channelsQuery, playlistsQuery } from './queries';

/** What the list shows; it stands in the page's address. */
export interface View {
  list: string | null;
  q: string;
  group: string | null;
}

interface Props {
  api: Api;
  view: View;
  onView: (change: Partial<View>) => void;
  /** What is open, by ID or by address. */
  hash: string | null;
  url: string | null;
  /** What is open plays now. */
  isPlaying: boolean;
  onOpen: (channel: Channel) => void;
}

/** The channels of a playlist: search, groups and the list. */
export function ChannelsPane({ api, view, onView, hash, url, isPlaying, onOpen }: Props) {
  const { t, locale } = useText();
  const playlists = useQuery(playlistsQuery(api));
  const playlist = view.list ?? playlists.data?.[0] ?? null;
  const channels = useQuery(channelsQuery(api, playlist));
  const all = useMemo(() => entries(channels.data ?? []), [channels.data]);
  const groups = useMemo(() => groupsOf(channels.data ?? []), [channels.data]);
  const query = useDeferredValue(view.q);
  const found = useMemo(() => matching(all, query, view.group), [all, query, view.group]);
  const open = useMemo(() => found.findIndex((e) => isSame(e.channel, hash, url)), [found, hash, url]);
  const search = useRef<HTMLInputElement>(null);
  useSearchKey(search);

  const count = new Intl.NumberFormat(locale).format(all.length);
  const searchLabel = all.length === 0 ? t('list.title') : t('list.search', { n: count });
  const isLoading = playlists.isLoading || channels.isLoading;
  const isFailed = playlists.isError || channels.isError;

  return (
    <nav className={styles.pane} id="channels" aria-label={t('list.title')} tabIndex={-1}>
      <div className={styles.tools}>
        <div className={styles.search}>
          <Search size={18} aria-hidden />
          <input
            ref={search}
            type="search"
            value={view.q}
            onChange={(e) => onView({ q: e.target.value })}
            disabled={all.length === 0}
            placeholder={searchLabel}
            aria-label={searchLabel}
            autoComplete="off"
            spellCheck={false}
          />
          {view.q === '' ? (
            <kbd aria-hidden="true">/</kbd>
          ) : (
            <IconButton name={t('list.clear')} onClick={() => onView({ q: '' })}>
              <X size={18} aria-hidden />
            </IconButton>
          )}
        </div>
        {(playlists.data?.length ?? 0) > 1 && (
          <select
            className={styles.playlist}
            aria-label={t('list.playlist')}
            value={playlist ?? ''}
            onChange={(e) => onView({ list: e.target.value, group: null, q: '' })}
          >
            {playlists.data?.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        {groups.length > 1 && (
          <div className={styles.groups} role="group" aria-label={t('list.groups')}>
            <Chip name={t('list.all')} on={view.group === null} choose={() => onView({ group: null })} />
            {groups.map((group) => (
              <Chip key={group} name={group} on={view.group === group} choose={() => onView({ group })} />
            ))}
          </div>
        )}
      </div>
      {isLoading && <Loading text={t('list.loading')} />}
      {isFailed && !isLoading && (
        <Note title={t('err.list.title')} text={t('err.list.body')}>
          <Button onClick={() => void Promise.all([playlists.refetch(), channels.refetch()])}>{t('act.again')}</Button>
        </Note>
      )}
      {!isLoading && !isFailed && all.length === 0 && <Note title={t('list.empty.title')} text={t('list.empty.body')} />}
      {all.length > 0 && found.length === 0 && <Note title={t('list.none', { q: query })} text="" />}
      {found.length > 0 && (
        <ChannelList
          key={playlist}
          label={t('list.title')}
          entries={found}
          open={open}
          isPlaying={isPlaying}
          onOpen={onOpen}
        />
      )}
      <p className="srOnly" role="status">
        {query !== '' && t('list.results', { n: found.length })}
      </p>
    </nav>
  );
}

function Chip({ name, on, choose }: { name: string; on: boolean; choose: () => void }) {
  return (
    <button type="button" className={styles.chip} aria-pressed={on} onClick={choose}>
      {name}
    </button>
  );
}

function Loading({ text }: { text: string }) {
  return (
    <p className={styles.loading}>
      <Spinner size={22} /> {text}
    </p>
  );
}

function Note({ title, text, children }: { title: string; text: string; children?: React.ReactNode }) {
  return (
    <div className={styles.note}>
      <h2>{title}</h2>
      <p>{text}</p>
      {children}
    </div>
  );
}

/** Ctrl+K, and "/" while single keys are shortcuts, go to the search field. */
function useSearchKey(field: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const writing = event.target instanceof HTMLElement && event.target.matches('input:not([type=range]), textarea, select');
      const slash = event.key === '/' && preferences.now().keys && !writing && !event.ctrlKey && !event.metaKey;
      if (!slash && !(event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey))) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [field]);
}
