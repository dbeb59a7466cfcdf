/**
 * Recognises every form in which people pass an AceStream channel on, so that the page can say
 * what it sees before anything is sent. The server's `iptv::parse_link` has the last word.
 */

export type Link =
  | { kind: 'contentId'; hash: string }
  | { kind: 'infohash'; hash: string }
  | { kind: 'magnet'; hash: string }
  | { kind: 'embed'; hash: string; url: string }
  /** A transport file by address (`.acelive`, `.torrent`) or as data: the engine could open it, the API not yet. */
  | { kind: 'transport' }
  | { kind: 'hls'; url: string }
  | { kind: 'playlist'; url: string }
  | { kind: 'web'; url: string };

export type LinkFault = 'empty' | 'tooShort' | 'tooLong' | 'badCharacter' | 'noChannel' | 'unknown';

export type Recognised = { ok: true; link: Link } | { ok: false; fault: LinkFault };

const ID = /^[0-9a-z]{32,64}$/i;
const HEX = /^[0-9a-f]+$/i;
const WORD = /^[0-9a-z]+$/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const TRANSPORT_FILE = /\.(acelive|torrent|acemedia)$/i;
/** Paths of engines and proxies that carry the ID as a segment. */
const ID_IN_PATH = /\/(pid|content_id|infohash|content|ace\/r|ace\/m|embed|play)\/([0-9a-z]{32,64})(?=[/.?#]|$)/i;
/** The sites whose pages play a channel in a frame: a closed list, the same as the server's. */
const EMBED_HOST = /(^|\.)acestream\.(me|org|net|tv)$/i;

const fault = (why: LinkFault): Recognised => ({ ok: false, fault: why });
const found = (link: Link): Recognised => ({ ok: true, link });
const tidy = (id: string) => (HEX.test(id) ? id.toLowerCase() : id);

/** Reads `text`, a link, an ID, or a line with one of them in it. */
export function recognise(text: string): Recognised {
  const exact = whole(text.trim());
  return exact.ok ? exact : (inside(text) ?? exact);
}

/** The ID by which the server plays `link`, or null when it has none. */
export function hashOf(link: Link): string | null {
  return 'hash' in link ? link.hash : null;
}

function whole(text: string): Recognised {
  if (text === '') return fault('empty');
  if (ID.test(text)) return found({ kind: 'contentId', hash: tidy(text) });
  if (/^acestream:/i.test(text)) return acestream(text);
  if (/^magnet:/i.test(text)) return magnet(text);
  if (/^plugin:/i.test(text)) return plugin(text);
  if (/^https?:\/\//i.test(text)) return http(text);
  if (SCHEME.test(text)) return fault('unknown');
  return word(text);
}

function word(text: string): Recognised {
  if (/\s/.test(text) || text.includes('.')) return fault('unknown');
  if (!WORD.test(text)) return fault('badCharacter');
  return fault(text.length < 32 ? 'tooShort' : 'tooLong');
}

/** `acestream://<id>`, `acestream:?content_id=…`, and the same with a percent-encoded question mark. */
function acestream(text: string): Recognised {
  const rest = text.slice('acestream:'.length).replace(/^%3f/i, '?');
  if (rest.startsWith('?')) return selector(new URLSearchParams(decoded(rest)));
  const path = rest.replace(/^\/+/, '').replace(/\/$/, '');
  if (path.startsWith('?')) return selector(new URLSearchParams(path));
  const id = path.split(/[?&#/]/)[0] ?? '';
  return ID.test(id) ? found({ kind: 'contentId', hash: tidy(id) }) : id === '' ? fault('noChannel') : word(id);
}

function selector(query: URLSearchParams): Recognised {
  const get = (...names: string[]) => names.map((n) => query.get(n)).find((v) => v !== null && v !== '');
  const id = get('content_id', 'id', 'pid');
  if (id !== undefined && id !== null) return ID.test(id) ? found({ kind: 'contentId', hash: tidy(id) }) : word(id);
  const infohash = get('infohash', 'hash');
  if (infohash !== undefined && infohash !== null) {
    return ID.test(infohash) ? found({ kind: 'infohash', hash: tidy(infohash) }) : word(infohash);
  }
  const nested = get('magnet', 'url');
  if (nested !== undefined && nested !== null) {
    const inner = whole(nested);
    return inner.ok && inner.link.kind !== 'web' ? inner : found({ kind: 'transport' });
  }
  return get('data') === undefined ? fault('noChannel') : found({ kind: 'transport' });
}

function magnet(text: string): Recognised {
  const topic = new URLSearchParams(text.slice(text.indexOf('?') + 1)).getAll('xt');
  const hash = topic.map((t) => /^urn:btih:(.+)$/i.exec(t)?.[1] ?? '').map(btih).find((h) => h !== null);
  return hash ? found({ kind: 'magnet', hash }) : fault('noChannel');
}

/** A BitTorrent hash is written as 40 hexadecimal or 32 base32 digits. */
function btih(text: string): string | null {
  if (text.length === 40 && HEX.test(text)) return text.toLowerCase();
  if (!/^[a-z2-7]{32}$/i.test(text)) return null;
  const bits = [...text.toUpperCase()]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Array.from({ length: 40 }, (_, i) => Number.parseInt(bits.slice(i * 4, i * 4 + 4), 2).toString(16)).join('');
}

/** Kodi add-ons: Horus, Plexus, p2p-streams. */
function plugin(text: string): Recognised {
  const at = text.indexOf('?');
  if (at < 0) return fault('noChannel');
  return selector(new URLSearchParams(text.slice(at + 1)));
}

function http(text: string): Recognised {
  if (!URL.canParse(text)) return fault('unknown');
  const url = new URL(text);
  if (/\/(ace|hls)\/(getstream|manifest\.m3u8)$|\/proxy\/acestream\//i.test(url.pathname)) {
    return selector(url.searchParams);
  }
  const [, where, id] = ID_IN_PATH.exec(url.pathname) ?? [];
  if (where !== undefined && id !== undefined) return inPath(where.toLowerCase(), tidy(id), url);
  if (TRANSPORT_FILE.test(url.pathname)) return found({ kind: 'transport' });
  if (/\.m3u8$/i.test(url.pathname)) return found({ kind: 'hls', url: text });
  if (/\.m3u$|\/get\.php$/i.test(url.pathname)) return found({ kind: 'playlist', url: text });
  return found({ kind: 'web', url: text });
}

function inPath(where: string, hash: string, url: URL): Recognised {
  if (where === 'embed' || where === 'play') {
    return EMBED_HOST.test(url.hostname)
      ? found({ kind: 'embed', hash, url: url.href })
      : found({ kind: 'web', url: url.href });
  }
  return found({ kind: where === 'pid' || where === 'content_id' ? 'contentId' : 'infohash', hash });
}

/** Lines such as `News : <id>`, or HTML with a link in it. */
function inside(text: string): Recognised | null {
  const link = /(?:acestream:|magnet:\?|https?:\/\/)[^\s"'<>]+/i.exec(text)?.[0];
  if (link !== undefined) {
    const inner = whole(link);
    if (inner.ok && hashOf(inner.link) !== null) return inner;
  }
  const id = /(?:^|[\s:=,;|])([0-9a-f]{40})(?:$|[\s,;|])/i.exec(text)?.[1];
  return id === undefined ? null : found({ kind: 'contentId', hash: tidy(id) });
}

function decoded(text: string): string {
  try {
    return /%3d/i.test(text) ? decodeURIComponent(text) : text;
  } catch {
    return text; // a lone percent sign: take it as it stands
  }
}
