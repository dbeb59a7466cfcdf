import { expect, it } from 'vitest';
import { actionFor, isTaken } from './keys';

const press = (key: string, more: object = {}) => ({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });

it('knows the keys of keyboards and remotes', () => {
  const keys = [' ', 'MediaPlayPause', 'ArrowUp', 'PageDown', 'ChannelUp', 'End', 'K', 'm', 'x'];

  expect(keys.map((key) => actionFor(press(key), true))).toEqual([
    'toggle',
    'toggle',
    'louder',
    'next',
    'next',
    'live',
    'toggle',
    'mute',
    null,
  ]);
});

it('leaves single letters alone when they are no shortcuts, and the browser’s own shortcuts always', () => {
  expect(actionFor(press('k'), false)).toBeNull();
  expect(actionFor(press(' '), false)).toBe('toggle');
  expect(actionFor(press('f', { ctrlKey: true }), true)).toBeNull();
  expect(actionFor(press('ArrowLeft', { altKey: true }), true)).toBeNull();
});

it('leaves a key to the element that uses it', () => {
  document.body.innerHTML =
    '<input id="text"><input id="slider" type="range"><button id="button"></button><div role="listbox" id="list"></div><p id="p"></p>';
  const taken = (id: string, key: string) => isTaken(document.getElementById(id), key);

  expect([taken('text', 'k'), taken('text', ' ')]).toEqual([true, true]);
  expect([taken('slider', 'ArrowLeft'), taken('slider', 'm')]).toEqual([true, false]);
  expect([taken('button', ' '), taken('button', 'ArrowUp')]).toEqual([true, false]);
  expect([taken('list', 'ArrowDown'), taken('list', 'PageDown'), taken('list', 'm')]).toEqual([true, true, false]);
  expect([taken('p', ' '), isTaken(null, ' ')]).toEqual([false, false]);
});
