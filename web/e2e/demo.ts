import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test as base } from '@playwright/test';

/** The channel that plays without any trouble. */
export const CLEAN = '99b9c95a51f50cad6fde5b8a30d28172f051a042';

/** `acehls demo` on a port of its own, which can be stopped and started again. */
export class Demo {
  readonly url: string;
  readonly #port: number;
  #process: ChildProcess | null = null;

  constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    // Names that begin with ACEHLS_ are settings of the server: ours and the caller's stay here.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ACEHLS_'));
    const env = { ...Object.fromEntries(inherited), PORT: String(this.#port) };
    const child = spawn(binary(), ['demo'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const said: string[] = [];
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (text: Buffer) => said.push(text.toString()));
    const open = `open ${this.url}`;
    const exited = once(child, 'exit').then(([code]) => {
      if (!said.join('').includes(open)) throw new Error(`acehls demo ended (${code}) before it was ready:\n${said.join('')}`);
    });
    const ready = new Promise<void>((resolve) => {
      const look = () => said.join('').includes(open) && resolve();
      for (const pipe of [child.stdout, child.stderr]) pipe.on('data', look);
    });
    await Promise.race([ready, exited]);
    const start = await (await fetch(this.url)).text();
    if (!start.includes('/assets/')) throw new Error('this acehls has no web app in it: `npm run build`, then compile it again');
  }

  /** As the operating system does it: SIGTERM, then wait until the process is gone. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}

function binary(): string {
  const given = process.env['ACEHLS_BIN'];
  if (given !== undefined) return given;
  const built = ['release', 'debug'].map((kind) => fileURLToPath(new URL(`../../target/${kind}/acehls`, import.meta.url)));
  const found = built.find((path) => existsSync(path));
  if (found === undefined) throw new Error('no acehls to test: build it, or say where it is in ACEHLS_BIN');
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Tests with a server: each has its own, so that no test sees the streams of another. */
export const test = base.extend<{ demo: Demo }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright wants to see that nothing is needed
  demo: async ({}, use) => {
    const demo = new Demo(await freePort());
    await demo.start();
    await use(demo);
    await demo.stop();
  },
  baseURL: async ({ demo }, use) => use(demo.url),
});
