import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Feed, type Source } from './feed';

class FakeSource extends EventTarget implements Source {
  readonly close = vi.fn<() => void>();
}

let opened: FakeSource[];
let rung: ReturnType<typeof vi.fn<() => void>>;
let feed: Feed;

const seconds = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);
const say = (event: object) =>
  opened.at(-1)?.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(event) }));
const fail = () => opened.at(-1)?.dispatchEvent(new Event('error'));
const hide = (hidden: boolean) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  opened = [];
  rung = vi.fn<() => void>();
  const open = () => {
    const source = new FakeSource();
    opened.push(source);
    return source;
  };
  feed = new Feed(open, rung);
});

afterEach(() => {
  feed.close();
  hide(false);
  vi.useRealTimers();
});

it('knows the newest of what was told, until that is too old to count', async () => {
  expect(feed.latest()).toBeUndefined();

  say({ type: 'state', streams: [{ phase: 'prebuffering', peers: 3 }], engine: { state: 'up' } });
  say({ type: 'stream', phase: 'live', peers: 5, ready_s: 12, bitrate_bps: 8000 });
  expect(feed.latest()).toMatchObject({ phase: 'live', peers: 5, ready: 12, bitrate: 1000 });
  expect(rung).toHaveBeenCalledTimes(2);

  await seconds(6);
  expect(feed.latest()).toBeUndefined();
});

it('tells a stream that nobody plays from one of which nothing is known', () => {
  say({ type: 'state', streams: [], engine: { state: 'down' } });

  expect(feed.latest()).toBeNull();
  expect(feed.engine).toBe('down');
});

it('knows nothing of the engine once the connection broke', () => {
  say({ type: 'state', streams: [], engine: { state: 'down' } });

  fail();

  expect(feed.engine).toBe('unknown');
});

it('passes over what it does not understand', () => {
  opened[0]?.dispatchEvent(new MessageEvent('message', { data: '<html>' }));
  say({ type: 'job', percent: 3 });

  expect(feed.latest()).toBeUndefined();
});

it('comes again after a break, later each time, and forgets what it knew', async () => {
  say({ type: 'state', streams: [], engine: { state: 'up' } });
  fail();
  expect(feed.latest()).toBeUndefined();
  expect(opened[0]?.close).toHaveBeenCalled();

  await seconds(1);
  expect(opened).toHaveLength(2);
  fail();
  await seconds(1);
  expect(opened).toHaveLength(2);
  await seconds(1);
  expect(opened).toHaveLength(3);
});

it('holds no connection for a page that nobody sees', () => {
  hide(true);
  expect(opened[0]?.close).toHaveBeenCalled();
  expect(opened).toHaveLength(1);

  hide(false);
  expect(opened).toHaveLength(2);
});

it('ends for good', async () => {
  fail();
  feed.close();
  await seconds(60);
  hide(false);

  expect(opened).toHaveLength(1);
});
