import { createContext, useContext } from 'react';
import type { PlaybackEvent } from './playback';
import type { Media } from './session';
import { IDLE, type PlayerState } from './state';

/** What stands between the player on the page and the session that feeds it. */
export interface PlayerLink {
  /** The channel's name. */
  title: string;
  state: PlayerState;
  /** The page that shows only this channel, for a window of its own. */
  windowHref: string | null;
  /** Whether a stream of another origin is asked for with a password. */
  withCredentials: boolean;
  report: (event: PlaybackEvent) => void;
  connect: (media: Media) => () => void;
  retry: () => void;
  stop: () => void;
  /** Go to the next (1) or the previous (-1) channel; null where there is no list. */
  zap: ((by: 1 | -1) => void) | null;
}

const nothing = () => undefined;

const LinkContext = createContext<PlayerLink>({
  title: '',
  state: IDLE,
  windowHref: null,
  withCredentials: false,
  report: nothing,
  connect: () => nothing,
  retry: nothing,
  stop: nothing,
  zap: null,
});

export const PlayerLinkProvider = LinkContext.Provider;
export const usePlayerLink = (): PlayerLink => useContext(LinkContext);
