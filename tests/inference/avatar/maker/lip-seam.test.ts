import { describe, expect, it } from 'vitest';
import { settleLips } from '../../../../src/inference/avatar/maker/lip-seam.js';
import { LANDMARK_COUNT, LOWER_LIP, UPPER_LIP } from '../../../../src/inference/avatar/rig.js';

const SIDE = 240;
const MOUTH = { left: 70, right: 170, y: 120 };
const RINGS = ['inner', 'innerMiddle', 'middle', 'outer'] as const;

/** Lips whose rings lie 5 px apart, `gap` pixels open, as landmarks would have them. */
function lips(gap = 0): Float32Array {
  const points = new Float32Array(LANDMARK_COUNT * 3);
  RINGS.forEach((ring, r) => {
    for (let k = 0; k < 11; k++) {
      const inset = 5 * (3 - r) * (1 / 3);
      const x = MOUTH.left + inset + ((MOUTH.right - MOUTH.left - 2 * inset) * k) / 10;
      const away = (gap / 2 + 5 * r) * Math.sin((Math.PI * k) / 10);
      points.set([x, MOUTH.y - away], 3 * UPPER_LIP[ring][k]!);
      points.set([x, MOUTH.y + away], 3 * LOWER_LIP[ring][k]!);
    }
  });
  return points;
}

/** A face with a dark line of 3 px at a height of `lineAt(x)` between the mouth's corners. */
function picture(lineAt: (x: number) => number, line = 60) {
  const data = new Uint8Array(SIDE * SIDE * 3).fill(180);
  for (let x = MOUTH.left; x < MOUTH.right; x++) {
    for (let y = 0; y < SIDE; y++) {
      if (Math.abs(y + 0.5 - lineAt(x + 0.5)) <= 1.5) data.fill(line, 3 * (y * SIDE + x), 3 * (y * SIDE + x) + 3);
    }
  }
  return { width: SIDE, height: SIDE, data };
}

const bowed = (x: number) => MOUTH.y + 3 * Math.sin((Math.PI * (x - MOUTH.left)) / (MOUTH.right - MOUTH.left));

describe('settleLips', () => {
  it('lays both lips on the line that the portrait shows between them', () => {
    const points = lips();
    settleLips(picture(bowed), points);
    for (let k = 2; k < 9; k++) {
      for (const lip of [UPPER_LIP, LOWER_LIP]) {
        const [x, y] = points.subarray(3 * lip.inner[k]!, 3 * lip.inner[k]! + 2) as unknown as [number, number];
        expect(Math.abs(y - bowed(x))).toBeLessThan(0.8);
      }
    }
  });

  it('lets the mouth open up to where the lips meet, and keeps its outline', () => {
    const [before, after] = [lips(), lips()];
    settleLips(picture(bowed), after);
    const x = (points: Float32Array, i: number) => points[3 * i]!;
    expect(x(after, 78)).toBeLessThan(x(before, 78) - 2);
    expect(x(after, 308)).toBeGreaterThan(x(before, 308) + 2);
    expect(x(after, 61)).toBeLessThan(x(after, 76));
    expect(x(after, 76)).toBeLessThan(x(after, 62));
    expect(x(after, 62)).toBeLessThan(x(after, 78));
    for (const i of [...UPPER_LIP.outer, ...LOWER_LIP.outer]) {
      expect([...after.subarray(3 * i, 3 * i + 3)]).toEqual([...before.subarray(3 * i, 3 * i + 3)]);
    }
  });

  it('leaves lips that are open as they are', () => {
    const points = lips(12);
    settleLips(picture(bowed), points);
    expect(points).toEqual(lips(12));
  });

  it('leaves lips as they are where no line is seen', () => {
    const points = lips();
    settleLips(picture(bowed, 180), points);
    expect(points).toEqual(lips());
  });

  it('bears a mouth at the edge of the picture', () => {
    const points = lips().map((value, i) => (i % 3 === 1 ? value + 118 : value));
    settleLips(
      picture(() => SIDE - 2),
      points,
    );
    expect(points.every(Number.isFinite)).toBe(true);
  });
});
