import { describe, expect, test } from 'vitest';
import { type OrderedPacket, ReorderBuffer } from '../../../src/media/rtp/reorder.js';
import { seededRandom } from '../../support/media.js';

const payload = (n: number): Uint8Array => new Uint8Array([n & 255, n >> 8]);
const say = (packets: OrderedPacket[]): string[] =>
  packets.map(({ sequence, payload: bytes }) => (bytes === null ? `lost ${sequence}` : `${sequence}`));

/** A buffer that is fed by 20 ms packets: `push(n)` is packet n of a stream that begins at `first`. */
function stream(first: number) {
  const buffer = new ReorderBuffer();
  const push = (n: number, nowMs: number): OrderedPacket[] =>
    buffer.push((first + n) & 0xffff, (n * 960 + 4_294_900_000) >>> 0, payload(n), nowMs);
  return { buffer, push };
}

test('packets in order leave at once, across the wrap of both counters', () => {
  const { push } = stream(65_534);
  for (let n = 0; n < 200; n++) expect(say(push(n, n * 20))).toEqual([`${(65_534 + n) & 0xffff}`]);
});

test('swapped packets leave in order', () => {
  const { push } = stream(65_535);
  expect(say(push(0, 0))).toEqual(['65535']);
  expect(say(push(2, 20))).toEqual([]);
  expect(say(push(1, 25))).toEqual(['0', '1']);
});

test('a missing packet is waited for 40 ms, then lost with its own timestamp', () => {
  const { buffer, push } = stream(100);
  push(0, 0);
  expect(push(2, 40)).toEqual([]);
  expect(buffer.nextDeadlineMs).toBe(80);
  expect(buffer.poll(79)).toEqual([]);
  const out = buffer.poll(80);
  expect(say(out)).toEqual(['lost 101', '102']);
  expect(out[0]?.timestamp).toBe((960 + 4_294_900_000) >>> 0);
  expect(buffer.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
});

test('duplicates are dropped, whether delivered or still held', () => {
  const { push } = stream(10);
  push(0, 0);
  expect(push(0, 1)).toEqual([]);
  expect(push(2, 20)).toEqual([]);
  expect(push(2, 21)).toEqual([]);
  expect(say(push(1, 22))).toEqual(['11', '12']);
  // Two duplicates in a row are no restart of the source.
  expect(push(1, 23)).toEqual([]);
  expect(push(2, 24)).toEqual([]);
  expect(say(push(3, 40))).toEqual(['13']);
});

test('a packet later than the wait is dropped and makes the wait as long as it would have had to be', () => {
  const { buffer, push } = stream(0);
  push(0, 0);
  push(2, 40);
  buffer.poll(80);
  expect(push(1, 95)).toEqual([]);
  expect(buffer.waitMs).toBe(65);
});

test('a packet too late for any wait teaches nothing: concealment is better', () => {
  const { buffer, push } = stream(0);
  push(0, 0);
  push(2, 40);
  buffer.poll(80);
  push(1, 500);
  expect(buffer.waitMs).toBe(40);
});

test('the wait follows a jitter of 300 ms, so that next to nothing comes too late, and goes back in the calm after it', () => {
  const { buffer, push } = stream(0);
  const random = seededRandom(9);
  const arrivals = Array.from({ length: 1_500 }, (_, n) => ({ n, atMs: n * 20 + 300 * random() }));
  arrivals.sort((a, b) => a.atMs - b.atMs);
  let lost = 0;
  let delivered = 0;
  const count = (packets: OrderedPacket[], n: number) => {
    if (n < 300) return;
    lost += packets.filter(({ payload: bytes }) => bytes === null).length;
    delivered += packets.length;
  };
  for (const { n, atMs } of arrivals) {
    while (buffer.nextDeadlineMs <= atMs) count(buffer.poll(buffer.nextDeadlineMs), n);
    count(push(n, atMs), n);
  }
  expect(delivered).toBeGreaterThan(1_000);
  expect(lost).toBeLessThan(0.01 * delivered);
  expect(buffer.waitMs).toBeGreaterThan(200);
  expect(buffer.waitMs).toBeLessThan(320);
  for (let n = 1_500; n < 2_100; n++) push(n, n * 20 + 300);
  expect(buffer.waitMs).toBe(40);
});

test('packets that are lost for good do not make the wait longer', () => {
  const { buffer, push } = stream(0);
  for (let n = 0; n < 1_000; n++) {
    if (n % 10 === 5) continue;
    while (buffer.nextDeadlineMs <= n * 20) buffer.poll(buffer.nextDeadlineMs);
    push(n, n * 20);
  }
  expect(buffer.waitMs).toBe(40);
});

test('a gap too long to conceal is passed over', () => {
  const { buffer, push } = stream(0);
  push(0, 0);
  push(40, 800);
  expect(say(buffer.poll(840))).toEqual(['40']);
});

describe('restart of the source', () => {
  test('is believed on the second packet, also within the same range', () => {
    const { buffer, push } = stream(30_000);
    push(0, 0);
    expect(buffer.push(5, 0, payload(5), 20)).toEqual([]);
    expect(say(buffer.push(6, 960, payload(6), 40))).toEqual(['6']);
    expect(say(buffer.push(7, 1920, payload(7), 60))).toEqual(['7']);
  });

  test('a single stray packet changes nothing', () => {
    const { buffer, push } = stream(30_000);
    push(0, 0);
    expect(buffer.push(5, 0, payload(5), 20)).toEqual([]);
    expect(say(push(1, 20))).toEqual(['30001']);
    expect(buffer.push(6, 0, payload(6), 30)).toEqual([]);
    expect(say(push(2, 40))).toEqual(['30002']);
  });

  test('what was held goes first', () => {
    const { buffer, push } = stream(30_000);
    push(0, 0);
    push(2, 40);
    buffer.push(5, 0, payload(5), 41);
    expect(say(buffer.push(6, 960, payload(6), 42))).toEqual(['lost 30001', '30002', '6']);
  });
});

test('never more than 64 packets are held', () => {
  const { push } = stream(0);
  push(0, 0);
  let out = 0;
  for (let n = 2; n < 200; n++) out += push(n, 1).length;
  expect(out).toBeGreaterThan(130);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'any jitter, loss and duplication gives each packet once, in order (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    const first = Math.floor(random() * 65_536);
    const count = 600;
    const sent = new Set<number>();
    const arrivals: { n: number; atMs: number }[] = [];
    for (let n = 0; n < count; n++) {
      if (n > 0 && random() < 0.05) continue;
      sent.add(n);
      arrivals.push({ n, atMs: n * 20 + random() * (random() < 0.1 ? 120 : 15) });
      if (random() < 0.03) arrivals.push({ n, atMs: n * 20 + random() * 200 });
    }
    arrivals.sort((a, b) => a.atMs - b.atMs);
    const { buffer, push } = stream(first);
    const out: OrderedPacket[] = [];
    for (const { n, atMs } of arrivals) {
      out.push(...buffer.poll(atMs));
      out.push(...push(n, atMs));
      // Nothing waits longer than the bound.
      expect(buffer.nextDeadlineMs).toBeGreaterThan(atMs);
      expect(buffer.nextDeadlineMs === Number.POSITIVE_INFINITY || buffer.nextDeadlineMs <= atMs + 350).toBe(true);
    }
    out.push(...buffer.poll(Number.MAX_SAFE_INTEGER));
    const start = out[0]!.sequence;
    out.forEach((packet, i) => {
      expect(packet.sequence).toBe((start + i) & 0xffff);
      const n = (packet.sequence - first + 65_536) & 0xffff;
      if (packet.payload !== null) expect([...packet.payload]).toEqual([n & 255, n >> 8]);
      expect(packet.timestamp).toBe((n * 960 + 4_294_900_000) >>> 0);
    });
    const delivered = out.filter((packet) => packet.payload !== null).length;
    expect(delivered).toBeGreaterThan(sent.size * 0.93);
    expect(delivered).toBeLessThanOrEqual(sent.size);
  },
);
