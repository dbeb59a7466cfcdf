// Prints what other people's parsers read in the exports of the server at the address given: the list, and the guide
// that its header leads to.
import epg from 'epg-parser';
import list from 'iptv-playlist-parser';
import { JSDOM } from 'jsdom';

const LIMIT_MS = 20_000;

/** What epg-parser leaves as it is written. */
const REFERENCES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' };

const NOTHING = new Set<unknown>(['', null, undefined, false]);

const says = (value: unknown) =>
  !NOTHING.has(value) && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0);

/** `value` without the fields that say nothing, and those of `skipped`. */
function told(value: unknown, skipped: string[] = []): unknown {
  if (Array.isArray(value)) return value.map((each) => told(each, skipped));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => !skipped.includes(key));
  const kept = fields.map(([key, each]) => [key, told(each, skipped)] as const).filter(([, each]) => says(each));
  return Object.fromEntries(kept);
}

function resolved(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/&\w+;/g, (found) => REFERENCES[found] ?? found);
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each)]));
}

async function text(url: string) {
  const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

const { header, items } = list.parse(await text(`${process.argv[2]}/playlist.m3u`));
const xml = await text(header.attrs['url-tvg'] ?? '');
// epg-parser forgives a lone ampersand: a parser of XML throws.
void new JSDOM(xml, { contentType: 'application/xml' });
const { channels, programs } = epg.parse(xml);

console.log(JSON.stringify({ list: told(items, ['raw', 'line']), guide: resolved(told({ channels, programs })) }));
