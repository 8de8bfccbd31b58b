import { describe, expect, it } from 'vitest';
import { backgroundBehind } from '../../../../src/inference/avatar/maker/background.js';
import { guidedFilter } from '../../../../src/inference/avatar/maker/guided-filter.js';
import { cutOut } from '../../../../src/inference/avatar/maker/matte.js';
import { boxMean, grown, planeOf, resized, shrunk } from '../../../../src/inference/avatar/maker/plane.js';
import { insidePolygon, removeIslands } from '../../../../src/inference/avatar/maker/regions.js';
import { resampleRegion } from '../../../../src/inference/avatar/maker/resample.js';
import { fillMembrane } from '../../../../src/inference/avatar/membrane.js';
import { Random } from '../../../../src/inference/avatar/motion/random.js';
import type { RgbImage } from '../../../../src/inference/avatar/png.js';
import { OVAL } from '../../../../src/inference/vision/landmarks.js';
import { picture } from '../../../support/pictures.js';

function rgb(size: number, colour: (x: number, y: number) => readonly number[]): RgbImage {
  const data = new Uint8Array(size * size * 3);
  for (let i = 0; i < size * size; i++) data.set(colour(i % size, Math.floor(i / size)), i * 3);
  return { width: size, height: size, data };
}

/** Landmarks of which only the face's outline counts: a circle. */
function roundFace(x: number, y: number, radius: number): Float32Array {
  const points = new Float32Array(478 * 3);
  OVAL.forEach((index, i) => {
    const angle = (2 * Math.PI * i) / OVAL.length;
    points[3 * index] = x + radius * Math.sin(angle);
    points[3 * index + 1] = y - radius * Math.cos(angle);
  });
  return points;
}

describe('resampleRegion', () => {
  const ramp = picture(64, 64, (x, y) => [2 * x + 20, 2 * y + 20, 100]);
  const whole = { centreX: 32, centreY: 32, side: 64, height: 64, angle: 0 };
  const square = (side: number) => ({ width: side, height: side });

  it('leaves a picture of the same size as it is', () => {
    const { data } = resampleRegion(ramp, whole, square(64));
    for (const at of [0, 65, 2080, 4095])
      expect([...data.subarray(3 * at, 3 * at + 3)]).toEqual([...ramp.data.subarray(4 * at, 4 * at + 3)]);
  });

  it.each([24, 100])('keeps a slope at %d pixels', (side) => {
    const { data } = resampleRegion(ramp, whole, square(side));
    for (let y = 4; y < side - 4; y += 5) {
      for (let x = 4; x < side - 4; x += 5) {
        const expected = [((x + 0.5) * 128) / side - 1 + 20, ((y + 0.5) * 128) / side - 1 + 20];
        expect(Math.abs(data[(y * side + x) * 3]! - expected[0]!)).toBeLessThanOrEqual(1);
        expect(Math.abs(data[(y * side + x) * 3 + 1]! - expected[1]!)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('averages what it shrinks: no stripe of a fine pattern is left', () => {
    const stripes = picture(256, 256, (x) => (x % 2 === 0 ? [0, 0, 0] : [255, 255, 255]));
    const { data } = resampleRegion(
      stripes,
      { centreX: 128, centreY: 128, side: 256, height: 256, angle: 0 },
      square(50),
    );
    expect(Math.max(...data) - Math.min(...data)).toBeLessThan(60);
  });

  it('mirrors what lies outside', () => {
    const { data } = resampleRegion(ramp, { ...whole, centreX: 0 }, square(64));
    for (let k = 0; k < 20; k++) expect(data[(32 * 64 + 31 - k) * 3]).toBe(data[(32 * 64 + 32 + k) * 3]);
  });

  it('turns clockwise content upright', () => {
    const { data } = resampleRegion(ramp, { ...whole, angle: Math.PI / 2 }, square(64));
    // A picture that lies on its right side: what was up in it lies to the right.
    expect(data[(10 * 64 + 32) * 3]).toBeGreaterThan(data[(50 * 64 + 32) * 3]!);
    expect(data[(32 * 64 + 10) * 3 + 1]).toBeLessThan(data[(32 * 64 + 50) * 3 + 1]!);
  });
});

describe('planes', () => {
  const random = new Random(3);
  const plane = planeOf(17, 11, () => random.uniform());

  it('gives the mean of a window as adding it up does', () => {
    const mean = boxMean(plane, 3);
    for (const [x, y] of [
      [0, 0],
      [16, 10],
      [8, 5],
      [2, 9],
    ] as const) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(0, y - 3); v <= Math.min(10, y + 3); v++)
        for (let u = Math.max(0, x - 3); u <= Math.min(16, x + 3); u++, count++) sum += plane.data[v * 17 + u]!;
      expect(mean.data[y * 17 + x]).toBeCloseTo(sum / count, 4);
    }
  });

  it('grows and shrinks a spot by its radius', () => {
    const spot = planeOf(15, 15, (i) => (i === 7 * 15 + 7 ? 1 : 0));
    const square = grown(spot, 2);
    expect(square.data.reduce((a, b) => a + b)).toBe(25);
    expect(shrunk(square, 2).data).toEqual(spot.data);
    const atEdge = planeOf(15, 15, (i) => (i % 15 < 5 ? 1 : 0));
    expect(shrunk(atEdge, 2).data.reduce((a, b) => a + b)).toBe(3 * 15);
  });

  it('keeps the mean when resized', () => {
    const big = resized(plane, 170, 110);
    const mean = (data: Float32Array) => data.reduce((a, b) => a + b) / data.length;
    expect(mean(big.data)).toBeCloseTo(mean(plane.data), 1);
  });
});

describe('guidedFilter', () => {
  it("moves a blurred edge of the input to the guide's edge", () => {
    const guide = rgb(64, (x) => (x < 30 ? [200, 60, 40] : [30, 80, 160]));
    const blurred = planeOf(64, 64, (i) => 1 / (1 + Math.exp((i % 64) - 32) ** 0.3));
    const out = guidedFilter(guide, blurred, { radius: 8, epsilon: 1e-4 });
    const at = (x: number) => out.data[32 * 64 + x]!;
    expect(at(29) - at(30)).toBeGreaterThan(0.4);
    expect(Math.abs(at(24) - at(29))).toBeLessThan(0.15);
  });
});

describe('fillMembrane', () => {
  it('continues a slope through a hole exactly', () => {
    const size = 65;
    const colour = new Float32Array(size * size * 3);
    const known = new Float32Array(size * size);
    for (let i = 0; i < size * size; i++) {
      const [x, y] = [i % size, Math.floor(i / size)];
      const hole = Math.hypot(x - 32, y - 32) < 12;
      known[i] = hole ? 0 : 1;
      colour.set(hole ? [255, 255, 255] : [x, y, 10], i * 3);
    }
    const filled = fillMembrane(colour, known, size, size);
    for (const [x, y] of [
      [32, 32],
      [25, 30],
      [40, 38],
    ] as const) {
      expect(Math.abs(filled[(y * size + x) * 3]! - x)).toBeLessThan(1);
      expect(Math.abs(filled[(y * size + x) * 3 + 1]! - y)).toBeLessThan(1);
      expect(filled[(y * size + x) * 3 + 2]).toBeCloseTo(10, 3);
    }
  });

  it('leaves known pixels untouched, and everything where nothing is known', () => {
    const colour = Float32Array.from({ length: 27 }, (_, i) => i);
    const known = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 0]);
    const filled = fillMembrane(colour, known, 3, 3);
    expect([...filled.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect([...filled.subarray(12, 15)]).toEqual([12, 13, 14]);
    expect(fillMembrane(colour, new Float32Array(9), 3, 3)).toEqual(colour);
  });
});

describe('regions', () => {
  it('fills a polygon by its pixels’ centres', () => {
    const square = insidePolygon(
      [
        [2, 3],
        [6, 3],
        [6, 5],
        [2, 5],
      ],
      10,
      10,
    );
    expect(square.reduce((a, b) => a + b)).toBe(8);
    expect(square[3 * 10 + 2]).toBe(1);
    expect(square[5 * 10 + 2]).toBe(0);
  });

  it('takes islands out and fills holes, but not bays, nor gaps that a rougher mask takes for background', () => {
    const rows = ['..........', '.XXXXXX..X', '.XX.XXX..X', '.XXXXXX...', '.XXXX.....', '.XXXX.....', '..........'];
    const values = rows.join('');
    const mask = planeOf(10, 7, (i) => (values[i] === 'X' ? 1 : 0));
    const seed = new Uint8Array(70);
    seed[11] = 1;
    // A hole counts as small by the picture's size: this picture is a corner of a larger one.
    const large = planeOf(100, 70, (i) =>
      i % 100 < 10 && i < 700 ? mask.data[Math.floor(i / 100) * 10 + (i % 100)]! : 0,
    );
    const largeSeed = new Uint8Array(7000);
    largeSeed[101] = 1;
    const gaps = planeOf(100, 70, (i) => large.data[i]!);
    removeIslands(
      gaps,
      largeSeed,
      planeOf(100, 70, () => 0.3),
    );
    expect(gaps.data[2 * 100 + 3]).toBe(0);
    removeIslands(large, largeSeed);
    const at = (x: number, y: number) => large.data[y * 100 + x];
    expect([at(9, 1), at(9, 2)]).toEqual([0, 0]);
    expect(at(3, 2)).toBe(1);
    expect([at(5, 4), at(0, 3)]).toEqual([0, 0]);
  });
});

describe('cutOut', () => {
  const size = 256;
  const inside = (x: number, y: number) => Math.hypot(x - 128, y - 128) < 70;
  /** A disc with spikes two pixels wide, like hair, before a sky. */
  const spiked = (x: number, y: number) => inside(x, y) || (y > 30 && y < 128 && x > 80 && x < 176 && x % 12 < 2);
  const portrait = rgb(size, (x, y) => (spiked(x, y) ? [60, 40, 30] : [150 + y / 8, 180, 210]));
  /** Coarse, shifted and soft, as the network's masks are. */
  const coarse = planeOf(64, 64, (i) => {
    const [x, y] = [(i % 64) * 4 + 5, Math.floor(i / 64) * 4 - 2];
    return 1 / (1 + Math.exp((Math.hypot(x - 128, y - 128) - 76) / 5));
  });
  const matte = cutOut(portrait, coarse, roundFace(128, 140, 30));
  const at = (x: number, y: number) => matte.data[y * size + x]!;

  it("puts the edge where the picture's colours change, not where the coarse mask does", () => {
    for (let k = 0; k < 12; k++) {
      const angle = Math.PI * (0.05 + (0.9 * k) / 11);
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      expect(at(Math.round(128 + 66 * cos), Math.round(128 + 66 * sin))).toBeGreaterThan(0.9);
      expect(at(Math.round(128 + 75 * cos), Math.round(128 + 75 * sin))).toBeLessThan(0.1);
    }
  });

  it('is all person inside and all background far away', () => {
    expect(Math.min(at(128, 128), at(100, 110), at(150, 160))).toBe(1);
    expect(Math.max(at(10, 10), at(245, 128), at(128, 250))).toBe(0);
  });

  it('tells strands from the sky between them', () => {
    // Just above the disc: strands at x = 120, 121, sky at 126.
    expect(at(120, 56) - at(126, 56)).toBeGreaterThan(0.5);
  });

  it('leaves another person at the side out', () => {
    const pair = planeOf(64, 64, (i) => Math.max(coarse.data[i]!, (i % 64) * 4 < 30 && i > 64 * 40 ? 1 : 0));
    expect(cutOut(portrait, pair, roundFace(128, 140, 30)).data[200 * size + 8]).toBe(0);
  });
});

describe('backgroundBehind', () => {
  const size = 192;
  const random = new Random(5);
  const grain = Array.from({ length: size * size }, () => 4 * random.normal());
  const wall = (x: number, y: number) => 90 + x / 4 + y / 6;
  const person = (x: number, y: number) => Math.hypot(x - 96, y - 110) < 45;
  const portrait = rgb(size, (x, y) => {
    const value = person(x, y) ? 230 : Math.round(wall(x, y) + grain[y * size + x]!);
    return [value, value, value];
  });
  const matte = planeOf(size, size, (i) => (person(i % size, Math.floor(i / size)) ? 1 : 0));
  const filled = backgroundBehind(portrait, matte);

  it('continues the wall behind the person with its grain', () => {
    let [sum, squares, count] = [0, 0, 0];
    for (let y = 90; y < 130; y++) {
      for (let x = 76; x < 116; x++, count++) {
        const off = filled.data[(y * size + x) * 3]! - wall(x, y);
        sum += off;
        squares += off * off;
      }
    }
    const mean = sum / count;
    expect(Math.abs(mean)).toBeLessThan(3);
    const spreadOf = Math.sqrt(squares / count - mean * mean);
    expect(spreadOf).toBeGreaterThan(2.5);
    expect(spreadOf).toBeLessThan(6);
  });

  it('leaves what is seen of the background as it is', () => {
    for (const at of [0, 5000, size * size - 1]) expect(filled.data[at * 3]).toBe(portrait.data[at * 3]);
  });

  it('is the same for the same portrait, and the portrait itself where no background is seen', () => {
    expect(Buffer.compare(backgroundBehind(portrait, matte).data, filled.data)).toBe(0);
    expect(
      backgroundBehind(
        portrait,
        planeOf(size, size, () => 1),
      ),
    ).toBe(portrait);
  });
});
