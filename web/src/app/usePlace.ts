import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { View } from '~/features/channels/ChannelsPane';

/** Where the reader is, as the address says. */
export interface Place {
  hash: string | null;
  url: string | null;
  bare: boolean;
  view: View;
  open: (hash: string | null, url: string | null) => void;
  close: () => void;
  show: (change: Partial<View>) => void;
}

export function usePlace(): Place {
  const { hash = null } = useParams({ strict: false });
  const search = useSearch({ strict: false });
  const { list, q, group, url, bare } = search;
  const navigate = useNavigate();

  const open = useCallback(
    (toHash: string | null, toUrl: string | null) => {
      if (toHash === null) void navigate({ to: '/', search: (s) => ({ ...s, url: toUrl ?? undefined }) });
      else void navigate({ to: '/play/$hash', params: { hash: toHash }, search: (s) => ({ ...s, url: undefined }) });
    },
    [navigate],
  );
  const close = useCallback(() => void navigate({ to: '/', search: (s) => ({ ...s, url: undefined }) }), [navigate]);
  const show = useCallback(
    (change: Partial<View>) => {
      const next = Object.fromEntries(Object.entries(change).map(([key, value]) => [key, value || undefined]));
      void navigate({ to: '.', search: (s) => ({ ...s, ...next }), replace: true });
    },
    [navigate],
  );
  const view = useMemo(() => ({ list: list ?? null, q: q ?? '', group: group ?? null }), [list, q, group]);
  return { hash, url: hash === null ? (url ?? null) : null, bare: bare === true, view, open, close, show };
}
