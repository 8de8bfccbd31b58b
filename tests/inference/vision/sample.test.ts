import { describe, expect, it } from 'vitest';
import { fromCrop, SampledImage } from '../../../src/inference/vision/sample.js';

const RANGE = { low: 0, high: 255, outside: 'edge' } as const;

function picture(width: number, height: number, colour: (x: number, y: number) => readonly number[]) {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([...colour(x, y), 255].slice(0, 4), (y * width + x) * 4);
  return { width, height, data };
}

const ramp = picture(64, 64, (x, y) => [x * 4, y * 4, 0]);

describe('SampledImage', () => {
  it('gives the pixels themselves when crop and picture agree', () => {
    const image = new SampledImage(ramp);
    const crop = image.crop(image.whole, 64, RANGE);
    expect([...crop.subarray((5 * 64 + 9) * 3, (5 * 64 + 9) * 3 + 3)]).toEqual([36, 20, 0]);
  });

  it('turns with the angle of the region', () => {
    const image = new SampledImage(ramp);
    const crop = image.crop({ ...image.whole, angle: Math.PI / 2 }, 64, RANGE);
    // The crop's right is the picture's down: its upper right corner is the lower right one.
    const [red, green] = crop.subarray(63 * 3, 63 * 3 + 2);
    expect([Math.round(red!), Math.round(green!)]).toEqual([252, 252]);
  });

  it('agrees with fromCrop about where a point lies', () => {
    const image = new SampledImage(ramp);
    const region = { centreX: 30, centreY: 34, side: 20, angle: 0.4 };
    const crop = image.crop(region, 40, RANGE);
    const [x, y] = fromCrop(region, 40, 12.5, 30.5);
    const at = (30 * 40 + 12) * 3;
    expect(crop[at]! / 4 + 0.5).toBeCloseTo(x, 3);
    expect(crop[at + 1]! / 4 + 0.5).toBeCloseTo(y, 3);
  });

  it('shrinks fine patterns to their mean', () => {
    const image = new SampledImage(picture(512, 512, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255] : [0, 0, 0])));
    const crop = image.crop(image.whole, 16, RANGE);
    expect([Math.min(...crop), Math.max(...crop)].map(Math.round)).toEqual([128, 128]);
  });

  it('has black or the nearest pixel outside the picture, and grey under transparency', () => {
    const white = picture(16, 16, () => [255, 255, 255]);
    const region = { centreX: -20, centreY: 8, side: 8, angle: 0 };
    expect(Math.max(...new SampledImage(white).crop(region, 4, { low: -1, high: 1, outside: 'black' }))).toBe(-1);
    expect(Math.min(...new SampledImage(white).crop(region, 4, RANGE))).toBe(255);
    const clear = picture(16, 16, () => [255, 0, 0, 0]);
    expect([...new SampledImage(clear).full.data.subarray(0, 4)]).toEqual([128, 128, 128, 255]);
  });
});
