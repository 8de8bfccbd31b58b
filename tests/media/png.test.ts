import { describe, expect, it } from 'vitest';
import { decodePng } from '../../src/inference/avatar/png.js';
import { i420ToPng, i420ToRgb } from '../../src/media/png.js';

describe('an I420 picture', () => {
  // BT.601 studio range: Y, U, V of the primaries, from Recommendation ITU-R BT.601-7.
  it.each([
    ['black', [16, 128, 128], [0, 0, 0]],
    ['white', [235, 128, 128], [255, 255, 255]],
    ['red', [81, 90, 240], [255, 0, 0]],
    ['green', [145, 54, 34], [0, 255, 0]],
    ['blue', [41, 240, 110], [0, 0, 255]],
  ])('of %s is %j', (_, [y, u, v], rgb) => {
    const picture = Uint8Array.of(y!, y!, y!, y!, u!, v!);
    const pixels = i420ToRgb(picture, 2, 2);
    for (const [i, value] of pixels.entries()) expect(Math.abs(value - rgb[i % 3]!)).toBeLessThanOrEqual(3);
  });

  it('is the same in a PNG file', () => {
    const picture = Uint8Array.from({ length: 6 * 4 * 1.5 }, (_, i) => (i * 53) & 255);
    const file = decodePng(i420ToPng(picture, 6, 4), { maxSide: 8 });
    expect(file).toEqual({ width: 6, height: 4, data: i420ToRgb(picture, 6, 4) });
  });
});
