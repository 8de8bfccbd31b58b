import { describe, expect, it } from 'vitest';
import { chipRegion } from '../../../src/inference/vision/face-identity.js';
import { fromCrop } from '../../../src/inference/vision/sample.js';

/** Where dlib expects the eyes' corners and the base of the nose, in a chip of side 1 (padding 0.25), by landmark. */
const EXPECTED = [
  [263, 0.8595674595992, 0.2134981538014],
  [362, 0.6460604764104, 0.2289674387677],
  [33, 0.1205750620789, 0.2137274526848],
  [133, 0.3340850613712, 0.2290642403242],
  [2, 0.4901123135679, 0.6277975316475],
].map(([i, x, y]) => [i!, (x! + 0.25) / 1.5, (y! + 0.25) / 1.5] as const);

describe('chipRegion', () => {
  it('finds the square of a face wherever, however large and however tilted it is', () => {
    const region = { centreX: 310, centreY: 190, side: 260, angle: 0.3 };
    const points = new Float32Array(478 * 3);
    for (const [i, x, y] of EXPECTED) points.set(fromCrop(region, 1, x, y), 3 * i);
    const found = chipRegion(points);
    for (const key of ['centreX', 'centreY', 'side'] as const) expect(found[key]).toBeCloseTo(region[key], 2);
    expect(found.angle).toBeCloseTo(0.3, 5);
  });
});
