import { describe, expect, it } from 'vitest';
import { hashOf, recognise } from './link';

const ID = 'd65257bb7856e13b718df1dfe65ee482d90dd384';

describe('what the field recognises', () => {
  it.each([
    [ID],
    [ID.toUpperCase()],
    [`  ${ID}\n`],
    [`acestream://${ID}`],
    [`acestream://${ID}/`],
    [`ACESTREAM://${ID}`],
    [`acestream:?content_id=${ID}`],
    [`acestream:%3Fcontent_id%3D${ID}`],
    [`acestream:%3fcontent_id=${ID}`],
    [`http://127.0.0.1:6878/ace/getstream?id=${ID}`],
    [`http://nas.lan:8080/ace/getstream?content_id=${ID}&.mp4`],
    [`http://10.0.0.2:6878/ace/manifest.m3u8?id=${ID}`],
    [`http://127.0.0.1:6878/hls/getstream?id=${ID}`],
    [`http://proxy:8000/pid/${ID}/stream.mp4`],
    [`http://proxy:8000/content_id/${ID}/stream.ts`],
    [`http://host/proxy/acestream/stream?id=${ID}`],
    [`plugin://script.module.horus/?action=play&id=${ID}`],
    [`plugin://script.module.horus?action=play&id=${ID}&title=News`],
    [`plugin://program.plexus/?url=acestream://${ID}&mode=1&name=News`],
    [`plugin://program.plexus/?mode=1&name=News&url=acestream%3A%2F%2F${ID}`],
    [`News One : ${ID}`],
    [`News One ${ID}`],
    [`<a href="acestream://${ID}">News</a>`],
  ])('%s is a content ID', (text) => {
    expect(recognise(text)).toEqual({ ok: true, link: { kind: 'contentId', hash: ID } });
  });

  it.each([
    [`acestream:?infohash=${ID}`],
    [`http://127.0.0.1:6878/ace/getstream?infohash=${ID}`],
    [`http://127.0.0.1:6878/ace/r/${ID}/0123456789abcdef`],
    [`http://127.0.0.1:6878/ace/m/${ID}/0123456789abcdef.m3u8`],
    [`http://127.0.0.1:6878/content/${ID}/0.5`],
    [`http://proxy:8000/infohash/${ID}/stream.ts`],
  ])('%s is an infohash', (text) => {
    expect(recognise(text)).toEqual({ ok: true, link: { kind: 'infohash', hash: ID } });
  });

  it('reads a magnet link in hexadecimal and in base32', () => {
    const hex = recognise(`magnet:?xt=urn:btih:${ID}&dn=News`);
    const base32 = recognise('magnet:?xt=urn:btih:2ZJFPO3YK3QTW4MN6HP6MXXEQLMQ3U4E');

    expect(hex).toEqual({ ok: true, link: { kind: 'magnet', hash: ID } });
    expect(base32).toEqual(hex);
  });

  it.each([
    [`https://acestream.me/embed/${ID}`],
    [`https://www.acestream.org/play/${ID}?autoplay=1`],
    [`https://tv.acestream.net/embed/${ID}`],
    [`http://acestream.tv/play/${ID}`],
  ])('keeps the address of the embed %s beside its ID', (url) => {
    expect(recognise(url)).toEqual({ ok: true, link: { kind: 'embed', hash: ID, url } });
  });

  it('takes IDs that are not hexadecimal, as playlists in the wild carry them', () => {
    const id = 'a7b7f1e2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8';

    expect(recognise(id)).toEqual({ ok: true, link: { kind: 'contentId', hash: id } });
  });

  it.each([
    ['https://example.com/live/index.m3u8?token=1', 'hls'],
    ['https://example.com/channels.m3u', 'playlist'],
    ['https://example.com/live.acelive', 'transport'],
    ['acestream:?data=aGVsbG8', 'transport'],
    ['acestream:?url=http%3A%2F%2Fexample.com%2Ffile.torrent', 'transport'],
    ['https://example.com/news', 'web'],
    [`https://example.com/play/${ID}`, 'web'],
    [`https://acestream.evil.example/embed/${ID}`, 'web'],
    [`https://acestream.me.evil.example/embed/${ID}`, 'web'],
    [`https://notacestream.me/embed/${ID}`, 'web'],
    [`https://acestream.example/play/${ID}`, 'web'],
    [`https://acestream.me@evil.example/embed/${ID}`, 'web'],
    [`https://evil.example\\@acestream.me/embed/${ID}`, 'web'],
  ])('%s has no ID, it is of the kind "%s"', (text, kind) => {
    const seen = recognise(text);

    expect(seen.ok && seen.link.kind).toBe(kind);
    expect(seen.ok && hashOf(seen.link)).toBeNull();
  });

  it.each([
    ['', 'empty'],
    ['d65257bb', 'tooShort'],
    ['a'.repeat(65), 'tooLong'],
    [`${ID.slice(1)}!`, 'badCharacter'],
    ['acestream://', 'noChannel'],
    ['acestream:?name=News', 'noChannel'],
    ['magnet:?dn=News', 'noChannel'],
    ['http://127.0.0.1:6878/ace/getstream?pid=', 'noChannel'],
    ['rtmp://example.com/live', 'unknown'],
    ['just some words', 'unknown'],
    ['http://', 'unknown'],
    ['acestream:%3F%', 'noChannel'],
  ])('"%s" is refused: %s', (text, fault) => {
    expect(recognise(text)).toEqual({ ok: false, fault });
  });
});
