import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refused, Unreachable, type Api, type Report } from '~/api/client';
import type { Source } from '~/api/feed';
import { problemOf } from '~/api/problem';
import { preferences } from '~/platform/preferences';
import { PlayerSession, type Media } from './session';
import type { Phase, Target } from './state';

class FakeSource extends EventTarget implements Source {
  readonly close = vi.fn<() => void>();
}

const HASH = 'd65257bb7856e13b718df1dfe65ee482d90dd384';
const NEWS: Target = { name: 'News', hash: HASH, url: null };
const PLAYLIST = `/api/stream/${HASH}/playlist.m3u8`;
const URL_OF_NEWS = `/api/stream/${HASH}/index.m3u8?profile=balanced`;

const STARTING: Report = {
  phase: 'starting',
  code: null,
  reason: null,
  startedAt: '2026-11-22T12:00:00Z',
  serviceName: null,
  tracks: [],
  peers: 0,
  speedDown: 0,
  speedUp: 0,
  viewers: 1,
  ready: 0,
  bitrate: null,
};
const LIVE: Report = {
  ...STARTING,
  phase: 'live',
  peers: 14,
  ready: 12,
  tracks: [
    { codec: 'h264', kind: 'video', language: null },
    { codec: 'aac', kind: 'audio', language: null },
  ],
};

function server() {
  return {
    base: '',
    withCredentials: false,
    health: vi.fn<Api['health']>().mockResolvedValue(),
    play: vi.fn<Api['play']>().mockResolvedValue({ streamUrl: PLAYLIST, isEmbed: false }),
    ready: vi.fn<Api['ready']>().mockResolvedValue(),
    events: vi.fn<Api['events']>().mockReturnValue(null),
    stream: vi.fn<Api['stream']>().mockResolvedValue(LIVE),
    playlists: vi.fn<Api['playlists']>(),
    channels: vi.fn<Api['channels']>(),
  };
}

const down = () => Promise.reject(new Unreachable('connection refused'));
const tenSeconds = () => new Promise<void>((over) => setTimeout(over, 10_000));
const seconds = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);

let api: ReturnType<typeof server>;
let session: PlayerSession;
let phases: Phase[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  api = server();
  session = new PlayerSession(api, (type) => !type.includes('ec-3') && !type.includes('hvc1') && !type.includes('hev1'));
  phases = [];
  session.subscribe(() => {
    const { phase } = session.now();
    if (phases.at(-1) !== phase) phases.push(phase);
  });
});

afterEach(() => {
  session.stop();
  vi.useRealTimers();
});

const media = (moving: boolean) => ({
  prepare: vi.fn<Media['prepare']>(),
  resume: vi.fn<Media['resume']>(),
  reload: vi.fn<Media['reload']>(),
  isMoving: vi.fn<Media['isMoving']>().mockReturnValue(moving),
  gauge: vi.fn<Media['gauge']>(),
});

async function playing() {
  session.tune(NEWS);
  await seconds(0.1);
  session.report({ type: 'moving' });
}

describe('starting', () => {
  it('goes from the health check to the picture, saying each step', async () => {
    api.ready.mockImplementation(() => new Promise((listed) => setTimeout(listed, 2500)));
    api.stream
      .mockResolvedValueOnce({ ...STARTING, phase: 'resolving' })
      .mockResolvedValueOnce({ ...STARTING, phase: 'prebuffering', peers: 3 })
      .mockResolvedValueOnce({ ...LIVE, phase: 'prebuffering', ready: 2 });

    session.tune(NEWS);
    await seconds(3.5);
    session.report({ type: 'moving' });

    expect(phases).toEqual([
      'checking',
      'opening',
      'engineStarting',
      'findingPeers',
      'prebuffering',
      'starting',
      'playing',
    ]);
    expect(api.play).toHaveBeenCalledWith(HASH, expect.anything());
    expect(session.now()).toMatchObject({ streamUrl: URL_OF_NEWS, backendReady: true, isEmbed: false });
  });

  it('gives the picture its address as soon as the server lists enough to begin with', async () => {
    let list: () => void = () => undefined;
    api.ready.mockReturnValue(new Promise((listed) => (list = listed)));
    api.stream.mockResolvedValue({ ...LIVE, ready: 3 });

    session.tune(NEWS);
    await seconds(5.5);
    expect(session.now()).toMatchObject({ phase: 'prebuffering', percent: 25, streamUrl: null });
    expect(api.ready).toHaveBeenCalledWith(`/api/stream/${HASH}/live.m3u8?profile=balanced`, expect.anything());

    list();
    await seconds(0);
    expect(session.now()).toMatchObject({ phase: 'starting', streamUrl: URL_OF_NEWS });
  });

  it('has the picture prepared while the server does not list enough yet, and no longer than that start is wanted', async () => {
    const picture = media(false);
    session.connect(picture);
    api.ready.mockReturnValue(new Promise(() => undefined));
    api.stream.mockResolvedValue(STARTING);

    session.tune(NEWS);
    await seconds(0);
    expect(session.now().streamUrl).toBeNull();
    expect(picture.prepare).toHaveBeenCalledExactlyOnceWith(URL_OF_NEWS, false, expect.any(AbortSignal));

    session.stop();
    expect(picture.prepare.mock.calls[0]?.[2].aborted).toBe(true);
  });

  it('starts with what is there when the hold-back takes too long to fill', async () => {
    api.ready.mockReturnValue(new Promise(() => undefined));
    api.stream.mockResolvedValue({ ...LIVE, ready: 2.5 });

    session.tune(NEWS);
    await seconds(22);

    expect(session.now().streamUrl).toBe(URL_OF_NEWS);
  });

  it('never shows a percentage that goes back', async () => {
    api.ready.mockReturnValue(new Promise(() => undefined));
    api.stream.mockResolvedValueOnce({ ...LIVE, ready: 9 }).mockResolvedValue({ ...LIVE, ready: 3 });

    session.tune(NEWS);
    await seconds(2.5);

    expect(session.now().percent).toBe(75);
  });

  it('ends what was before when another channel is chosen', async () => {
    await playing();
    const before = api.stream.mock.calls.length;

    session.tune({ name: 'Cup', hash: 'a'.repeat(40), url: null });
    await seconds(10);

    const asked = api.stream.mock.calls.slice(before).map(([hash]) => hash);
    expect(new Set(asked)).toEqual(new Set(['a'.repeat(40)]));
  });

  it('frames a channel that is a web page', async () => {
    api.play.mockResolvedValue({ streamUrl: 'https://example.com/embed', isEmbed: true });

    session.tune(NEWS);
    await seconds(1);

    expect(session.now()).toMatchObject({ phase: 'playing', isEmbed: true, streamUrl: 'https://example.com/embed' });
    expect(api.stream).not.toHaveBeenCalled();
  });

  it('plays a channel that is plain HLS without asking the server', async () => {
    session.tune({ name: 'Plain', hash: null, url: 'https://example.com/live.m3u8?t=1' });
    await seconds(1);

    expect(session.now()).toMatchObject({ phase: 'starting', streamUrl: 'https://example.com/live.m3u8?t=1' });
    expect(api.play).not.toHaveBeenCalled();
  });

  it('says that an address of another kind cannot be played here', async () => {
    session.tune({ name: 'Page', hash: null, url: 'https://example.com/live.ts' });
    await seconds(1);

    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'not_converted' } });
  });
});

describe('told by events', () => {
  const source = () => new FakeSource();
  const tell = (to: FakeSource, event: object) => to.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(event) }));
  const told = { type: 'stream', hash: HASH, phase: 'prebuffering', started_at: STARTING.startedAt, peers: 9, ready_s: 6 };

  it('shows what the server says as it says it, and asks no more', async () => {
    const events = source();
    api.events.mockReturnValue(events);
    api.ready.mockReturnValue(new Promise(() => undefined));
    api.stream.mockResolvedValue(STARTING);
    session.tune(NEWS);
    await seconds(0);
    tell(events, { type: 'state', streams: [told], engine: { state: 'up' } });
    await seconds(0);
    const asked = api.stream.mock.calls.length;

    tell(events, { ...told, ready_s: 9, peers: 11 });
    await seconds(4);

    expect(session.now()).toMatchObject({ phase: 'prebuffering', percent: 75, report: { peers: 11 } });
    expect(api.stream).toHaveBeenCalledTimes(asked);
  });

  it('asks again when nothing is told any more', async () => {
    const events = source();
    api.events.mockReturnValue(events);
    await playing();
    tell(events, { type: 'state', streams: [{ ...told, phase: 'live' }], engine: { state: 'up' } });
    await seconds(1);
    const asked = api.stream.mock.calls.length;

    await seconds(8);

    expect(api.stream.mock.calls.length).toBeGreaterThan(asked);
  });

  it('has the server start a stream again that is no longer there', async () => {
    const events = source();
    api.events.mockReturnValue(events);
    await playing();

    tell(events, { type: 'state', streams: [], engine: { state: 'up' } });
    await seconds(0);

    expect(api.play).toHaveBeenCalledTimes(2);
    expect(events.close).toHaveBeenCalled();
  });

  it('knows that the engine is gone', async () => {
    const events = source();
    api.events.mockReturnValue(events);
    await playing();
    tell(events, { type: 'state', streams: [{ ...told, phase: 'reconnecting' }], engine: { state: 'up' } });

    tell(events, { type: 'engine', state: 'down' });
    await seconds(0);

    expect(session.now().engineDown).toBe(true);
  });

  it('listens to one channel at a time', async () => {
    const [first, second] = [source(), source()];
    api.events.mockReturnValueOnce(first).mockReturnValueOnce(second);
    await playing();

    session.tune({ name: 'Cup', hash: 'a'.repeat(40), url: null });
    await seconds(1);

    expect(first.close).toHaveBeenCalled();
    expect(second.close).not.toHaveBeenCalled();
    expect(api.events).toHaveBeenLastCalledWith('a'.repeat(40));
  });
});

describe('another buffer profile', () => {
  afterEach(() => preferences.set({ profile: 'balanced' }));

  it('goes on with its playlist, without a new start on the server', async () => {
    const stop = preferences.subscribe(session.changeProfile);
    await playing();

    preferences.set({ profile: 'fast' });
    stop();

    expect(session.now().streamUrl).toBe(`/api/stream/${HASH}/index.m3u8?profile=fast&early=true`);
    expect(api.play).toHaveBeenCalledTimes(1);
  });
});

describe('codecs', () => {
  it('fails with the name of a video codec that this browser would show black', async () => {
    api.stream.mockResolvedValue({ ...LIVE, tracks: [{ codec: 'h265', kind: 'video', language: null }] });

    session.tune(NEWS);
    await seconds(1);

    expect(session.now()).toMatchObject({
      phase: 'failed',
      streamUrl: null,
      problem: { code: 'codec_video', values: { codec: 'HEVC' } },
    });
  });

  it('plays on without a sound that this browser cannot decode, and names it', async () => {
    const tracks = [...LIVE.tracks.slice(0, 1), { codec: 'eac3', kind: 'audio', language: null }];
    api.stream.mockResolvedValue({ ...LIVE, tracks });

    await playing();

    expect(session.now()).toMatchObject({ phase: 'playing', silentCodec: 'Dolby Digital Plus (E-AC-3)' });
  });

  it('takes a picture without size for a codec problem, unless the channel is radio', async () => {
    await playing();
    session.report({ type: 'noPicture' });
    await seconds(0.1);
    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'codec_video' } });

    api.stream.mockResolvedValue({ ...LIVE, tracks: LIVE.tracks.slice(1) });
    await playing();
    session.report({ type: 'noPicture' });
    await seconds(0.1);
    expect(session.now().phase).toBe('playing');
  });
});

describe('the server goes away', () => {
  it('takes one failed health check for a blip', async () => {
    api.health.mockImplementationOnce(down);

    session.tune(NEWS);
    await seconds(1.5);

    expect(phases).not.toContain('fallback');
    expect(session.now().streamUrl).toBe(URL_OF_NEWS);
  });

  it('shows the other ways after two failures, and tries at 1, 2, 4, 8, 15 and 15 seconds', async () => {
    api.health.mockImplementation(down);
    session.tune(NEWS);
    await seconds(1.1);
    expect(session.now()).toMatchObject({ phase: 'fallback', backendReady: false });

    const tries = [];
    for (let s = 0; s < 46; s += 1) {
      const before = api.health.mock.calls.length;
      await seconds(1);
      if (api.health.mock.calls.length > before) tries.push(s + 1);
    }

    expect(tries).toEqual([1, 3, 7, 15, 30, 45]);
  });

  it('plays the same channel by itself when the server is back', async () => {
    await playing();
    api.stream.mockImplementation(down);
    api.health.mockImplementation(down);
    await seconds(4);
    expect(session.now()).toMatchObject({ phase: 'fallback', backendReady: false, streamUrl: URL_OF_NEWS });

    api.health.mockResolvedValue();
    api.stream.mockResolvedValueOnce(null).mockResolvedValue({ ...LIVE, startedAt: '2026-11-22T12:05:00Z' });
    await seconds(5);
    session.report({ type: 'moving' });

    expect(api.play).toHaveBeenCalledTimes(2);
    expect(session.now()).toMatchObject({ phase: 'playing', backendReady: true, streamUrl: URL_OF_NEWS });
  });

  it('leaves the picture alone when the same stream is still there afterwards', async () => {
    const picture = media(true);
    session.connect(picture);
    await playing();
    api.stream.mockImplementationOnce(down).mockImplementationOnce(down);
    api.health.mockImplementationOnce(down);

    await seconds(6);

    expect(phases).toContain('fallback');
    expect(session.now()).toMatchObject({ phase: 'playing', backendReady: true });
    expect(api.play).toHaveBeenCalledTimes(1);
    expect(picture.resume).toHaveBeenCalledTimes(1);
    expect(picture.reload).not.toHaveBeenCalled();
  });

  it('asks for the held-back playlist again when it could not be reached for a moment', async () => {
    api.ready.mockImplementationOnce(down);
    api.stream.mockResolvedValue({ ...LIVE, ready: 3 });

    session.tune(NEWS);
    await seconds(2.5);

    expect(api.ready).toHaveBeenCalledTimes(2);
    expect(session.now().streamUrl).toBe(URL_OF_NEWS);
  });

  it('asks for the held-back playlist at once when the server is back', async () => {
    // A server that hangs first, so that the pauses of this question are not those of the health check.
    api.ready.mockImplementationOnce(() => tenSeconds().then(down)).mockImplementation(down);
    api.stream.mockImplementation(down);
    api.health.mockResolvedValueOnce().mockImplementation(down);
    session.tune(NEWS);
    await seconds(28);
    expect(session.now().phase).toBe('fallback');

    api.ready.mockReset().mockResolvedValue();
    api.health.mockResolvedValue();
    api.stream.mockResolvedValue({ ...LIVE, ready: 3 });
    await seconds(5);

    expect(api.ready).toHaveBeenCalledTimes(1);
    expect(session.now().streamUrl).toBe(URL_OF_NEWS);
  });

  it('begins anew when another stream runs under the same ID', async () => {
    await playing();
    api.stream.mockResolvedValue({ ...LIVE, startedAt: '2026-11-22T13:00:00Z' });

    await seconds(2.5);

    expect(api.play).toHaveBeenCalledTimes(2);
  });

  it('tries at once when the network is back', async () => {
    api.health.mockImplementation(down);
    session.tune(NEWS);
    await seconds(20);
    api.health.mockResolvedValue();
    expect(session.now().phase).toBe('fallback');

    session.wake();
    await seconds(0.1);

    expect(session.now()).toMatchObject({ backendReady: true, streamUrl: URL_OF_NEWS });
  });
});

describe('the picture loses its data', () => {
  it('begins the picture anew with growing pauses, five times, then says so: never a loop', async () => {
    const picture = media(false);
    session.connect(picture);
    await playing();

    for (let i = 0; i < 20; i += 1) {
      session.report({ type: 'lost', status: null });
      await seconds(20);
    }

    expect(picture.reload).toHaveBeenCalledTimes(5);
    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'source_lost' }, retryAt: null });
  });

  it('forgets earlier trouble after half a minute of steady playing', async () => {
    const picture = media(false);
    session.connect(picture);
    await playing();

    for (let i = 0; i < 12; i += 1) {
      session.report({ type: 'lost', status: null });
      await seconds(20);
      session.report({ type: 'moving' });
      await seconds(40);
    }

    expect(picture.reload).toHaveBeenCalledTimes(12);
    expect(session.now().phase).toBe('playing');
  });

  it('does not begin anew while the server itself is reconnecting', async () => {
    const picture = media(false);
    session.connect(picture);
    await playing();
    api.stream.mockResolvedValue({ ...LIVE, phase: 'reconnecting' });

    session.report({ type: 'lost', status: null });
    await seconds(30);
    expect(picture.reload).not.toHaveBeenCalled();

    api.stream.mockResolvedValue(LIVE);
    await seconds(5);
    expect(picture.reload).toHaveBeenCalledTimes(1);
  });

  it('shows how full the buffer is while the picture stands still', async () => {
    await playing();

    session.report({ type: 'stalled', fill: 0.5 });

    expect(session.now()).toMatchObject({ phase: 'rebuffering', percent: 50, streamUrl: URL_OF_NEWS });
  });
});

describe('the server says no', () => {
  it('stops at a problem that does not pass', async () => {
    api.play.mockRejectedValue(new Refused(problemOf('limit', null, { n: 64 })));

    session.tune(NEWS);
    await seconds(120);

    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'limit' }, retryAt: null });
    expect(api.play).toHaveBeenCalledTimes(1);
  });

  it('keeps looking while it shows that nobody shares the channel', async () => {
    api.stream.mockResolvedValueOnce({ ...STARTING, phase: 'ended', code: 'no_peers' });

    session.tune(NEWS);
    await seconds(0.5);
    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'no_peers' } });
    expect(session.now().retryAt).not.toBeNull();

    await seconds(1);
    expect(session.now().streamUrl).toBe(URL_OF_NEWS);
  });

  it('hears from the held-back playlist why a stream that is already gone did not start', async () => {
    api.ready.mockRejectedValueOnce(new Refused(problemOf('bad_content', 'failed to load content')));
    api.stream.mockResolvedValueOnce(STARTING).mockResolvedValue(null);

    session.tune(NEWS);
    await seconds(60);

    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'bad_content' } });
    expect(api.play).toHaveBeenCalledTimes(1);
  });

  it('keeps waiting while the playlist only says that the stream is starting', async () => {
    api.ready.mockRejectedValueOnce(new Refused(problemOf('stream_starting'))).mockReturnValue(new Promise(() => undefined));
    api.stream.mockResolvedValue(STARTING);

    session.tune(NEWS);
    await seconds(10);

    expect(session.now().phase).toBe('engineStarting');
    expect(api.ready).toHaveBeenCalledTimes(2);
  });

  it('says at once that a channel is encrypted', async () => {
    api.stream.mockResolvedValue({ ...STARTING, phase: 'prebuffering', code: 'scrambled' });

    session.tune(NEWS);
    await seconds(1);

    expect(session.now()).toMatchObject({ phase: 'failed', problem: { code: 'scrambled' }, retryAt: null });
  });

  it('waits as long as the server asks for', async () => {
    api.play.mockRejectedValueOnce(new Refused({ ...problemOf('engine_down'), retryAfter: 5 }));
    session.tune(NEWS);

    await seconds(4.5);
    expect(api.play).toHaveBeenCalledTimes(1);

    await seconds(1);
    expect(api.play).toHaveBeenCalledTimes(2);
  });

  it('asks again for a stream that ended because nobody watched it', async () => {
    await playing();
    api.stream.mockResolvedValueOnce({ ...LIVE, phase: 'ended' });

    await seconds(2.5);

    expect(api.play).toHaveBeenCalledTimes(2);
    expect(phases).not.toContain('failed');
  });

  it('starts from the beginning when a person tries again after a failure', async () => {
    api.play.mockRejectedValueOnce(new Refused(problemOf('bad_content')));
    session.tune(NEWS);
    await seconds(1);
    expect(session.now().phase).toBe('failed');

    session.retry();
    await seconds(1);

    expect(session.now().streamUrl).toBe(URL_OF_NEWS);
  });
});
