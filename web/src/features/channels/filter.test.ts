import { expect, it } from 'vitest';
import type { Channel } from '~/api/client';
import { entries, groupsOf, isSame, matching } from './filter';

const channel = (name: string, group: string | null, hash: string | null = null): Channel => ({
  name,
  group,
  hash,
  id: null,
  logo: null,
  url: `http://example.com/${name}`,
});

const LIST = [channel('Télé Matin', 'News'), channel('Canal Deporte', 'Sport'), channel('News One', 'News')];
const names = (found: { channel: Channel }[]) => found.map((e) => e.channel.name);

it('finds words without regard to accents, case or order, in names and groups', () => {
  const all = entries(LIST);

  expect(names(matching(all, 'tele', null))).toEqual(['Télé Matin']);
  expect(names(matching(all, 'ONE news', null))).toEqual(['News One']);
  expect(names(matching(all, 'news', null))).toEqual(['Télé Matin', 'News One']);
  expect(names(matching(all, 'opera', null))).toEqual([]);
});

it('keeps the number that a channel has in its playlist', () => {
  expect(matching(entries(LIST), '', 'News').map((e) => e.number)).toEqual([1, 3]);
});

it('lists each group once, in the order of the playlist', () => {
  expect(groupsOf([...LIST, channel('Loose', null)])).toEqual(['News', 'Sport']);
});

it('knows a channel by its hash, or by its address where it has none', () => {
  expect(isSame(channel('A', null, 'abc'), 'abc', null)).toBe(true);
  expect(isSame(channel('A', null, 'abc'), 'abd', null)).toBe(false);
  expect(isSame(channel('A', null), null, 'http://example.com/A')).toBe(true);
  expect(isSame(channel('A', null), null, null)).toBe(false);
});
