// The server's API without the server: `npm run mock` beside `npm run dev`, when there is no `acehls demo`.
// FFmpeg loops the demo clips into HLS. Node's own type stripping runs this file.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const port = Number(process.env['PORT'] ?? 8000);
const demo = new URL('../../demo/', import.meta.url).pathname;
const CLIPS = ['clean', 'bursty', 'slow'];

/** Enough channels to see the list scroll; the first three play, the others show each a way to fail. */
const FAULTS = ['no_peers', 'bad_content', 'codec', 'silent', 'limit', 'engine_down'];
const channels = Array.from({ length: 2000 }, (_, i) => ({
  name: CLIPS[i] !== undefined ? `Demo: ${CLIPS[i]}` : `${FAULTS[i - 3] ?? `Canal Número ${i + 1}`}`,
  logo: null,
  id: `ch${i}`,
  group: i < 3 ? 'Demo' : i < 9 ? 'Faults' : ['News', 'Sport', 'Films'][i % 3],
  acestream_hash: i.toString(16).padStart(40, '0'),
  original_url: `acestream://${i.toString(16).padStart(40, '0')}`,
}));

interface Stream {
  dir: string;
  began: number;
  ffmpeg: ChildProcess;
}
const streams = new Map<string, Stream>();

function tune(hash: string): Stream {
  const known = streams.get(hash);
  if (known !== undefined) return known;
  const dir = mkdtempSync(join(tmpdir(), 'acehls-mock-'));
  const clip = join(demo, `${CLIPS[Number.parseInt(hash, 16) % CLIPS.length]}.ts`);
  const output = ['-f', 'hls', '-hls_time', '4', '-hls_list_size', '10', '-hls_start_number_source', 'epoch'];
  const input = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', clip];
  const names = ['-hls_segment_filename', 'segment_%d.ts', 'playlist.m3u8'];
  const ffmpeg = spawn('ffmpeg', [...input, '-c', 'copy', ...output, ...names], { cwd: dir, stdio: 'inherit' });
  const stream = { dir, began: Date.now(), ffmpeg };
  streams.set(hash, stream);
  return stream;
}

function report(hash: string, { dir, began }: Stream) {
  const age = Date.now() - began;
  const ready = age < 2500 ? 0 : seconds(dir);
  const fault = FAULTS[Number.parseInt(hash, 16) - 3];
  const video = fault === 'codec' ? 'h265' : 'h264';
  const audio = fault === 'silent' ? 'ac3' : 'aac';
  const lonely = fault === 'no_peers';
  return {
    hash,
    phase: age < 700 ? 'resolving' : lonely || age < 2500 ? 'starting' : ready < 6 ? 'prebuffering' : 'live',
    code: null,
    reason: null,
    viewers: 1,
    started_at: new Date(began).toISOString(),
    service_name: 'acehls demo',
    tracks: [
      { pid: 256, codec: video, kind: 'video', language: null },
      { pid: 257, codec: audio, kind: 'audio', language: 'eng' },
    ],
    peers: lonely ? 0 : Math.min(14, Math.floor(age / 200)),
    speed_down_bytes: lonely ? 0 : 600_000 + 80_000 * Math.sin(age / 900),
    speed_up_bytes: 90_000,
    window: { duration_s: lonely ? 0 : ready, target_duration_s: 4 },
  };
}

function seconds(dir: string): number {
  try {
    const text = readFileSync(join(dir, 'playlist.m3u8'), 'utf8');
    return [...text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, m) => sum + Number(m[1]), 0);
  } catch {
    return 0; // FFmpeg has not written it yet
  }
}

function answer(res: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  res.writeHead(status, { 'Content-Type': type, 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' });
  res.end(body instanceof Buffer ? body : JSON.stringify(body));
}

function problem(res: ServerResponse, status: number, slug: string, code: string, detail: string): void {
  answer(res, status, { type: `/problems/${slug}`, title: slug, status, detail, code }, 'application/problem+json');
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function play(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const hash = String(JSON.parse(await bodyOf(req)).hash);
  const fault = FAULTS[Number.parseInt(hash, 16) - 3];
  if (fault === 'bad_content') return problem(res, 502, 'engine-refused', 'bad_content', 'failed to load content');
  if (fault === 'limit') return problem(res, 503, 'stream-limit', 'limit', '64 streams play already');
  if (fault === 'engine_down') return problem(res, 503, 'engine-unreachable', 'engine_down', 'connection refused');
  tune(hash);
  return answer(res, 200, { status: 'success', hash, stream_url: `/api/stream/${hash}/playlist.m3u8`, type: 'hls_conversion' });
}

const server = createServer((req, res) => {
  const path = new URL(req.url ?? '/', 'http://mock').pathname;
  const [, hash, askedFile] = /^\/api\/stream\/(\w+)\/([\w.]+)$/.exec(path) ?? [];
  const [, asked] = /^\/api\/streams\/(\w+)$/.exec(path) ?? [];
  const stream = streams.get(asked ?? hash ?? '');
  // One playlist for all, without parts.
  const file = askedFile?.replace(/^(live|index)\.m3u8$/, 'playlist.m3u8');
  if (req.method === 'OPTIONS') return answer(res, 204, null);
  if (path === '/health') return answer(res, 200, { status: 'healthy', service: 'acestream-hls-proxy' });
  if (path === '/api/play') return void play(req, res);
  if (path === '/api/playlists') return answer(res, 200, { playlists: [{ name: 'demo' }, { name: 'empty' }] });
  if (path === '/api/playlists/demo/channels') return answer(res, 200, { channels, total: channels.length, cached: true });
  if (path === '/api/playlists/empty/channels') return answer(res, 200, { channels: [], total: 0, cached: true });
  if (asked !== undefined && stream !== undefined) return answer(res, 200, report(asked, stream));
  if (file !== undefined && stream !== undefined) {
    try {
      const type = file.endsWith('.ts') ? 'video/mp2t' : 'application/vnd.apple.mpegurl';
      return answer(res, 200, readFileSync(join(stream.dir, file)), type);
    } catch {
      if (file === 'playlist.m3u8') return problem(res, 503, 'stream-starting', 'stream_starting', 'no segment yet');
      return problem(res, 404, 'segment-not-found', 'gone', 'no such segment');
    }
  }
  return problem(res, 404, asked === undefined ? 'not-found' : 'stream-not-found', 'gone', 'nobody plays it');
});

server.listen(port, '127.0.0.1', () => console.log(`mock server at http://127.0.0.1:${port}`));
process.on('exit', () => {
  for (const { ffmpeg } of streams.values()) ffmpeg.kill();
});
process.on('SIGTERM', () => process.exit());
process.on('SIGINT', () => process.exit());
