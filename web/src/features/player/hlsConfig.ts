import type { HlsConfig, LoaderConfig } from 'hls.js';

const policy = (firstByteMs: number, wholeMs: number, retries: number): { default: LoaderConfig } => ({
  default: {
    maxTimeToFirstByteMs: firstByteMs,
    maxLoadTimeMs: wholeMs,
    timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: retries, retryDelayMs: 1000, maxRetryDelayMs: 4000, backoff: 'linear' },
  },
});

/**
 * hls.js for live peer-to-peer television.
 *
 * How far behind live to play is the playlist's business (HOLD-BACK, else three target durations):
 * neither `liveSyncDuration` nor `liveSyncDurationCount` is set, and nothing jumps to the live edge,
 * since chasing it trades seconds of latency for stalls.
 *
 * No CMCD: as a query it would make every segment address unique and defeat caches, as headers it
 * would add a preflight to every request where the page is hosted elsewhere.
 */
export function hlsConfig(workerPath: string, small: boolean, withCredentials: boolean): Partial<HlsConfig> {
  return {
    // The password of a server elsewhere. Where the server is this page's own, browsers send it anyway.
    ...(withCredentials && { xhrSetup: (xhr: XMLHttpRequest) => void (xhr.withCredentials = true) }),
    workerPath, // without it, hls.js as a module demultiplexes on the page's own thread
    lowLatencyMode: true, // the catch-up below acts only then; harmless without parts
    maxLiveSyncPlaybackRate: 1.05,
    liveSyncMode: 'buffered',
    liveDurationInfinity: true,
    startOnSegmentBoundary: true,
    backBufferLength: small ? 20 : 60,
    maxBufferLength: 30,
    maxMaxBufferLength: 90,
    maxBufferSize: (small ? 30 : 60) * 1e6,
    nudgeMaxRetry: 5,
    // The server holds the first playlist back up to 20 s until there is a segment.
    manifestLoadPolicy: policy(25_000, 30_000, 6),
    playlistLoadPolicy: policy(8_000, 12_000, 8),
    fragLoadPolicy: policy(6_000, 15_000, 4),
  };
}
