import { expect, test } from 'vitest';
import { parseRtcp, senderReport } from '../../../src/media/rtp/rtcp.js';
import { seededRandom } from '../../support/media.js';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

test('a sender report carries wall time, RTP time, counters and the CNAME', () => {
  const wallMs = Date.UTC(2030, 4, 6, 7, 8, 9, 250);
  const report = senderReport({ ssrc: 7, wallMs, rtpTimestamp: 4_000_000_000, packets: 5, octets: 600, cname: 'näme' });
  expect(report.length % 4).toBe(0);
  const [sender, description] = parseRtcp(report);
  expect(sender).toMatchObject({
    type: 'sender-report',
    ssrc: 7,
    rtpTimestamp: 4_000_000_000,
    packets: 5,
    octets: 600,
  });
  expect(sender?.type === 'sender-report' && sender.ntpMs).toBeCloseTo(wallMs, 2);
  expect(description).toEqual({ type: 'description', ssrc: 7, cname: 'näme' });
});

test('every length of CNAME ends in at least one zero on a 32-bit boundary', () => {
  for (let length = 0; length < 12; length++) {
    const cname = 'c'.repeat(length);
    const report = senderReport({ ssrc: 1, wallMs: 0, rtpTimestamp: 0, packets: 0, octets: 0, cname });
    expect(report.at(-1)).toBe(0);
    expect(parseRtcp(report).at(-1)).toEqual({ type: 'description', ssrc: 1, cname });
  }
});

test('loss and FIR and PLI of a compound packet are all seen', () => {
  const receiver = bytes(
    0x81,
    201,
    0,
    7,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    9,
    64,
    255,
    255,
    254,
    0,
    1,
    0,
    2,
    0,
    0,
    0,
    5,
    ...new Array(8).fill(0),
  );
  const pli = bytes(0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9);
  const fir = bytes(0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0, 0, 0);
  const unknown = bytes(0x8f, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0);
  const messages = parseRtcp(Buffer.concat([receiver, unknown, pli, fir]));
  expect(messages).toEqual([
    {
      type: 'receiver-report',
      ssrc: 1,
      reports: [{ ssrc: 9, fractionLost: 0.25, lost: -2, highestSequence: 65_538, jitter: 5 }],
    },
    { type: 'pli', mediaSsrc: 9 },
    { type: 'fir', mediaSsrc: 9, sequence: 3 },
  ]);
});

test('a NACK names its packets across the wrap', () => {
  const nack = bytes(0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0x80, 0x01);
  expect(parseRtcp(nack)).toEqual([{ type: 'nack', mediaSsrc: 9, sequences: [65_535, 0, 15] }]);
});

test('goodbye lists its sources', () => {
  expect(parseRtcp(bytes(0x82, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2))).toEqual([{ type: 'goodbye', ssrcs: [1, 2] }]);
});

test('cut-off and random bytes are never thrown at', () => {
  const whole = senderReport({ ssrc: 1, wallMs: 1, rtpTimestamp: 0, packets: 0, octets: 0, cname: 'abc' });
  for (let length = 0; length < whole.length; length++)
    expect(parseRtcp(whole.subarray(0, length)).length).toBeLessThan(2);
  const random = seededRandom(2);
  for (let n = 0; n < 2000; n++) {
    const noise = Uint8Array.from({ length: Math.floor(random() * 64) }, () => random() * 256);
    if (noise.length > 1) [noise[0], noise[1]] = [0x80 | (noise[0]! & 31), 200 + (noise[1]! % 8)];
    expect(Array.isArray(parseRtcp(noise))).toBe(true);
  }
});
