import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/inference/avatar/motion/random.js';
import { Coverage, EMPTY, FULL, PARTLY } from '../../../../src/inference/avatar/renderer/coverage.js';

const [WIDTH, HEIGHT] = [72, 60];

describe('coverage of rectangles', () => {
  it('is never wrongly empty or full', () => {
    const random = new Random(5);
    // A disc with a soft edge.
    const alpha = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
      const distance = Math.hypot((i % WIDTH) - 30, Math.floor(i / WIDTH) - 30);
      return Math.min(255, Math.max(0, 255 - (distance - 20) * 40));
    });
    const coverage = new Coverage(alpha, WIDTH, HEIGHT);
    const seen = new Set<number>();
    for (let k = 0; k < 3_000; k++) {
      const [u0, v0] = [random.between(-20, WIDTH), random.between(-20, HEIGHT)];
      const [u1, v1] = [u0 + random.between(0, 25), v0 + random.between(0, 25)];
      const values: number[] = [];
      for (let v = Math.max(0, Math.floor(v0)); v <= Math.min(HEIGHT - 1, v1 + 1); v++) {
        for (let u = Math.max(0, Math.floor(u0)); u <= Math.min(WIDTH - 1, u1 + 1); u++)
          values.push(alpha[v * WIDTH + u]!);
      }
      const kind = coverage.of(u0, v0, u1, v1);
      seen.add(kind);
      if (kind === EMPTY) expect(values.every((a) => a === 0)).toBe(true);
      if (kind === FULL) expect(values.every((a) => a === 255)).toBe(true);
    }
    expect(seen).toEqual(new Set([EMPTY, FULL, PARTLY]));
  });
});
