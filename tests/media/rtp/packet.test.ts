import { expect, test } from 'vitest';
import {
  isRtcp,
  parseRtp,
  sequenceDistance,
  timestampDistance,
  writeRtpHeader,
} from '../../../src/media/rtp/packet.js';
import { seededRandom } from '../../support/media.js';

test('a written header is read back', () => {
  const bytes = new Uint8Array(15);
  const header = { payloadType: 101, marker: true, sequence: 65_535, timestamp: 4_294_967_295, ssrc: 0xdeadbeef };
  writeRtpHeader(bytes, header);
  bytes.set([1, 2, 3], 12);
  expect(parseRtp(bytes)).toEqual({ ...header, payload: new Uint8Array([1, 2, 3]) });
});

test('contributing sources, header extensions and padding are skipped', () => {
  const bytes = new Uint8Array([
    ...[0xb1, 100, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2],
    ...[9, 9, 9, 9],
    ...[0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0],
    ...[42, 43],
    ...[0, 0, 3],
  ]);
  expect(parseRtp(bytes)).toMatchObject({ sequence: 7, payload: new Uint8Array([42, 43]) });
});

test.each([
  ['too short', [0x80, 100, 0, 1]],
  ['another version', [0x40, 100, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['an extension beyond the end', [0x90, 100, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 9]],
  ['padding longer than the packet', [0xa0, 100, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 200]],
  ['padding of length 0', [0xa0, 100, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]],
])('%s is no RTP packet', (_, bytes) => {
  expect(parseRtp(new Uint8Array(bytes))).toBeNull();
});

test('random bytes are parsed or refused, never thrown at', () => {
  const random = seededRandom(1);
  for (let n = 0; n < 2000; n++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 40) }, () => random() * 256);
    const packet = parseRtp(bytes);
    if (packet !== null) expect(packet.payload.length).toBeLessThanOrEqual(bytes.length - 12);
  }
});

test('counters are compared across their wrap', () => {
  expect(sequenceDistance(2, 65_534)).toBe(4);
  expect(sequenceDistance(65_534, 2)).toBe(-4);
  expect(timestampDistance(100, 4_294_967_200)).toBe(196);
  expect(timestampDistance(4_294_967_200, 100)).toBe(-196);
});

test('RTCP is told from RTP by its type', () => {
  expect(isRtcp(new Uint8Array([0x81, 200, 0, 1]))).toBe(true);
  expect(isRtcp(new Uint8Array([0x81, 206, 0, 1]))).toBe(true);
  // Payload type 100 with the marker bit.
  expect(isRtcp(new Uint8Array([0x80, 228, 0, 1]))).toBe(false);
});
