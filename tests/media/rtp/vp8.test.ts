import { describe, expect, test } from 'vitest';
import { OpusEncoder } from '../../../src/media/codecs.js';
import { opusDurationSamples, opusPacket } from '../../../src/media/rtp/opus.js';
import { parseRtp } from '../../../src/media/rtp/packet.js';
import { MAX_PACKET_BYTES, RetransmissionCache } from '../../../src/media/rtp/retransmission.js';
import { RtpSender } from '../../../src/media/rtp/sender.js';
import { parseVp8Payload, Vp8Packetiser } from '../../../src/media/rtp/vp8.js';

const STREAM = { ssrc: 77, payloadType: 101 };

function harness(firstSequence = 65_533, firstPictureId = 32_766) {
  const sender = new RtpSender(STREAM, firstSequence);
  const cache = new RetransmissionCache(64);
  return { sender, cache, packetiser: new Vp8Packetiser(sender, cache, firstPictureId) };
}

describe('VP8 packetiser', () => {
  test.each([1, 1149, 1150, 1151, 5000])('a frame of %i bytes is rebuilt from its packets', (length) => {
    const { cache, packetiser } = harness();
    const frame = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
    frame[0] = 0x10;
    const { firstSequence, count } = packetiser.packetise(frame, 123_456);
    const rebuilt: number[] = [];
    for (let i = 0; i < count; i++) {
      const bytes = cache.get((firstSequence + i) & 0xffff)!;
      expect(bytes.length).toBeLessThanOrEqual(1166);
      const packet = parseRtp(bytes)!;
      expect(packet).toMatchObject({ ...STREAM, timestamp: 123_456, marker: i === count - 1 });
      const payload = parseVp8Payload(packet.payload)!;
      expect(payload).toMatchObject({ start: i === 0, partition: 0, pictureId: 32_766, keyFrame: i === 0 });
      rebuilt.push(...payload.data);
    }
    expect(count).toBe(Math.ceil(length / 1150));
    expect(Uint8Array.from(rebuilt)).toEqual(frame);
  });

  test('sequence numbers and picture identifiers wrap', () => {
    const { sender, cache, packetiser } = harness();
    const pictures: (number | null)[] = [];
    for (let n = 0; n < 4; n++) {
      const { firstSequence } = packetiser.packetise(new Uint8Array(1500).fill(1), n * 3600);
      pictures.push(parseVp8Payload(parseRtp(cache.get(firstSequence)!)!.payload)!.pictureId);
    }
    expect(pictures).toEqual([32_766, 32_767, 0, 1]);
    expect(sender.nextSequence).toBe(5);
    expect(sender.packets).toBe(8);
  });
});

test('other descriptors of the standard are understood', () => {
  expect(parseVp8Payload(new Uint8Array([0x10, 0, 1]))).toMatchObject({ start: true, pictureId: null, keyFrame: true });
  expect(parseVp8Payload(new Uint8Array([0x90, 0x80, 0x05, 1]))).toMatchObject({ pictureId: 5, keyFrame: false });
  expect(parseVp8Payload(new Uint8Array([0x80, 0xf0, 0x81, 0x02, 9, 9, 7]))).toMatchObject({ pictureId: 258 });
  expect(parseVp8Payload(new Uint8Array([0x90, 0x80, 0x85]))).toBeNull();
  expect(parseVp8Payload(new Uint8Array(0))).toBeNull();
});

describe('retransmission cache', () => {
  test('a packet is found until its slot is used again, and given out a few times', () => {
    const { cache, packetiser } = harness(0);
    packetiser.packetise(new Uint8Array(10), 0);
    expect([1, 2, 3, 4].map(() => cache.takeRepeat(0) !== undefined)).toEqual([true, true, true, false]);
    expect(cache.get(1)).toBeUndefined();
    for (let n = 0; n < 64; n++) packetiser.packetise(new Uint8Array(10), n);
    expect(cache.get(0)).toBeUndefined();
    expect(cache.takeRepeat(64)).toBeDefined();
  });

  test('sizes out of range are refused', () => {
    expect(() => new RetransmissionCache(100)).toThrow(TypeError);
    expect(() => new RetransmissionCache(4).reserve(0, MAX_PACKET_BYTES + 1)).toThrow(RangeError);
  });
});

describe('Opus', () => {
  test('one packet carries one payload', () => {
    const sender = new RtpSender({ ssrc: 5, payloadType: 100 }, 65_535);
    const first = parseRtp(opusPacket(sender, new Uint8Array([1, 2]), 10, true));
    const second = parseRtp(opusPacket(sender, new Uint8Array([3]), 970, false));
    expect(first).toMatchObject({ sequence: 65_535, marker: true, payload: new Uint8Array([1, 2]) });
    expect(second).toMatchObject({ sequence: 0, timestamp: 970, marker: false });
  });

  test('a packet tells how long it is', () => {
    for (const samples of [120, 240, 480, 960, 1920, 2880]) {
      const packet = new OpusEncoder(48_000, 1).encode(new Int16Array(samples));
      expect(opusDurationSamples(packet)).toBe(samples);
    }
    expect(opusDurationSamples(new Uint8Array(0))).toBe(0);
    expect(opusDurationSamples(new Uint8Array([0x1b, 63]))).toBe(0);
  });
});
