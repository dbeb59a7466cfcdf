import { expect, it } from 'vitest';
import { bitrate, hue, monogram } from './format';

it('writes bytes a second as bits a second, in the reader’s number format', () => {
  expect(bitrate(725_000, 'en')).toBe('5.8 Mb/s');
  expect(bitrate(725_000, 'fr')).toBe('5,8 Mb/s');
  expect(bitrate(15_000, 'en')).toBe('120 kb/s');
  expect(bitrate(0, 'en')).toBe('0 kb/s');
});

it('makes initials of any name', () => {
  expect(monogram('ES: Canal Deporte 1')).toBe('CD1');
  expect(monogram('Arte')).toBe('ART');
  expect(monogram('TV 24 horas')).toBe('T24H');
  expect(monogram('  ')).toBe('?');
  expect(monogram('电视台')).toBe('电视台');
});

it('gives a name the same hue every time', () => {
  expect(hue('News')).toBe(hue('News'));
  expect(hue('News')).not.toBe(hue('Sport'));
});
