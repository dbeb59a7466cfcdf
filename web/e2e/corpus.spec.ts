import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test as base, type Page } from '@playwright/test';
import { list, record, text } from '../src/lib/json.ts';
import { Program, freePort } from './demo.ts';
import { moves, timeOf } from './picture.ts';

/** Real captures, which are not part of the repository. */
const CORPUS = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));

/** Pages that play at the same time: as many as two cores decode. */
const PAGES = 4;

/** With a picture in their midst that Chromium gives up at, in each round of the loop: it matters where a page joins. */
const DAMAGED = new Set(['videojs+mux.js/sintel-captions.ts']);

interface Capture {
  id: string;
  path: string;
}

/** The captures with an H.264 picture that last a second or more: shorter ones consist of seams when they are looped. */
async function captures(): Promise<Capture[]> {
  const manifest = await readFile(join(CORPUS, 'MANIFEST.tsv'), 'utf8');
  const rows = manifest.split('\n').slice(1).map((line) => line.split('\t'));
  const found = rows.map(([path = '', , , , , formats = '', seconds = ''], number) => {
    const id = String(number).padStart(40, '0');
    // What was made for this project is long enough, and the manifest does not say how long.
    const isLong = path.startsWith('generated/') || Number(seconds) >= 1;
    return { id, path, plays: isLong && !DAMAGED.has(path) && formats.includes('h264') };
  });
  return found.filter(({ plays }) => plays);
}

/** A server before an engine that has all captures as channels. */
interface Corpus {
  url: string;
  channels: Capture[];
}

const isHere = existsSync(CORPUS);
if (!isHere) process.stdout.write('NOTICE: skipped, no captures here\n');

const test = base.extend<{ corpus: Corpus }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright wants to see that nothing is needed
  corpus: async ({}, use) => {
    const channels = isHere ? await captures() : [];
    const folder = await mkdtemp(join(tmpdir(), 'acehls-corpus-'));
    const [port, enginePort] = [await freePort(), await freePort()];
    const parameters = channels.flatMap(({ id, path }) => ['--channel', `id=${id},clip=${join(CORPUS, path)},burst=30s`]);
    const engine = new Program(['fake-engine', '--listen', `127.0.0.1:${enginePort}`, '--speed', '100', ...parameters], {}, 'fake engine: ');
    const env = { PORT: String(port), STORAGE_DIR: folder, ACESTREAM_BASE_URL: `http://127.0.0.1:${enginePort}`, ACEHLS_LIVE__MAX_STREAMS: '200' };
    const server = new Program(['serve'], env, `listening on http://127.0.0.1:${port}`);
    await engine.start();
    await server.start();
    await use({ url: `http://127.0.0.1:${port}`, channels });
    await server.stop();
    await engine.stop();
    await rm(folder, { recursive: true });
  },
});

/** Whether this browser can decode what the server says the channel consists of. */
async function isPlayable(page: Page, url: string, id: string): Promise<boolean> {
  const playlist = await fetch(`${url}/api/stream/${id}/playlist.m3u8`);
  if (!playlist.ok) return false;
  const report = record(await (await fetch(`${url}/api/streams/${id}`)).json());
  const tracks = list(report['tracks']).map(record);
  const codecs = tracks.filter(({ kind }) => kind !== 'data').map((track) => text(track['rfc6381']));
  if (codecs.includes(null)) return false;
  return page.evaluate((type) => MediaSource.isTypeSupported(type), `video/mp4; codecs="${codecs.join(',')}"`);
}

/** Frames decoded since the player last took the picture up. */
const framesOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0);

/** Plays the channel in a page of its own; says what is wrong with it, or nothing. */
async function play(page: Page, address: string): Promise<string | null> {
  await page.goto(address);
  try {
    await expect.poll(() => timeOf(page), { timeout: 30_000 }).toBeGreaterThan(0);
    await moves(page, 2);
    // The count begins anew where the player mends a fault: looked at once, it may be zero then.
    await expect.poll(() => framesOf(page)).toBeGreaterThan(0);
    return null;
  } catch {
    const told = await page.getByRole('region', { name: 'Player' }).innerText();
    const where = `${await framesOf(page)} frames, at ${await timeOf(page)} s`;
    return `${where}: ${told.replaceAll(/\s+/g, ' ').slice(0, 200)}`;
  }
}

test.skip(!isHere, 'no captures here');

test('every capture that this browser can decode plays', async ({ context, corpus }) => {
  test.setTimeout(300_000);
  const waiting = [...corpus.channels];
  const [played, wrong]: [string[], string[]] = [[], []];
  const watch = async () => {
    const page = await context.newPage();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await page.goto(corpus.url);
      if (!(await isPlayable(page, corpus.url, next.id))) continue;
      const found = await play(page, `${corpus.url}/play/${next.id}`);
      if (found === null) played.push(next.path);
      else wrong.push(`${next.path}: ${found}`);
    }
    await page.close();
  };

  await Promise.all(Array.from({ length: PAGES }, watch));

  expect(wrong).toEqual([]);
  expect(played.length, 'captures that played').toBeGreaterThan(corpus.channels.length / 2);
});
