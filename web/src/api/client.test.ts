import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi, Refused, Unreachable } from './client';

const { signal } = new AbortController();
const api = createApi('');
const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  Promise.resolve(new Response(JSON.stringify(body), { status, headers }));

let fetched: ReturnType<typeof vi.fn<typeof fetch>>;
beforeEach(() => {
  fetched = vi.fn<typeof fetch>();
  vi.stubGlobal('fetch', fetched);
});

describe('asking the server', () => {
  it('asks it to play with the hash as JSON, and takes the stream’s address as this page reaches the server', async () => {
    fetched.mockReturnValue(json({ stream_url: `http://${location.host}/api/stream/abc/playlist.m3u8`, type: 'hls_conversion' }));

    const play = await api.play('abc', signal);

    expect(fetched.mock.calls[0]?.[0]).toBe('/api/play');
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: '{"hash":"abc"}' });
    expect(play).toEqual({ streamUrl: `${location.origin}/api/stream/abc/playlist.m3u8`, isEmbed: false });
  });

  it('keeps the protocol of the page when a proxy hid it from the server', async () => {
    const secure = createApi('https://tv.example');
    fetched.mockReturnValue(json({ stream_url: 'http://tv.example/api/stream/abc/playlist.m3u8', type: 'hls_conversion' }));

    expect((await secure.play('abc', signal)).streamUrl).toBe('https://tv.example/api/stream/abc/playlist.m3u8');
  });

  it('sends a password to another origin only where it was told to', async () => {
    fetched.mockImplementation(() => json({ playlists: [] }));

    await createApi('https://tv.example').playlists(signal);
    await createApi('https://tv.example', true).playlists(signal);

    expect(fetched.mock.calls.map(([, init]) => init?.credentials)).toEqual(['same-origin', 'include']);
  });

  it('leaves the address of a page to frame as it is', async () => {
    fetched.mockReturnValue(json({ stream_url: 'https://example.com/embed/1', type: 'embed' }));

    expect(await api.play('abc', signal)).toEqual({ streamUrl: 'https://example.com/embed/1', isEmbed: true });
  });

  it('reads a report with holes in it', async () => {
    fetched.mockReturnValue(json({ phase: 'live', peers: null, window: { duration_s: 12.5 }, tracks: [{ codec: 'h264', kind: 'video' }, 7] }));

    expect(await api.stream('abc', signal)).toMatchObject({
      phase: 'live',
      peers: null,
      speedDown: null,
      ready: 12.5,
      bitrate: null,
      tracks: [{ codec: 'h264', kind: 'video', language: null }, { codec: '', kind: '', language: null }],
    });
  });

  it('has no report of a stream that nobody plays', async () => {
    fetched.mockReturnValue(json({ type: '/problems/stream-not-found' }, 404));

    expect(await api.stream('abc', signal)).toBeNull();
  });

  it('reads channels, also those that are plain HTTP', async () => {
    fetched.mockReturnValue(json({ channels: [{ name: 'Radio', acestream_hash: null, original_url: 'http://a/b.m3u8' }], total: 1 }));

    expect(await api.channels('my list', signal)).toEqual([
      { name: 'Radio', logo: null, id: null, group: null, hash: null, url: 'http://a/b.m3u8' },
    ]);
    expect(fetched.mock.calls[0]?.[0]).toBe('/api/playlists/my%20list/channels');
  });
});

describe('when the server says no, or nothing', () => {
  it('throws the problem', async () => {
    fetched.mockReturnValue(json({ type: '/problems/stream-limit', code: 'limit', limit: 2 }, 503, { 'Retry-After': '30' }));

    const refusal = await api.play('abc', signal).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ problem: { code: 'limit', retryAfter: 30, values: { n: 2 } } });
  });

  it('takes a connection that fails, and a proxy that answers instead, for an unreachable server', async () => {
    fetched.mockReturnValueOnce(Promise.reject(new TypeError('Failed to fetch')));
    await expect(api.health(signal)).rejects.toBeInstanceOf(Unreachable);

    fetched.mockReturnValueOnce(Promise.resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 })));
    await expect(api.health(signal)).rejects.toBeInstanceOf(Unreachable);
  });

  it('takes somebody else’s answer to the health check for an unreachable server', async () => {
    fetched.mockReturnValue(Promise.resolve(new Response('<title>Router login</title>')));

    await expect(api.health(signal)).rejects.toBeInstanceOf(Unreachable);
  });

  it('rejects with the caller’s own reason when the caller gave up', async () => {
    const mine = new AbortController();
    fetched.mockImplementation(() => {
      mine.abort(new Error('another channel'));
      return Promise.reject(new DOMException('', 'AbortError'));
    });

    await expect(api.health(mine.signal)).rejects.toThrow('another channel');
  });
});
