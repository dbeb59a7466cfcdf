import { useEffect, useState, type RefObject } from 'react';
import { isFullscreen } from '~/platform/screen';

/** What the controls show of a video. Times in seconds. */
export interface VideoNow {
  paused: boolean;
  muted: boolean;
  volume: number;
  time: number;
  /** What can be gone back to, and how far the server has come. */
  start: number;
  end: number;
  /** How far is loaded. */
  loaded: number;
  fullscreen: boolean;
}

const EVENTS = ['play', 'pause', 'volumechange', 'timeupdate', 'progress', 'seeking', 'durationchange', 'emptied'];

export function useVideo(video: RefObject<HTMLVideoElement | null>): VideoNow {
  const [now, setNow] = useState<VideoNow>(() => read(video.current));
  useEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    const update = () => setNow(read(element));
    update();
    for (const event of EVENTS) element.addEventListener(event, update);
    document.addEventListener('fullscreenchange', update);
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, update);
      document.removeEventListener('fullscreenchange', update);
    };
  }, [video]);
  return now;
}

function read(video: HTMLVideoElement | null): VideoNow {
  const fullscreen = isFullscreen();
  if (video === null) return { paused: true, muted: false, volume: 1, time: 0, start: 0, end: 0, loaded: 0, fullscreen };
  const { paused, muted, volume, currentTime: time, seekable, buffered } = video;
  const last = seekable.length - 1;
  const loaded = buffered.length > 0 ? buffered.end(buffered.length - 1) : time;
  const start = last >= 0 ? Math.min(seekable.start(0), time) : time;
  const end = Math.max(last >= 0 ? seekable.end(last) : time, time);
  return { paused, muted, volume, time, start, end, loaded, fullscreen };
}
