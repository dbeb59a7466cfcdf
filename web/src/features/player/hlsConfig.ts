import type { HlsConfig, LoaderConfig } from 'hls.js';
import type { Profile } from '~/platform/preferences';
import { BUFFERS } from './source';

const policy = (firstByteMs: number, wholeMs: number, retries: number): { default: LoaderConfig } => ({
  default: {
    maxTimeToFirstByteMs: firstByteMs,
    maxLoadTimeMs: wholeMs,
    timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: retries, retryDelayMs: 1000, maxRetryDelayMs: 4000, backoff: 'linear' },
  },
});

export interface Wishes {
  /** The buffer profile of our own playlists; null for anybody else's. */
  profile: Profile | null;
  /** A device with little memory. */
  small: boolean;
  /** Whether requests to another origin carry a password. */
  withCredentials: boolean;
}

/** Seconds of media to keep behind the picture. */
export const keptBehind = (small: boolean): number => (small ? 20 : 60);

/**
 * hls.js for live peer-to-peer television.
 *
 * How far behind live to play is the playlist's business (PART-HOLD-BACK, HOLD-BACK, else three target durations):
 * neither `liveSyncDuration` nor `liveSyncDurationCount` is set, and nothing jumps to the live edge,
 * since chasing it trades seconds of latency for stalls. For its first frame alone, `beginEarly` asks for less.
 *
 * No CMCD: as a query it would make every segment address unique and defeat caches, as headers it
 * would add a preflight to every request where the page is hosted elsewhere.
 */
export function hlsConfig(workerPath: string, { profile, small, withCredentials }: Wishes): Partial<HlsConfig> {
  const isFast = profile === 'fast';
  return {
    // The password of a server elsewhere. Where the server is this page's own, browsers send it anyway.
    ...(withCredentials && { xhrSetup: (xhr: XMLHttpRequest) => void (xhr.withCredentials = true) }),
    workerPath, // without it, hls.js as a module demultiplexes on the page's own thread
    lowLatencyMode: true, // harmless without parts
    maxLiveSyncPlaybackRate: isFast ? 1 : 1.05, // gives latency back after trouble: 5 % nobody notices; `fast` has `catchUp`
    liveSyncMode: 'buffered',
    liveDurationInfinity: true,
    startOnSegmentBoundary: !isFast, // a boundary may be seconds further from live
    backBufferLength: Infinity, // `dropPlayed` does it
    maxBufferLength: BUFFERS[profile ?? 'balanced'].maxBuffer,
    maxMaxBufferLength: 90,
    maxBufferSize: (small ? 30 : 60) * 1e6,
    nudgeMaxRetry: 5,
    // What peers lost is a hole; shown as it came, it is a smear until the next key frame. Other sources stay as they are.
    handleMpegTsVideoIntegrityErrors: profile === null ? 'process' : 'skip',
    // The server holds the first playlist back up to 20 s until there is a segment.
    manifestLoadPolicy: policy(25_000, 30_000, 6),
    playlistLoadPolicy: policy(8_000, 12_000, 8),
    fragLoadPolicy: policy(6_000, 15_000, 4),
  };
}
