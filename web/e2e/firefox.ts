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
    const socket = new WebSocket(`${await address(child)}/session`);
    await once(socket, 'open');
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
    const gone = this.#process.exitCode === null ? once(this.#process, 'exit') : null;
    this.#process.kill('SIGTERM');
    await gone;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
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

/** Where it listens, which it says once it does. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let said = '';
    child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) done(found);
    });
    child.once('exit', (code) => failed(new Error(`Firefox ended (${code}) before it listened:\n${said}`)));
    child.once('error', failed);
  });
}
