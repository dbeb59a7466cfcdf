import { expect, it } from 'vitest';
import { judge } from './codecs';

const track = (kind: string, codec: string) => ({ kind, codec, language: null });
/** As Debian's Chromium. */
const chromium = (type: string) => !/hvc1|hev1|ac-3|ec-3/.test(type);

it('lets pass what the browser plays', () => {
  const tracks = [track('video', 'h264'), track('audio', 'aac'), track('audio', 'mpeg_audio'), track('data', 'teletext')];

  expect(judge(tracks, chromium)).toEqual({ video: null, audio: null });
});

it('names the codec that would be black or silent', () => {
  expect(judge([track('video', 'h265'), track('audio', 'ac3')], chromium)).toEqual({ video: 'HEVC', audio: 'Dolby Digital (AC-3)' });
  expect(judge([track('video', 'mpeg2video')], () => true)).toEqual({ video: 'MPEG-2', audio: null });
});

it('is content with one sound that can be heard', () => {
  expect(judge([track('audio', 'ac3'), track('audio', 'aac')], chromium).audio).toBeNull();
});

it('does not hold a codec against a channel that it has never heard of', () => {
  expect(judge([track('video', 'stream_type_0x42')], () => false)).toEqual({ video: null, audio: null });
});

it('finds nothing wrong with radio, or with a channel that is not known yet', () => {
  expect(judge([track('audio', 'aac')], chromium)).toEqual({ video: null, audio: null });
  expect(judge([], chromium)).toEqual({ video: null, audio: null });
});
