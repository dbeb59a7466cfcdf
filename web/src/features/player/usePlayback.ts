import { useEffect, useRef, useState, type RefObject } from 'react';
import { usePlayerLink } from './link';
import { Playback, type PlaybackEvent } from './playback';

export interface Picture {
  playback: Playback | null;
  /** The picture moves now. */
  moving: boolean;
  /** A picture of this address has been seen, moving or not. */
  begun: boolean;
  /** The browser played it only without sound, or waits for a tap. */
  gesture: 'none' | 'sound' | 'tap';
  clearGesture: () => void;
}

/**
 * Plays `url` in `video` for as long as it is the address; null plays nothing, and keeps the last
 * picture standing on `still` while `keep`.
 */
export function usePlayback(
  video: RefObject<HTMLVideoElement | null>,
  still: RefObject<HTMLCanvasElement | null>,
  url: string | null,
  keep: boolean,
): Picture {
  const [playback, setPlayback] = useState<Playback | null>(null);
  const [seen, setSeen] = useState<Seen>({ ...NOTHING, url });
  const { report, connect, withCredentials } = usePlayerLink();
  const address = useRef(url);
  const keeps = useRef(keep);

  useEffect(() => {
    if (video.current === null || still.current === null) return undefined;
    const take = (event: PlaybackEvent) => {
      const change = changeBy(event);
      const current = { url: address.current };
      if (change !== null) setSeen((s) => ({ ...(s.url === current.url ? s : NOTHING), ...change, ...current }));
      report(event);
    };
    const player = new Playback(video.current, still.current, take);
    const disconnect = connect(player);
    setPlayback(player);
    return () => {
      disconnect();
      player.destroy();
    };
  }, [video, still, report, connect]);

  useEffect(() => {
    keeps.current = keep;
  }, [keep]);

  useEffect(() => {
    address.current = url;
    if (playback === null) return;
    if (url === null) playback.detach(keeps.current);
    else playback.attach(url, withCredentials);
  }, [playback, url, withCredentials]);

  const now = seen.url === url ? seen : NOTHING; // what was seen of another address does not count
  const clearGesture = () => setSeen((s) => ({ ...s, gesture: 'none' }));
  return { playback, moving: now.moving, begun: now.begun, gesture: now.gesture, clearGesture };
}

type Seen = Pick<Picture, 'moving' | 'begun' | 'gesture'> & { url: string | null };

const NOTHING: Seen = { url: null, moving: false, begun: false, gesture: 'none' };

function changeBy(event: PlaybackEvent): Partial<Seen> | null {
  switch (event.type) {
    case 'moving':
      return { moving: true, begun: true };
    case 'stalled':
      return { moving: false };
    case 'muted':
      return { gesture: 'sound' };
    case 'blocked':
      return { gesture: 'tap' };
    default:
      return null;
  }
}
