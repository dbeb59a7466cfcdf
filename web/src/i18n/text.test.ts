import { setupI18n } from '@lingui/core';
import { expect, it } from 'vitest';
import en from './en.json';
import es from './es.json';
import fr from './fr.json';
import { LOCALES, preferredLocale } from './text';

const CATALOGUES = { en, fr, es };
const KEYS = Object.keys(en);

/** The names of the values in a compiled message, and in the plurals within it. */
function values(message: unknown): string[] {
  if (!Array.isArray(message)) return [];
  return message.flatMap((part: unknown) => {
    if (!Array.isArray(part)) return [];
    const inner = Object.values(part[2] ?? {}).flatMap(values);
    return [String(part[0]), ...inner];
  });
}

const used = (catalogue: Record<string, unknown>, key: string) => [...new Set(values(catalogue[key]))].filter((v) => v !== '#').toSorted();

it('has every message in every language', () => {
  for (const locale of LOCALES) expect(Object.keys(CATALOGUES[locale])).toEqual(KEYS);
});

it('uses the same values in every language', () => {
  for (const key of KEYS) {
    expect(used(fr, key), `fr ${key}`).toEqual(used(en, key));
    expect(used(es, key), `es ${key}`).toEqual(used(en, key));
  }
});

it('counts as each language counts', () => {
  const say = (locale: 'en' | 'fr', count: number) =>
    setupI18n({ locale, messages: { [locale]: CATALOGUES[locale] } })._('player.findingPeers', { count });

  expect([0, 1, 2].map((n) => say('en', n))).toEqual([
    'Looking for peers…',
    '1 peer found, looking for more…',
    '2 peers found, looking for more…',
  ]);
  expect([0, 1, 2].map((n) => say('fr', n))).toEqual([
    'Recherche de pairs…',
    '1 pair trouvé, la recherche continue…',
    '2 pairs trouvés, la recherche continue…',
  ]);
});

it('takes the first of the reader’s languages that it speaks, English otherwise', () => {
  expect(preferredLocale(['fr-CA', 'en'])).toBe('fr');
  expect(preferredLocale(['de', 'es-419', 'fr'])).toBe('es');
  expect(preferredLocale(['de'])).toBe('en');
  expect(preferredLocale([])).toBe('en');
});
