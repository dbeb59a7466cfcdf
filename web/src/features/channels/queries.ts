import { queryOptions } from '@tanstack/react-query';
import type { Api } from '~/api/client';

/** The names of the server's playlists. */
export const playlistsQuery = (api: Api) =>
  queryOptions({ queryKey: [api.base, 'playlists'], queryFn: ({ signal }) => api.playlists(signal) });

/** The channels of one playlist; none while it is not known which. */
export const channelsQuery = (api: Api, playlist: string | null) =>
  queryOptions({
    queryKey: [api.base, 'playlists', playlist, 'channels'],
    queryFn: ({ signal }) => (playlist === null ? [] : api.channels(playlist, signal)),
    enabled: playlist !== null,
  });
