import { queryOptions } from '@tanstack/react-query';
import type { Api } from '~/api/client';

/** A list that could not be loaded is asked for again by itself: the server may be on its way back. */
const AGAIN = 5_000;
const whileFailing = (query: { state: { status: string } }) => (query.state.status === 'error' ? AGAIN : false);

/** The names of the server's playlists. */
export const playlistsQuery = (api: Api) =>
  queryOptions({
    queryKey: [api.base, 'playlists'],
    queryFn: ({ signal }) => api.playlists(signal),
    refetchInterval: whileFailing,
  });

/** The channels of one playlist; none while it is not known which. */
export const channelsQuery = (api: Api, playlist: string | null) =>
  queryOptions({
    queryKey: [api.base, 'playlists', playlist, 'channels'],
    queryFn: ({ signal }) => (playlist === null ? [] : api.channels(playlist, signal)),
    enabled: playlist !== null,
    refetchInterval: whileFailing,
  });
