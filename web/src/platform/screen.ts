/** Full screen and picture in picture, under the names each browser gives them. */

export function isFullscreen(): boolean {
  return document.fullscreenElement !== null && document.fullscreenElement !== undefined;
}

/** The box where that works, so that our controls come along; on iPhones only the video itself can. */
export async function toggleFullscreen(box: HTMLElement, video: HTMLVideoElement): Promise<void> {
  if (isFullscreen()) return document.exitFullscreen();
  if (typeof box.requestFullscreen === 'function') return box.requestFullscreen();
  const enter: unknown = Reflect.get(video, 'webkitEnterFullscreen');
  if (typeof enter === 'function') Reflect.apply(enter, video, []);
}

export const hasPictureInPicture = (): boolean => document.pictureInPictureEnabled === true;

export async function togglePictureInPicture(video: HTMLVideoElement): Promise<void> {
  try {
    if (document.pictureInPictureElement === video) await document.exitPictureInPicture();
    else await video.requestPictureInPicture();
  } catch {
    // refused until there is a picture: nothing to tell
  }
}
