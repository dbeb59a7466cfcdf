/** Numbers and texts as people read them. */

/** Bytes a second as bits a second: "5.8 Mb/s" in the reader's own number format. */
export function bitrate(bytesPerSecond: number, locale: string): string {
  const [value, unit] = bytesPerSecond >= 125_000 ? [bytesPerSecond / 125_000, 'Mb/s'] : [bytesPerSecond / 125, 'kb/s'];
  const digits = unit === 'Mb/s' && value < 100 ? 1 : 0;
  const formatted = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${formatted.format(value)} ${unit}`;
}

/** Lower case without accents, for comparing what people type. */
export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Up to four characters that stand for a name where it has no logo. */
export function monogram(name: string): string {
  const words = name.replace(/^[A-Z]{2,3}\s*[:|]\s*/, '').match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return '?';
  const short = words.length === 1 ? (words[0] ?? '').slice(0, 3) : words.slice(0, 4).map((w) => (/^\d/.test(w) ? w.slice(0, 2) : w[0])).join('');
  return short.slice(0, 4).toUpperCase();
}

/** A hue for a name, always the same one. */
export function hue(name: string): number {
  let sum = 7;
  for (const c of name) sum = (sum * 31 + (c.codePointAt(0) ?? 0)) % 360;
  return sum;
}
