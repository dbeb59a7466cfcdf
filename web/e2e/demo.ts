import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test as base } from '@playwright/test';

/** The channel that plays without any trouble. */
export const CLEAN = '99b9c95a51f50cad6fde5b8a30d28172f051a042';

/** An `acehls` of its own, which can be stopped and started again. */
export class Program {
  readonly #parameters: string[];
  readonly #settings: Record<string, string>;
  readonly #ready: string;
  #process: ChildProcess | null = null;

  /** `ready` is what it says once it is. */
  constructor(parameters: string[], settings: Record<string, string>, ready: string) {
    this.#parameters = parameters;
    this.#settings = settings;
    this.#ready = ready;
  }

  async start(): Promise<void> {
    // Names that begin with ACEHLS_ are settings of the server: ours and the caller's stay here.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ACEHLS_'));
    const env = { ...Object.fromEntries(inherited), ...this.#settings };
    const child = spawn(binary(), this.#parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const said: string[] = [];
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (text: Buffer) => said.push(text.toString()));
    const isReady = () => said.join('').includes(this.#ready);
    const exited = once(child, 'exit').then(([code]) => {
      if (!isReady()) throw new Error(`acehls ${this.#parameters[0]} ended (${code}) before it was ready:\n${said.join('')}`);
    });
    const ready = new Promise<void>((resolve) => {
      const look = () => isReady() && resolve();
      for (const pipe of [child.stdout, child.stderr]) pipe.on('data', look);
    });
    await Promise.race([ready, exited]);
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

/** `acehls demo` on a port of its own. */
export class Demo extends Program {
  readonly url: string;

  constructor(port: number) {
    const url = `http://127.0.0.1:${port}`;
    super(['demo'], { PORT: String(port) }, `open ${url}`);
    this.url = url;
  }

  override async start(): Promise<void> {
    await super.start();
    const start = await (await fetch(this.url)).text();
    if (!start.includes('/assets/')) throw new Error('this acehls has no web app in it: `npm run build`, then compile it again');
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

export async function freePort(): Promise<number> {
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
