import { describe, expect, it } from 'vitest';
import { Blink } from '../../../../src/inference/avatar/motion/blink.js';

const STEP_MS = 1;
const FRAME_MS = 40;

/** The lids of ten minutes, every millisecond. */
function lids(seed: number): Float32Array {
  const blink = new Blink(seed);
  return Float32Array.from({ length: 600_000 }, () => blink.next(STEP_MS, 20));
}

/** Runs of closed or closing lids: where they begin, when they are lowest, where they end, and how deep they go. */
function blinksOf(track: Float32Array) {
  const found: { from: number; lowest: number; to: number; depth: number }[] = [];
  for (let ms = 1; ms < track.length; ms++) {
    if (track[ms]! <= 0 || track[ms - 1]! > 0) continue;
    let to = ms;
    let lowest = ms;
    for (; to < track.length && track[to]! > 0; to++) if (track[to]! > track[lowest]!) lowest = to;
    if (to < track.length) found.push({ from: ms, lowest, to, depth: track[lowest]! });
    ms = to;
  }
  return found;
}

describe('blinks', () => {
  const track = lids(3);
  const blinks = blinksOf(track);

  it('come about as often as asked', () => {
    expect(blinks.length / 10).toBeGreaterThan(15);
    expect(blinks.length / 10).toBeLessThan(25);
  });

  it('fall in about a seventh of a second and rise in up to twice that', () => {
    for (const { from, lowest, to } of blinks) {
      expect(lowest - from).toBeGreaterThan(105);
      expect(lowest - from).toBeLessThan(165);
      expect(to - lowest).toBeGreaterThan(1.3 * (lowest - from));
      expect(to - lowest).toBeLessThan(3 * (lowest - from));
    }
  });

  it('close the eye fully, nine times out of ten', () => {
    const full = blinks.filter(({ depth }) => depth > 0.99).length / blinks.length;
    expect(full).toBeGreaterThan(0.8);
    expect(full).toBeLessThan(0.97);
  });

  it('pass the second half of the way down, and all of the way up, by about a quarter in a frame at most', () => {
    let [down, up] = [0, 0];
    for (let ms = FRAME_MS; ms < track.length; ms++) {
      const step = track[ms]! - track[ms - FRAME_MS]!;
      if (track[ms - FRAME_MS]! > 0.45) down = Math.max(down, step);
      up = Math.max(up, -step);
    }
    expect(down).toBeGreaterThan(0.15);
    expect(down).toBeLessThan(0.26);
    expect(up).toBeLessThan(0.24);
  });

  it('are the same for the same seed', () => {
    expect(lids(3).subarray(0, 60_000)).toEqual(track.subarray(0, 60_000));
  });
});
