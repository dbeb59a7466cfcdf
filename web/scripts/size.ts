// Fails the build when what a browser loads first has grown past its budget.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Kilobytes, compressed. */
const BUDGET = { initial: 200, player: 205, css: 14 };

const dist = new URL('../dist/', import.meta.url).pathname;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const gz = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;

const first = [...html.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map((m) => m[1] ?? '');
const sum = (files: string[]) => files.reduce((total, file) => total + gz(file), 0);
const assets = readdirSync(join(dist, 'assets')).map((f) => `assets/${f}`);
const parts = [
  { name: 'initial', limit: BUDGET.initial, kb: sum(first.filter((f) => f.endsWith('.js'))) },
  { name: 'css', limit: BUDGET.css, kb: sum(first.filter((f) => f.endsWith('.css'))) },
  { name: 'player', limit: BUDGET.player, kb: sum(assets.filter((f) => /\/hls-.*\.js$/.test(f))) },
];

for (const { name, limit, kb } of parts) {
  console.log(`${name.padEnd(8)} ${kb.toFixed(1).padStart(6)} kB gz of ${limit}`);
  if (kb > limit || kb === 0) {
    console.error(`${name}: over its budget, or not found in dist`);
    process.exitCode = 1;
  }
}
