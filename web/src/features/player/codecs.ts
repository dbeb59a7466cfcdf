import type { Track } from '~/api/client';

/**
 * What this browser can decode, asked before playing: hls.js gives no error at all for AC-3 sound or
 * MPEG-2 pictures in Chromium, only silence or black.
 */

/** The server's codec names, what people call them, and what to ask the browser; no type means no browser plays it. */
const CODECS: Record<string, { name: string; types: string[] }> = {
  h264: { name: 'H.264', types: ['video/mp4; codecs="avc1.640028"'] },
  h265: { name: 'HEVC', types: ['video/mp4; codecs="hvc1.1.6.L120.90"', 'video/mp4; codecs="hev1.1.6.L120.90"'] },
  mpeg2video: { name: 'MPEG-2', types: [] },
  aac: { name: 'AAC', types: ['audio/mp4; codecs="mp4a.40.2"'] },
  // hls.js does not unpack LATM, whatever the browser decodes.
  aac_latm: { name: 'AAC LATM', types: [] },
  mpeg_audio: { name: 'MPEG', types: ['audio/mpeg', 'audio/mp4; codecs="mp3"'] },
  ac3: { name: 'Dolby Digital (AC-3)', types: ['audio/mp4; codecs="ac-3"'] },
  eac3: { name: 'Dolby Digital Plus (E-AC-3)', types: ['audio/mp4; codecs="ec-3"'] },
  dts: { name: 'DTS', types: [] },
  opus: { name: 'Opus', types: ['audio/mp4; codecs="opus"'] },
};


export type Supports = (type: string) => boolean;

export const browserSupports: Supports = (type) => {
  const source = globalThis.MediaSource ?? Reflect.get(globalThis, 'ManagedMediaSource');
  return typeof source?.isTypeSupported === 'function' ? source.isTypeSupported(type) : true;
};

export const codecName = (codec: string): string => CODECS[codec]?.name ?? codec.toUpperCase();

export interface Verdict {
  /** The name of a video codec that would stay black; null when there is a picture, or none was sent. */
  video: string | null;
  /** The name of an audio codec that would stay silent; null when one of the tracks can be heard. */
  audio: string | null;
}

/** What of `tracks` this browser cannot show or sound. A codec nobody here knows gets the benefit of the doubt. */
export function judge(tracks: Track[], supports: Supports = browserSupports): Verdict {
  const unplayable = (kind: string) => {
    const codecs = tracks.filter((t) => t.kind === kind).map((t) => t.codec);
    const all = codecs.length > 0 && codecs.every((c) => CODECS[c]?.types.some(supports) === false);
    return all ? codecName(codecs[0] ?? '') : null;
  };
  return { video: unplayable('video'), audio: unplayable('audio') };
}
