import { expect, it } from 'vitest';
import { hlsConfig } from './hlsConfig';
import { addresses, profileOf } from './source';

const GIVEN = 'https://tv.example/api/stream/abc/playlist.m3u8';
const config = (profile: Parameters<typeof hlsConfig>[1]['profile']) =>
  hlsConfig('/worker.js', { profile, small: false, withCredentials: false });

it('plays the low-latency playlist of the profile, and waits for that one', () => {
  expect(addresses(GIVEN, 'smooth', false)).toEqual({
    awaited: 'https://tv.example/api/stream/abc/live.m3u8?profile=smooth',
    played: 'https://tv.example/api/stream/abc/index.m3u8?profile=smooth',
  });
});

it('begins early where little is held back', () => {
  expect(addresses(GIVEN, 'fast', false)).toEqual({
    awaited: 'https://tv.example/api/stream/abc/live.m3u8?profile=fast&early=true',
    played: 'https://tv.example/api/stream/abc/index.m3u8?profile=fast&early=true',
  });
  expect(profileOf(addresses(GIVEN, 'fast', false).played)).toBe('fast');
});

it('leaves plain HLS to a browser that plays it itself', () => {
  expect(addresses(GIVEN, 'fast', true)).toEqual({ awaited: GIVEN, played: GIVEN });
});

it('finds the profile in an address of ours alone', () => {
  expect(profileOf('/api/stream/abc/index.m3u8?profile=fast')).toBe('fast');
  expect(profileOf('https://example.com/live.m3u8?profile=high')).toBeNull();
  expect(profileOf(GIVEN)).toBeNull();
});

it('leaves the distance from live to the playlist, and lets hls.js catch up only where it can', () => {
  for (const profile of ['fast', 'balanced', 'smooth', 'solid', null] as const) {
    expect(Object.keys(config(profile)).filter((key) => /^liveSyncDuration|^liveMaxLatency/.test(key))).toEqual([]);
  }
  expect(config('fast')).toMatchObject({ maxLiveSyncPlaybackRate: 1, maxBufferLength: 20, startOnSegmentBoundary: false });
  expect(config('balanced')).toMatchObject({ maxLiveSyncPlaybackRate: 1.05, maxBufferLength: 30, lowLatencyMode: true });
  expect(config('solid')).toMatchObject({ maxLiveSyncPlaybackRate: 1.05, maxBufferLength: 60 });
  expect(config(null)).toMatchObject({ maxLiveSyncPlaybackRate: 1.05, handleMpegTsVideoIntegrityErrors: 'process' });
});
