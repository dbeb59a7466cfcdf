import { PROFILES, type Profile } from '~/platform/preferences';

/** Seconds that each profile stays behind live, which the server sees to, and the most that it loads ahead. */
export const BUFFERS: Record<Profile, { holdBack: number; maxBuffer: number }> = {
  fast: { holdBack: 0.96, maxBuffer: 20 },
  balanced: { holdBack: 12, maxBuffer: 30 },
  smooth: { holdBack: 20, maxBuffer: 45 },
  solid: { holdBack: 30, maxBuffer: 60 },
};

/** Where a stream is played, of the playlist's address that the server gave. */
export interface Addresses {
  /** The playlist that the server holds back until there is enough to begin with. */
  awaited: string;
  /** What the player opens. */
  played: string;
}

/** The one place that knows which playlist is for whom. A browser's own player gets plain HLS, which each of them plays. */
export function addresses(streamUrl: string, profile: Profile, native: boolean): Addresses {
  if (native) return { awaited: streamUrl, played: streamUrl };
  const query = profile === 'fast' ? 'profile=fast&early=true' : `profile=${profile}`; // which `beginEarly` is there for
  const of = (file: string) => streamUrl.replace(/playlist\.m3u8(?=$|\?)/, `${file}?${query}`);
  return { awaited: of('live.m3u8'), played: of('index.m3u8') };
}

/** The profile of an address that `addresses` gave; null for any other playlist. */
export function profileOf(url: string): Profile | null {
  const named = new URL(url, location.href).searchParams.get('profile');
  return PROFILES.find((profile) => profile === named) ?? null;
}
