import type { Channel } from '~/api/client';
import { folded } from '~/lib/format';

/** A channel with its place in the playlist and its text made ready for searching. */
export interface Entry {
  channel: Channel;
  /** Its number in the playlist, from 1. */
  number: number;
  text: string;
}

export const entries = (channels: readonly Channel[]): Entry[] =>
  channels.map((channel, i) => ({ channel, number: i + 1, text: folded(`${channel.name} ${channel.group ?? ''}`) }));

/** Those of `group` (null is all) in whose text every word of `query` occurs, in their order. */
export function matching(all: readonly Entry[], query: string, group: string | null): Entry[] {
  const words = folded(query).split(/\s+/).filter((w) => w !== '');
  if (words.length === 0 && group === null) return [...all];
  return all.filter(
    ({ channel, text }) => (group === null || channel.group === group) && words.every((word) => text.includes(word)),
  );
}

/** The groups of a playlist in the order they appear. */
export function groupsOf(channels: readonly Channel[]): string[] {
  return [...new Set(channels.flatMap((c) => (c.group ? [c.group] : [])))];
}

/** Two links to the same thing to watch. */
export const isSame = (channel: Channel, hash: string | null, url: string | null): boolean =>
  hash === null ? url !== null && channel.hash === null && channel.url === url : channel.hash === hash;
