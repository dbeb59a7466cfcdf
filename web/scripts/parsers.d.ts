// What is used here of packages without types.

declare module 'epg-parser' {
  const parser: { parse(xml: string): { channels: unknown[]; programs: unknown[] } };
  export default parser;
}

declare module 'iptv-playlist-parser' {
  const parser: { parse(list: string): { header: { attrs: Record<string, string> }; items: unknown[] } };
  export default parser;
}

declare module 'jsdom' {
  export const JSDOM: new (text: string, options: { contentType: string }) => unknown;
}
