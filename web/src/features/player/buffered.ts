/** Seconds of media that `video` has ahead of its picture without a break. */
export function secondsAhead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.start(i) <= currentTime + 0.5 && buffered.end(i) > currentTime) return buffered.end(i) - currentTime;
  }
  return 0;
}
