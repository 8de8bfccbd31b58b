import { describe, expect, test } from 'vitest';
import { type AudioTick, MAX_CATCH_UP_MS, Pacer, PICTURE_DELAY_TICKS } from '../../src/media/pacer.js';
import { flatSegment, seededRandom } from '../support/media.js';

const START_MS = 1_900_000_000_000.25;
const block = new Int16Array(960);

function ticksUntil(pacer: Pacer, nowMs: number): AudioTick[] {
  const ticks: AudioTick[] = [];
  for (let tick = pacer.tick(nowMs, block); tick !== null; tick = pacer.tick(nowMs, block)) ticks.push(tick);
  return ticks;
}

test('nothing is sent before its time, and each tick once', () => {
  const pacer = new Pacer(START_MS);
  expect(ticksUntil(pacer, START_MS - 0.01)).toEqual([]);
  expect(ticksUntil(pacer, START_MS)).toHaveLength(1);
  expect(ticksUntil(pacer, START_MS + 19.9)).toEqual([]);
  expect(ticksUntil(pacer, START_MS + 20)).toHaveLength(1);
});

test('timestamps advance by exactly 960 and 3600 from the wall clock, across the wrap', () => {
  // Just before the 32-bit audio clock wraps.
  const startMs = (Math.ceil((START_MS * 48) / 2 ** 32) * 2 ** 32 - 960) / 48;
  const pacer = new Pacer(startMs);
  const ticks = ticksUntil(pacer, startMs + 60);
  expect(ticks.map((tick) => tick.timestamp)).toEqual([2 ** 32 - 960, 0, 960, 1920]);
  expect((pacer.frameTimestamp(7) - pacer.frameTimestamp(6) + 2 ** 32) % 2 ** 32).toBe(3600);
});

test('a successor that starts later goes on where the predecessor would be', () => {
  const first = new Pacer(START_MS);
  const second = new Pacer(START_MS + 3000);
  ticksUntil(second, START_MS + 3000);
  expect(second.timestampsAt(START_MS + 5000)).toEqual(first.timestampsAt(START_MS + 5000));
  expect(second.frameTimestamp(0)).toBe(first.frameTimestamp(75));
});

test('sender reports and packets speak of the same clock', () => {
  const pacer = new Pacer(START_MS);
  const ticks = ticksUntil(pacer, START_MS + 100);
  const last = ticks.at(-1)!;
  expect(pacer.timestampsAt(last.dueMs).audio).toBe(last.timestamp);
  expect(pacer.timestampsAt(pacer.frameDueMs(2)).video).toBe(pacer.frameTimestamp(2));
});

test('a short stall is caught up with, nothing is skipped', () => {
  const pacer = new Pacer(START_MS);
  ticksUntil(pacer, START_MS);
  const late = ticksUntil(pacer, START_MS + MAX_CATCH_UP_MS);
  expect(late.map((tick) => tick.index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(late.some((tick) => tick.discontinuous)).toBe(false);
});

test('after a long stall ticks are skipped, timestamps jump with the clock, speech does not', () => {
  const pacer = new Pacer(START_MS);
  pacer.speech.add(flatSegment(1, 1, 96_000));
  expect(ticksUntil(pacer, START_MS)[0]).toMatchObject({ index: 0, discontinuous: true });
  const after = ticksUntil(pacer, START_MS + 1010);
  expect(after).toHaveLength(1);
  expect(after[0]).toMatchObject({ index: 50, dueMs: START_MS + 1000, discontinuous: true });
  expect(after[0]!.timestamp).toBe(pacer.timestampsAt(START_MS + 1000).audio);
  expect(pacer.speech.queuedSamples).toBe(96_000 - 2 * 960);
  expect(ticksUntil(pacer, START_MS + 1020)[0]).toMatchObject({ index: 51, discontinuous: false });
});

test.each([1, 2, 3])(
  'however late each call is, tick n is never early and the clock never drifts (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    const pacer = new Pacer(START_MS);
    let nowMs = START_MS;
    let expected = 0;
    for (let n = 0; n < 5000; n++) {
      nowMs += random() < 0.02 ? random() * 400 : random() * 25;
      const ticks = ticksUntil(pacer, nowMs);
      expect(ticks.length).toBeLessThanOrEqual(11);
      for (const tick of ticks) {
        expect(tick.dueMs).toBeLessThanOrEqual(nowMs);
        expect(tick.discontinuous || tick.index === expected).toBe(true);
        expect(tick.timestamp).toBe(pacer.timestampsAt(tick.dueMs).audio);
        expected = tick.index + 1;
      }
      expect(pacer.nextTickMs).toBeGreaterThan(nowMs);
      expect(pacer.nextTickMs).toBeLessThanOrEqual(nowMs + 20);
    }
  },
);

describe('frame requests', () => {
  test('come 25 ms before the frame is due and name what is sent 20 ms before that', () => {
    const pacer = new Pacer(START_MS);
    pacer.speech.add(flatSegment(9, 1, 4800));
    expect(pacer.frameRequest(START_MS - 26).frame).toBeNull();
    expect(pacer.frameRequest(START_MS - 25).frame).toMatchObject({
      index: 0,
      dueMs: START_MS,
      timestamp: pacer.frameTimestamp(0),
      speech: null,
    });
    ticksUntil(pacer, START_MS);
    expect(pacer.frameRequest(START_MS + 15).frame).toMatchObject({
      index: 1,
      speech: { segmentId: 9, positionMs: 20 },
    });
    ticksUntil(pacer, START_MS + 40);
    expect(pacer.frameRequest(START_MS + 60).frame).toMatchObject({ index: 2, speech: { positionMs: 60 } });
    ticksUntil(pacer, START_MS + 80);
    expect(pacer.frameRequest(START_MS + 95).frame).toMatchObject({ index: 3, speech: null });
  });

  test('name the place whose sample is sent a tick before the frame, at any moment of asking', () => {
    const random = seededRandom(4);
    const pacer = new Pacer(START_MS);
    for (let id = 1; id <= 20; id++) pacer.speech.add(flatSegment(id, 1, Math.floor(random() * 5000), id));
    const named = new Map<number, number>();
    const sent = new Map<number, number>();
    for (let step = 0; step < 400; step++) {
      const nowMs = START_MS - 25 + step * 5;
      const { frame } = pacer.frameRequest(nowMs);
      if (frame !== null) named.set(frame.index * 2 - PICTURE_DELAY_TICKS, frame.speech?.segmentId ?? 0);
      for (let tick = pacer.tick(nowMs, block); tick !== null; tick = pacer.tick(nowMs, block)) {
        sent.set(tick.index, block[0] ?? 0);
      }
    }
    const both = [...named].filter(([tick]) => sent.has(tick));
    expect(both.length).toBeGreaterThan(40);
    for (const [tick, segmentId] of both) expect(sent.get(tick)).toBe(segmentId);
  });

  test('frames whose time has passed are left out and counted', () => {
    const pacer = new Pacer(START_MS);
    pacer.frameRequest(START_MS - 25);
    const late = pacer.frameRequest(START_MS + 140);
    expect(late.skipped).toBe(3);
    expect(late.frame).toMatchObject({ index: 4 });
    expect(pacer.frameRequest(START_MS + 140)).toEqual({ frame: null, skipped: 0 });
  });
});
