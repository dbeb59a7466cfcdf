import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { WatchPage } from './WatchPage';

/** What is open stands in the address: the channel in the path, how the list is shown in the query. */
export interface Search {
  list?: string;
  q?: string;
  group?: string;
  /** A plain HLS address, for channels without an ID. */
  url?: string;
  /** Only the player, for a window of its own. */
  bare?: boolean;
}

const text = (value: unknown) => (value === undefined || value === '' || value === null ? undefined : String(value));

function validateSearch(raw: Record<string, unknown>): Search {
  const known: Search = {
    list: text(raw['list']),
    q: text(raw['q']),
    group: text(raw['group']),
    url: text(raw['url']),
    bare: raw['bare'] === 1 || raw['bare'] === true || raw['bare'] === '1' ? true : undefined,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

// The page stands in the root, not in its children: the picture must live through every change of address.
const root = createRootRoute({ component: WatchPage, validateSearch });
const home = createRoute({ getParentRoute: () => root, path: '/' });
export const play = createRoute({ getParentRoute: () => root, path: '/play/$hash' });

export const router = createRouter({ routeTree: root.addChildren([home, play]), defaultNotFoundComponent: () => null });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
