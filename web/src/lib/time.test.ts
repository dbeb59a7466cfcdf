import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { backoff, Bell, wait } from './time';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('waits 1-2-4-8-15 s and no longer, a fifth more or less', () => {
  expect([0, 1, 2, 3, 4, 9].map((n) => backoff(n, () => 0.5))).toEqual([1000, 2000, 4000, 8000, 15000, 15000]);
  expect([backoff(0, () => 0), backoff(0, () => 1)]).toEqual([800, 1200]);
});

it('ends a wait when the bell rings, and says so', async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  const both = Promise.all([bell.wait(1000, signal), bell.wait(9000, signal)]);

  await vi.advanceTimersByTimeAsync(1000);
  bell.ring();

  expect(await both).toEqual([false, true]);
  expect(vi.getTimerCount()).toBe(0);
});

it('ends a wait with the reason of its signal', async () => {
  const stop = new AbortController();
  const waiting = wait(1000, stop.signal).catch((error: unknown) => error);

  stop.abort('enough');

  expect(await waiting).toBe('enough');
  await expect(wait(1000, stop.signal)).rejects.toBe('enough');
  expect(vi.getTimerCount()).toBe(0);
});
