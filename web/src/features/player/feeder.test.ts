import type Hls from 'hls.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Feeder } from './feeder';

const EVENTS = { LEVEL_UPDATED: 'listed', FRAG_BUFFERED: 'buffered' };

let video: HTMLVideoElement;
let feeder: Feeder;
let listeners: Map<string, (event: string, data: object) => void>;
let hls: { startLoad: ReturnType<typeof vi.fn<Hls['startLoad']>>; latestLevelDetails: object | null; on(event: string, listener: () => void): void };
let seeks: number[];
let isSeeking: boolean;

/** The picture at 32.8 s is the last that there is: a part of the segment from 32 to 36 s. */
beforeEach(() => {
  vi.useFakeTimers();
  [listeners, seeks, isSeeking] = [new Map(), [], false];
  hls = { startLoad: vi.fn<Hls['startLoad']>(), latestLevelDetails: null, on: (event, listener) => void listeners.set(event, listener) };
  const buffered = { length: 1, start: () => 0, end: () => 33 };
  video = Object.create(null, {
    buffered: { value: buffered },
    seeking: { get: () => isSeeking },
    currentTime: {
      get: () => 32.8,
      set: (time: number) => {
        seeks.push(time);
      },
    },
  });
  feeder = Reflect.construct(Feeder, [hls, EVENTS, video]);
});

afterEach(() => vi.useRealTimers());

const starves = (seconds: number) => {
  for (let half = 0; half < 2 * seconds; half += 1) {
    feeder.starves();
    vi.advanceTimersByTime(500);
  }
};
const span = (start: number, end: number) => ({ start, end });
const lists = (parts: { start: number; end: number }[] | null) =>
  listeners.get('listed')?.('listed', { details: { fragments: [span(28, 32), span(32, 36), span(36, 40)], partList: parts } });

it('leaves the loader alone as long as there is nothing to load', () => {
  hls.latestLevelDetails = { edge: 33.3 };

  starves(60);

  expect(hls.startLoad).not.toHaveBeenCalled();
});

it('pushes the loader that does nothing about what is listed, after one second and after eight', () => {
  starves(20);
  hls.latestLevelDetails = { edge: 48 };

  starves(1);
  expect(hls.startLoad).not.toHaveBeenCalled();
  starves(1);
  expect(hls.startLoad).toHaveBeenCalledTimes(1);
  starves(60);
  expect(hls.startLoad).toHaveBeenCalledTimes(2);
});

it('begins to count anew when the picture moved meanwhile', () => {
  hls.latestLevelDetails = { edge: 48 };
  starves(1);
  feeder.isFed();

  starves(1);

  expect(hls.startLoad).not.toHaveBeenCalled();
});

it('has a segment loaded at once whose other parts are listed no more, and once only', () => {
  feeder.starves();

  lists([span(36, 36.32), span(36.32, 36.64)]);
  lists([span(36.32, 36.64)]);

  expect(hls.startLoad).toHaveBeenCalledTimes(1);
});

it('lets the loader load what is listed', () => {
  feeder.starves();

  lists([span(32.9, 33.22), span(33.22, 33.54)]);
  lists([]);
  lists(null);

  expect(hls.startLoad).not.toHaveBeenCalled();
});

it('lets the loader of a picture that moves alone', () => {
  lists([span(36, 36.32)]);

  expect(hls.startLoad).not.toHaveBeenCalled();
});

it('leaves the loader alone that loads what somebody sought to', () => {
  isSeeking = true;
  feeder.starves();

  lists([span(36, 36.32)]);

  expect(hls.startLoad).not.toHaveBeenCalled();
});

it('still pushes the loader that does nothing about the segment it was to load anew', () => {
  hls.latestLevelDetails = { edge: 48 };
  feeder.starves();
  lists([span(36, 36.32)]);

  starves(8.5);

  expect(hls.startLoad).toHaveBeenCalledTimes(2);
});

it('counts from the time at which there is more than is loaded', () => {
  hls.latestLevelDetails = { edge: 48 };
  feeder.starves();
  vi.advanceTimersByTime(900);
  hls.latestLevelDetails = { edge: 33.3 };
  starves(5);
  hls.latestLevelDetails = { edge: 48 };
  feeder.starves();
  vi.advanceTimersByTime(900);
  feeder.starves();

  expect(hls.startLoad).not.toHaveBeenCalled();
});

const isBuffered = (start: number, end: number, part: object | null = null) =>
  listeners.get('buffered')?.('buffered', { frag: span(start, end), part });

it('seeks to where the picture stands once the segment there was loaded anew', () => {
  isBuffered(32, 36);
  feeder.starves();
  lists([span(36, 36.32)]);
  isBuffered(32, 36, {});
  expect(seeks).toEqual([]);

  isBuffered(32, 36);
  isBuffered(32, 36);

  expect(seeks).toEqual([32.8]);
});

it('does not seek when another segment came, as somebody sought there meanwhile', () => {
  feeder.starves();
  lists([span(36, 36.32)]);

  isBuffered(28, 32);
  isBuffered(32, 36);

  expect(seeks).toEqual([]);
});
