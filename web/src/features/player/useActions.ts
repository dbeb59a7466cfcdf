import { useCallback, useEffect, type RefObject } from 'react';
import { preferences } from '~/platform/preferences';
import { toggleFullscreen } from '~/platform/screen';
import { actionFor, isTaken, type Action } from './keys';
import type { Playback } from './playback';

const STEP_S = 10;
const STEP_VOLUME = 0.1;

/** What the controls and the keys do. The keys work on the whole page, except where something has its own use for them. */
export function useActions(
  video: RefObject<HTMLVideoElement | null>,
  playback: Playback | null,
  box: RefObject<HTMLElement | null>,
  zap: ((by: 1 | -1) => void) | null,
): (action: Action) => void {
  const act = useCallback(
    (action: Action) => {
      if (action === 'next' || action === 'previous') return zap?.(action === 'next' ? 1 : -1);
      if (video.current === null || box.current === null || playback === null) return undefined;
      return perform(action, video.current, playback, box.current);
    },
    [video, playback, box, zap],
  );

  useEffect(() => {
    const { volume, muted } = preferences.now();
    if (video.current !== null) Object.assign(video.current, { volume, muted });
  }, [video]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionFor(event, preferences.now().keys);
      if (action === null || event.defaultPrevented || isTaken(event.target, event.key)) return;
      event.preventDefault();
      act(action);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [act]);

  return act;
}

function perform(
  action: Exclude<Action, 'next' | 'previous'>,
  video: HTMLVideoElement,
  playback: Playback,
  box: HTMLElement,
): void {
  switch (action) {
    case 'toggle':
      return video.paused ? void playback.play() : video.pause();
    case 'mute':
      if (video.muted && video.volume === 0) return setVolume(video, 0.5);
      return setMuted(video, !video.muted);
    case 'unmute':
      return setMuted(video, false);
    case 'louder':
    case 'quieter':
      return turn(video, action === 'louder' ? STEP_VOLUME : -STEP_VOLUME);
    case 'back':
    case 'forward':
      return seek(video, action === 'back' ? -STEP_S : STEP_S);
    case 'live':
      return playback.goLive();
    case 'fullscreen':
      // What is left behind the picture must not take its keys, the list the channel keys least of all.
      if (!box.contains(document.activeElement)) box.focus({ preventScroll: true });
      return void toggleFullscreen(box, video);
  }
}

function turn(video: HTMLVideoElement, by: number): void {
  setVolume(video, Math.min(1, Math.max(0, video.volume + by)));
}

/** Silence is the same as muted: the button and the slider say one thing. */
export function setVolume(video: HTMLVideoElement | null, volume: number): void {
  if (video === null) return;
  video.volume = volume;
  setMuted(video, volume === 0);
}

/** What a person set is kept for the next time; what the browser muted is not. */
function setMuted(video: HTMLVideoElement, muted: boolean): void {
  video.muted = muted;
  preferences.set({ volume: video.volume, muted });
}

export function seekTo(video: HTMLVideoElement | null, time: number): void {
  if (video !== null) video.currentTime = time;
}

/** Within what is there: past the newest loaded picture, there is nothing to show. */
function seek(video: HTMLVideoElement, by: number): void {
  const { seekable, buffered } = video;
  if (seekable.length === 0 || buffered.length === 0) return;
  const latest = Math.max(buffered.end(buffered.length - 1) - 2, video.currentTime);
  video.currentTime = Math.min(latest, Math.max(seekable.start(0), video.currentTime + by));
}
