import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list, record, text } from '../src/lib/json.ts';

const BINARY = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

/** Nothing asks for a click before it plays, and nothing is downloaded. */
const PREFERENCES = {
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.gmp-manager.updateEnabled': false,
  'app.update.disabledForTesting': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9/',
};

/** How long it may take to answer; only a failing test waits so long. */
const LIMIT = 60_000;

/** One page in the Firefox of this machine, by WebDriver BiDi: Playwright drives only a Firefox of its own. */
export class Firefox {
  static readonly isHere = existsSync(BINARY);

  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, { done: (result: unknown) => void; failed: (why: Error) => void }>();
  #page = '';
  #asked = 0;

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#process = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(record(JSON.parse(String(data)))));
    socket.addEventListener('close', () => {
      for (const { failed } of this.#answers.values()) failed(new Error('Firefox is gone'));
    });
  }

  /** Starts it with a profile of its own, which goes with it. */
  static async start(): Promise<Firefox> {
    const folder = await mkdtemp(join(tmpdir(), 'acehls-firefox-'));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await writeFile(join(folder, 'user.js'), lines.join('\n'));
    const parameters = ['--headless', '--no-remote', '--profile', folder, '--remote-debugging-port', '0', 'about:blank'];
    // Some refuse to run in the home of somebody else.
    const child = spawn(BINARY, parameters, { env: { ...process.env, HOME: folder }, stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      return await Firefox.#meet(child, folder);
    } catch (why) {
      await end(child, folder);
      throw why;
    }
  }

  static async #meet(child: ChildProcess, folder: string): Promise<Firefox> {
    const socket = await connected(`${await address(child)}/session`);
    const firefox = new Firefox(child, folder, socket);
    await firefox.#ask('session.new', { capabilities: {} });
    const tree = record(await firefox.#ask('browsingContext.getTree', {}));
    firefox.#page = text(record(list(tree['contexts'])[0])['context']) ?? '';
    return firefox;
  }

  async goto(url: string): Promise<void> {
    await this.#ask('browsingContext.navigate', { context: this.#page, url, wait: 'complete' });
  }

  /** What `expression` is on the page, by way of JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const parameters = { expression: `JSON.stringify(${expression})`, target: { context: this.#page }, awaitPromise: true };
    const answer = record(await this.#ask('script.evaluate', parameters));
    const json = text(record(answer['result'])['value']);
    if (json === null) throw new Error(`${expression}: ${JSON.stringify(answer)}`);
    return JSON.parse(json);
  }

  async stop(): Promise<void> {
    await end(this.#process, this.#folder);
  }

  #ask(method: string, params: object): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    const answer = new Promise<unknown>((done, failed) => this.#answers.set(id, { done, failed }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const limit = setTimeout(() => this.#take({ id, error: `no answer to ${method}` }), LIMIT);
    return answer.finally(() => clearTimeout(limit));
  }

  #take(message: Record<string, unknown>): void {
    const id = Number(message['id']);
    const waiting = this.#answers.get(id);
    this.#answers.delete(id);
    if (message['error'] === undefined) waiting?.done(message['result']);
    else waiting?.failed(new Error(JSON.stringify(message)));
  }
}

/** Ends what still runs, and removes its profile. */
async function end(child: ChildProcess, folder: string): Promise<void> {
  const runs = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const gone = runs ? once(child, 'exit') : null;
  child.kill('SIGTERM');
  const harder = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  await gone;
  clearTimeout(harder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A connection that is open. */
async function connected(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  const signal = AbortSignal.timeout(LIMIT);
  await Promise.race([once(socket, 'open', { signal }), once(socket, 'error', { signal })]);
  if (socket.readyState !== WebSocket.OPEN) throw new Error(`${url} cannot be connected to`);
  return socket;
}

/** Where it listens, which it says once it does. */
async function address(child: ChildProcess): Promise<string> {
  let said = '';
  const listening = new Promise<string>((done, failed) => {
    child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
      const found = /WebDriver BiDi listening on (ws:\S+)\s/.exec(said)?.[1];
      if (found !== undefined) done(found);
    });
    child.once('exit', (code) => failed(new Error(`Firefox ended (${code}) before it listened:\n${said}`)));
    child.once('error', failed);
    AbortSignal.timeout(LIMIT).addEventListener('abort', () => failed(new Error(`Firefox does not listen:\n${said}`)));
  });
  try {
    return await listening;
  } finally {
    // The rest is let go of unread, so that it does not wait for a reader.
    child.stderr?.removeAllListeners('data').resume();
  }
}
