// Fails the build when what a browser loads first has grown past its budget.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_KB = { initial: 200, player: 205, css: 14 };

const dist = new URL('../dist/', import.meta.url).pathname;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const gz = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;

const first = [...html.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map((m) => m[1] ?? '');
const sum = (files: string[]) => files.reduce((total, file) => total + gz(file), 0);
const sizes = {
  initial: sum(first.filter((f) => f.endsWith('.js'))),
  css: sum(first.filter((f) => f.endsWith('.css'))),
  player: sum(readdirSync(join(dist, 'assets')).filter((f) => /^hls-.*\.js$/.test(f)).map((f) => `assets/${f}`)),
};

for (const [name, kb] of Object.entries(sizes)) {
  const limit = BUDGET_KB[name as keyof typeof BUDGET_KB];
  console.log(`${name.padEnd(8)} ${kb.toFixed(1).padStart(6)} kB gz of ${limit}`);
  if (kb > limit || kb === 0) {
    console.error(`${name}: over its budget, or not found in dist`);
    process.exitCode = 1;
  }
}
