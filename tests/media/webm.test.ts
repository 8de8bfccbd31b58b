import { describe, expect, it } from 'vitest';
import { muxWebm } from '../../src/media/webm.js';

interface Element {
  id: number;
  at: number;
  body: Buffer;
}

/** The elements of one level; `at` counts from its beginning. */
function elementsOf(level: Buffer): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < level.length) {
    const idLength = Math.clz32(level[at]!) - 23;
    const sizeAt = at + idLength;
    expect(level[sizeAt]).toBe(0x01);
    const length = level.readUIntBE(sizeAt + 2, 6);
    found.push({ id: level.readUIntBE(at, idLength), at, body: level.subarray(sizeAt + 8, sizeAt + 8 + length) });
    at = sizeAt + 8 + length;
  }
  expect(at).toBe(level.length);
  return found;
}

function child(level: Buffer, ...ids: number[]): Buffer {
  return ids.reduce((body, id) => elementsOf(body).find((element) => element.id === id)!.body, level);
}

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;

const frames = Array.from({ length: 60 }, (_, index) => ({
  data: Uint8Array.of(index, 1, 2, 3),
  keyFrame: index % 50 === 0,
}));
const file = muxWebm(frames, { width: 512, height: 256, fps: 25 });

describe('muxWebm', () => {
  it('writes a WebM head, the size of the picture and the length in milliseconds', () => {
    expect(file.readUInt32BE(0)).toBe(0x1a45dfa3);
    expect(child(file, 0x1a45dfa3, 0x4282).toString()).toBe('webm');
    expect(child(file, SEGMENT, 0x1549a966, 0x4489).readDoubleBE()).toBe(2_400);
    const track = child(file, SEGMENT, 0x1654ae6b, 0xae);
    expect(child(track, 0x86).toString()).toBe('V_VP8');
    expect(child(track, 0xe0, 0xb0).readUIntBE(0, 2)).toBe(512);
    expect(child(track, 0xe0, 0xba).readUIntBE(0, 2)).toBe(256);
  });

  it('keeps every frame with its own time, and begins a cluster at every key frame', () => {
    const clusters = elementsOf(child(file, SEGMENT)).filter(({ id }) => id === CLUSTER);
    const seen = clusters.flatMap(({ body }) => {
      const [timestamp, ...blocks] = elementsOf(body);
      const baseMs = timestamp!.body.readUIntBE(2, 6);
      return blocks.map(({ body: block }) => ({
        atMs: baseMs + block.readInt16BE(1),
        keyFrame: (block[3]! & 0x80) !== 0,
        data: [...block.subarray(4)],
      }));
    });
    expect(clusters).toHaveLength(2);
    expect(seen).toEqual(frames.map(({ data, keyFrame }, index) => ({ atMs: index * 40, keyFrame, data: [...data] })));
  });

  it('points its cues at the clusters', () => {
    const segment = child(file, SEGMENT);
    const clusters = elementsOf(segment).filter(({ id }) => id === CLUSTER);
    const points = elementsOf(child(segment, 0x1c53bb6b)).map(({ body }) => ({
      atMs: child(body, 0xb3).readUIntBE(2, 6),
      position: child(body, 0xb7, 0xf1).readUIntBE(2, 6),
    }));
    expect(points).toEqual([
      { atMs: 0, position: clusters[0]!.at },
      { atMs: 2_000, position: clusters[1]!.at },
    ]);
  });

  it('has a second track of Opus sound, whose packets stand between the pictures of their time', () => {
    const packets = Array.from({ length: 120 }, (_, index) => Uint8Array.of(200, index));
    const sound = { packets, packetMs: 20, preSkip: 312 };
    const film = muxWebm(frames, { width: 512, height: 256, fps: 25, sound });
    const tracks = elementsOf(child(film, SEGMENT, 0x1654ae6b)).map(({ body }) => body);
    expect(tracks.map((track) => child(track, 0x86).toString())).toEqual(['V_VP8', 'A_OPUS']);
    const head = child(tracks[1]!, 0x63a2);
    expect(head.toString('latin1', 0, 8)).toBe('OpusHead');
    expect([head[9], head.readUInt16LE(10), head.readUInt32LE(12)]).toEqual([1, 312, 48_000]);
    expect(child(tracks[1]!, 0x56aa).readUIntBE(0, 3)).toBe(6_500_000);
    expect(child(tracks[1]!, 0xe1, 0xb5).readDoubleBE()).toBe(48_000);
    const clusters = elementsOf(child(film, SEGMENT)).filter(({ id }) => id === CLUSTER);
    const blocks = clusters.flatMap(({ body }) => {
      const [timestamp, ...simple] = elementsOf(body);
      return simple.map(({ body: block }) => ({
        track: block[0]! & 0x7f,
        atMs: timestamp!.body.readUIntBE(2, 6) + block.readInt16BE(1),
      }));
    });
    expect(blocks.filter(({ track }) => track === 2).map(({ atMs }) => atMs)).toEqual(packets.map((_, i) => 20 * i));
    expect(blocks.map(({ atMs }) => atMs)).toEqual(blocks.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    expect(elementsOf(clusters[1]!.body)[1]!.body[0]! & 0x7f).toBe(1);
  });

  it('refuses what no player could begin with', () => {
    expect(() => muxWebm([], { width: 16, height: 16, fps: 25 })).toThrow(RangeError);
    expect(() => muxWebm(frames.slice(1), { width: 16, height: 16, fps: 25 })).toThrow(/key frame/);
    const endless = Array.from({ length: 800 }, (_, index) => ({ data: Uint8Array.of(1), keyFrame: index === 0 }));
    expect(() => muxWebm(endless, { width: 16, height: 16, fps: 25 })).toThrow(/key frame is missing/);
  });
});
