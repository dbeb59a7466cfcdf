import type Hls from 'hls.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Playback, type PlaybackEvent } from './playback';

const URL = '/api/stream/abc/playlist.m3u8';

/** hls.js as far as `Playback` sees it. */
class FakeHls {
  static made: FakeHls[] = [];
  static readonly Events = { ERROR: 'error', FRAG_BUFFERED: 'buffered', LEVEL_UPDATED: 'listed', BUFFER_FLUSHING: 'flushing', DESTROYING: 'destroying' };
  static readonly isSupported = () => true;
  readonly config: object;
  readonly attachMedia = vi.fn<Hls['attachMedia']>();
  readonly loadSource = vi.fn<Hls['loadSource']>();
  readonly startLoad = vi.fn<Hls['startLoad']>();
  readonly recoverMediaError = vi.fn<Hls['recoverMediaError']>();
  readonly destroy = vi.fn<Hls['destroy']>();
  readonly trigger = vi.fn<(event: string, data: object) => void>();
  readonly once = vi.fn<Hls['once']>();
  targetLatency = 1;
  latency = 1;
  readonly latestLevelDetails = { edge: 60, live: true, partHoldBack: 1 };
  readonly #listeners: { event: string; listener: (event: string, data: object) => void }[] = [];

  constructor(config: object) {
    this.config = config;
    FakeHls.made.push(this);
  }

  on(event: string, listener: (event: string, data: object) => void) {
    this.#listeners.push({ event, listener });
  }

  tell(event: string, data: object = {}) {
    for (const known of this.#listeners) if (known.event === event) known.listener(event, data);
  }

  fail(data: object) {
    this.tell('error', data);
  }
}

const newest = () => {
  const hls = FakeHls.made.at(-1);
  if (hls === undefined) throw new Error('no hls.js was made');
  return hls;
};

let video: HTMLVideoElement;
let events: PlaybackEvent[];
let playback: Playback;
let play: ReturnType<typeof vi.fn<HTMLVideoElement['play']>>;

const settle = () => vi.advanceTimersByTimeAsync(0);
const seconds = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);
const happens = (type: string) => video.dispatchEvent(new Event(type));
const kinds = () => events.map((event) => event.type);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  FakeHls.made = [];
  events = [];
  video = document.createElement('video');
  play = vi.fn<HTMLVideoElement['play']>().mockResolvedValue();
  Object.defineProperties(video, {
    play: { value: play },
    load: { value: () => undefined },
    paused: { value: false, writable: true },
    videoWidth: { value: 640, writable: true },
  });
  const still = document.createElement('canvas');
  Object.defineProperty(still, 'getContext', { value: () => ({ drawImage: () => undefined }) });
  const engine: unknown = { Hls: FakeHls, workerPath: '/assets/hls.worker.js' };
  const load = () => Promise.resolve(engine);
  playback = Reflect.construct(Playback, [video, still, (event: PlaybackEvent) => events.push(event), load]);
  playback.attach(URL);
  await settle();
});

afterEach(() => {
  playback.destroy();
  vi.useRealTimers();
});

it('plays with hls.js in a worker, and leaves the latency to the playlist', () => {
  expect(newest().loadSource).toHaveBeenCalledWith(URL);
  expect(newest().attachMedia).toHaveBeenCalledWith(video);
  expect(play).toHaveBeenCalledTimes(1);
  expect(newest().config).toMatchObject({ workerPath: '/assets/hls.worker.js', lowLatencyMode: true });
  expect(newest().config).not.toHaveProperty('liveSyncDurationCount');
});

it('asks another origin with a password only where it was told to', async () => {
  expect(newest().config).not.toHaveProperty('xhrSetup');

  playback.attach(URL, true);
  await settle();

  const asked = { withCredentials: false };
  const { xhrSetup }: { xhrSetup?: (xhr: typeof asked) => void } = newest().config;
  xhrSetup?.(asked);
  expect(asked.withCredentials).toBe(true);
});

/** What is buffered, and where the picture is. */
function hold(start: number, end: number, currentTime: number) {
  const buffered = { length: 1, start: () => start, end: () => end };
  Object.defineProperties(video, { buffered: { value: buffered, configurable: true }, currentTime: { value: currentTime, configurable: true } });
}

it('drops what was played a minute ago right behind a part that came', () => {
  hold(0, 66, 65);
  newest().tell('buffered');
  expect(newest().trigger).not.toHaveBeenCalled();

  hold(0, 73, 71);
  newest().tell('buffered');
  expect(newest().trigger).toHaveBeenCalledExactlyOnceWith('flushing', { startOffset: 0, endOffset: 11, type: null });
});

it('hurries in the fast profile alone, until it is in time', async () => {
  hold(0, 11, 10);
  newest().latency = 1.5;
  happens('timeupdate');
  expect(video.playbackRate).toBe(1);

  playback.attach(`${URL}?profile=fast`);
  await settle();
  newest().latency = 1.5;
  happens('timeupdate');
  expect(video.playbackRate).toBe(1.15);

  newest().latency = 1.05;
  happens('timeupdate');
  expect(video.playbackRate).toBe(1);
});

it('takes its time in the fast profile until it holds back what the playlist asks for, not what stalls add to that', async () => {
  hold(0, 11, 10);
  playback.attach(`${URL}?profile=fast`);
  await settle();
  const rateAt = (latency: number) => {
    newest().latency = latency;
    happens('timeupdate');
    return video.playbackRate;
  };

  newest().targetLatency = 2;
  expect(rateAt(0.8)).toBe(0.95);
  expect(rateAt(1.2)).toBe(1);
  expect(rateAt(0.8)).toBe(0.95);
  newest().latestLevelDetails.live = false;
  expect(rateAt(0.8)).toBe(1);
});

it('begins where the list begins if that is less than to be held back, and holds it back later', async () => {
  const listed = (edge: number) => ({ details: { partList: [{ start: 7, gap: true }, { start: 8 }], partHoldBack: 1, edge } });
  playback.attach(`${URL}?profile=fast`);
  await settle();
  const { once, targetLatency } = newest();
  const lists = once.mock.calls.filter(([event]) => `${event}` === 'listed').map(([, listener]) => listener);

  for (const listener of lists) Reflect.apply(listener, null, ['listed', listed(9)]);
  expect(newest().targetLatency).toBe(targetLatency);

  for (const listener of lists) Reflect.apply(listener, null, ['listed', listed(8.6)]);
  expect(newest().targetLatency).toBeCloseTo(0.6);
  happens('loadeddata');
  expect(newest().targetLatency).toBe(1);
});

it('loads little more than the first frame before it is there', () => {
  expect(newest().config).toMatchObject({ maxMaxBufferLength: 1 });

  happens('loadeddata');
  expect(newest().config).toMatchObject({ maxMaxBufferLength: 90 });
});

it('loads on where a decoder wants more than that for its first frame', async () => {
  happens('loadedmetadata');
  await seconds(0.2);
  expect(newest().config).toMatchObject({ maxMaxBufferLength: 1 });

  await seconds(0.2);
  expect(newest().config).toMatchObject({ maxMaxBufferLength: 90 });
});

describe('a stream that is prepared', () => {
  let wanted: AbortController;

  beforeEach(async () => {
    playback.detach(false);
    play.mockClear();
    wanted = new AbortController();
    playback.prepare(URL, false, wanted.signal);
    await settle();
  });

  it('is loaded at once, and plays once it is attached', async () => {
    expect(newest().loadSource).toHaveBeenCalledWith(URL);
    expect(play).not.toHaveBeenCalled();

    playback.attach(URL);
    wanted.abort();
    await settle();

    expect(play).toHaveBeenCalledTimes(1);
    expect(FakeHls.made).toHaveLength(2); // the one of `beforeEach`, and this
    expect(newest().destroy).not.toHaveBeenCalled();
  });

  it('plays also when it is attached before the script is there', async () => {
    playback.detach(false);
    playback.prepare(URL, false, wanted.signal);
    playback.attach(URL);
    await settle();

    expect(play).toHaveBeenCalledTimes(1);
  });

  it('begins anew when it failed meanwhile, of which nothing is said', async () => {
    const prepared = newest();
    prepared.fail({ type: 'networkError', fatal: true, details: 'manifestLoadError', response: { code: 502 } });
    expect(prepared.destroy).toHaveBeenCalledTimes(1);
    expect(kinds()).toEqual([]);

    playback.attach(URL);
    await settle();
    expect(newest()).not.toBe(prepared);
    expect(newest().loadSource).toHaveBeenCalledWith(URL);
  });

  it('gives way to another address', async () => {
    const prepared = newest();
    playback.attach(`${URL}?profile=fast`);
    await settle();

    expect(prepared.destroy).toHaveBeenCalledTimes(1);
    expect(newest().loadSource).toHaveBeenCalledWith(`${URL}?profile=fast`);
  });

  it('is loaded no longer when nobody wants it any more', () => {
    wanted.abort();

    expect(newest().destroy).toHaveBeenCalledTimes(1);
  });

  it('never takes the place of what plays', async () => {
    playback.attach(URL);
    playback.prepare('/api/stream/other/playlist.m3u8', false, wanted.signal);
    await settle();

    expect(newest().loadSource).toHaveBeenCalledExactlyOnceWith(URL);
  });
});

describe('a picture that waits', () => {
  beforeEach(() => {
    happens('playing');
    events = [];
  });

  it('says nothing for a second', async () => {
    happens('waiting');
    await seconds(0.9);
    happens('playing');
    await seconds(5);

    expect(kinds()).toEqual(['moving']);
  });

  it('is told and pushed after a second, pushed again after eight, given up after fifteen', async () => {
    happens('waiting');

    await seconds(0.9);
    expect(newest().startLoad).not.toHaveBeenCalled();

    await seconds(0.1);
    expect(kinds()).toEqual(['stalled']);
    expect(newest().startLoad).toHaveBeenCalledTimes(1);

    await seconds(7);
    expect(newest().startLoad).toHaveBeenCalledTimes(2);

    await seconds(30);
    expect(newest().startLoad).toHaveBeenCalledTimes(2);
    expect(kinds().filter((kind) => kind === 'lost')).toHaveLength(1);
    expect(FakeHls.made).toHaveLength(1); // what to do about it, the session decides
  });

  it('is nobody’s fault while it is paused', async () => {
    happens('waiting');
    Object.assign(video, { paused: true });
    await seconds(60);

    expect(kinds()).toEqual([]);
  });
});

describe('errors of hls.js', () => {
  it('reports a request without an answer as trouble, and a fatal one as lost with its status', () => {
    newest().fail({ type: 'networkError', fatal: false, details: 'levelLoadError' });
    newest().fail({ type: 'networkError', fatal: false, details: 'fragLoadError', response: { code: 404 } });
    newest().fail({ type: 'networkError', fatal: true, details: 'manifestLoadError', response: { code: 502 } });

    expect(events).toEqual([{ type: 'trouble' }, { type: 'lost', status: 502 }]);
  });

  it('repairs damaged media once, begins anew, then says so: three strikes', async () => {
    const damage = { type: 'mediaError', fatal: true, details: 'bufferAppendError' };
    const [first] = FakeHls.made;

    newest().fail(damage);
    expect(first?.recoverMediaError).toHaveBeenCalledTimes(1);

    newest().fail(damage);
    await settle();
    expect(FakeHls.made).toHaveLength(2);
    expect(first?.destroy).toHaveBeenCalledTimes(1);

    newest().fail(damage);
    await seconds(20);
    expect(events).toContainEqual({ type: 'broken', cause: 'media', detail: 'bufferAppendError' });
    expect(FakeHls.made).toHaveLength(2);
  });

  describe('that the browser cannot decode', () => {
    const reset = { type: 'mediaError', fatal: false, details: 'mediaSourceRequiresReset' };

    it('goes on where hls.js has repaired it, since the browser has paused it', () => {
      play.mockClear();

      newest().fail(reset);

      expect(play).toHaveBeenCalledTimes(1);
      expect(newest().recoverMediaError).not.toHaveBeenCalled();
    });

    it('is given up where nothing plays in between, not where it does', async () => {
      happens('playing');
      for (let repairs = 0; repairs < 4; repairs += 1) {
        newest().fail(reset);
        await seconds(11);
      }
      expect(kinds()).not.toContain('broken');

      for (let repairs = 0; repairs < 3; repairs += 1) newest().fail(reset);
      expect(events).toContainEqual({ type: 'broken', cause: 'media', detail: 'mediaSourceRequiresReset' });
    });
  });

  it('gives up at once on a codec', () => {
    newest().fail({ type: 'mediaError', fatal: true, details: 'bufferAddCodecError' });

    expect(events).toEqual([{ type: 'broken', cause: 'codec', detail: 'bufferAddCodecError' }]);
  });

  it('listens no longer to one that was replaced', async () => {
    const [old] = FakeHls.made;
    playback.reload();
    await settle();

    old?.fail({ type: 'networkError', fatal: true, details: 'levelLoadError' });

    expect(kinds()).toEqual([]);
  });
});

it('reports a start that never comes as lost', async () => {
  await seconds(29);
  expect(kinds()).toEqual([]);

  await seconds(2);
  expect(kinds()).toEqual(['lost']);
});

it('notices that what plays has no picture', async () => {
  Object.assign(video, { videoWidth: 0 });
  happens('playing');
  await seconds(4);

  expect(kinds()).toEqual(['moving', 'noPicture']);
});

it('plays silently where the browser allows nothing else, and asks for a tap where not even that', async () => {
  const refused = new DOMException('', 'NotAllowedError');
  play.mockRejectedValueOnce(refused).mockResolvedValueOnce();
  await playback.play();
  expect(video.muted).toBe(true);

  play.mockRejectedValue(refused);
  await playback.play();
  expect(kinds()).toEqual(['muted', 'blocked']);
});
