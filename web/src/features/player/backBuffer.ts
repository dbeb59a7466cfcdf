import type Hls from 'hls.js';

/** Seconds of media beyond `keep` that gather before they are dropped together. */
const SLACK = 10;

/**
 * Drop media that was played more than `keep` seconds ago.
 *
 * hls.js would do it when the picture reaches another segment. If one of its parts is on its way into the buffer just then,
 * hls.js forgets that it has the parts before it and loads nothing more, for ten seconds or so. Right behind a part that was
 * buffered, the next one is a third of a second away.
 */
export function dropPlayed(hls: Hls, events: typeof Hls.Events, video: HTMLVideoElement, keep: number): void {
  hls.on(events.FRAG_BUFFERED, () => {
    const { buffered, currentTime } = video;
    if (buffered.length === 0 || buffered.start(0) > currentTime - keep - SLACK) return;
    hls.trigger(events.BUFFER_FLUSHING, { startOffset: 0, endOffset: currentTime - keep, type: null });
  });
}
