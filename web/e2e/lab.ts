import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base } from '@playwright/test';
import { Program, freePort } from './demo.ts';

/** The channel of the lab's engine. */
export const LAB = '99b9c95a51f50cad6fde5b8a30d28172f051a042';

const CLIP = fileURLToPath(new URL('../../demo/clean.ts', import.meta.url));

/** What stands between server and engine: it can stop handing on, and then hand on at once what gathered meanwhile. */
export class Supply {
  readonly #relay: Server;
  readonly #sockets = new Set<Socket>();
  #shut = false;

  constructor(engine: number) {
    this.#relay = createServer((server) => {
      const upstream = connect(engine, '127.0.0.1');
      for (const [from, to] of [[server, upstream], [upstream, server]] as const) {
        this.#sockets.add(from);
        from.on('data', (data) => void (to.write(data) || from.pause()));
        to.on('drain', () => this.#shut || from.resume());
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.end();
        });
        if (this.#shut) from.pause();
      }
    });
  }

  async open(): Promise<number> {
    this.#relay.listen(0, '127.0.0.1');
    await once(this.#relay, 'listening');
    const address: AddressInfo | string | null = this.#relay.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  stop(): void {
    this.#shut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  goOn(): void {
    this.#shut = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** The fault itself: nothing comes for so many seconds. */
  async gap(seconds: number): Promise<void> {
    this.stop();
    await new Promise((over) => setTimeout(over, seconds * 1000));
    this.goOn();
  }

  close(): void {
    this.#relay.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

export interface Lab {
  url: string;
  /** Where the engine itself listens. */
  engine: string;
  supply: Supply;
}

interface Setup {
  /** Whose rules hold in the engine. */
  engine: string;
  /** Settings of the server. */
  settings: Record<string, string>;
}

/** Tests with a server and an engine whose supply they hold in their hand. */
export const test = base.extend<{ lab: Lab } & Setup>({
  engine: ['3.2.11', { option: true }],
  settings: [{}, { option: true }],
  lab: async ({ engine: profile, settings }, use) => {
    const [port, enginePort] = [await freePort(), await freePort()];
    const folder = await mkdtemp(join(tmpdir(), 'acehls-lab-'));
    const listen = ['--listen', `127.0.0.1:${enginePort}`];
    const channel = ['--channel', `id=${LAB},clip=${CLIP},name=Lab`];
    const engine = new Program(['fake-engine', ...listen, '--speed', '5', '--profile', profile, ...channel], {}, 'fake engine: ');
    const supply = new Supply(enginePort);
    const place = { PORT: String(port), STORAGE_DIR: folder, ACESTREAM_BASE_URL: `http://127.0.0.1:${await supply.open()}` };
    const server = new Program(['serve'], { ...place, ...settings }, `listening on http://127.0.0.1:${port}`);
    await engine.start();
    await server.start();
    await use({ url: `http://127.0.0.1:${port}`, engine: `http://127.0.0.1:${enginePort}`, supply });
    await server.stop();
    await engine.stop();
    supply.close();
    await rm(folder, { recursive: true });
  },
  baseURL: async ({ lab }, use) => use(lab.url),
});
