import { describe, expect, it } from 'vitest';
import type { EyeCurves } from '../../../../src/inference/avatar/renderer/eye.js';
import { paintEyeball } from '../../../../src/inference/avatar/renderer/eyeball.js';
import { lashLineOf, paintLashes } from '../../../../src/inference/avatar/renderer/lashes.js';
import { closedLid, lidAnchors } from '../../../../src/inference/avatar/renderer/lid-skin.js';
import type { Texture } from '../../../../src/inference/avatar/renderer/texture.js';

const SKIN = 150;
const WHITE = 200;
const IRIS = 70;
const LASH = 30;

describe('The eyeball behind the lids', () => {
  const [width, height] = [140, 90];
  const opening = {
    width,
    height,
    upper: Float32Array.from({ length: width }, (_, i) => lidAt(i, -1)),
    lower: Float32Array.from({ length: width }, (_, i) => lidAt(i, 1)),
    irisX: 70,
    irisY: 40,
    irisRadius: 26,
  };
  function lidAt(i: number, side: number): number {
    const along = (i - 70) / 60;
    return 45 + side * 24 * Math.max(0, 1 - along * along);
  }
  const distance = (at: number) => Math.hypot((at % width) - 70, Math.floor(at / width) - 40);
  const inside = (at: number, by: number) => {
    const [i, row] = [at % width, Math.floor(at / width)];
    return row > opening.upper[i]! + by && row < opening.lower[i]! - by;
  };
  const catchlight = (at: number) => Math.hypot((at % width) - 76, Math.floor(at / width) - 50) < 4;
  const open = Uint8Array.from({ length: width * height }, (_, at) => {
    if (!inside(at, 0)) return inside(at, -5) ? LASH : SKIN;
    if (catchlight(at)) return 235;
    return distance(at) < 26 ? IRIS : WHITE;
  });
  const ball = paintEyeball(open, opening, 16);
  const places = Array.from({ length: width * height }, (_, at) => at);

  it('is the portrait where the portrait shows it', () => {
    for (const at of places.filter((p) => inside(p, 6))) {
      const value = ball.iris[at]! + (1 - ball.cover[at]!) * ball.white[at]!;
      expect(Math.abs(value - open[at]!)).toBeLessThan(2);
    }
  });

  it('has white and iris without a trace of lids, lashes or a second catchlight where it was hidden', () => {
    for (const at of places) {
      expect(Math.abs(ball.white[at]! - WHITE)).toBeLessThan(8);
      if (distance(at) < 22 && !inside(at, 0)) expect(Math.abs(ball.iris[at]! - IRIS)).toBeLessThan(25);
    }
  });

  it('lies in the shade of lids and lashes, which do not turn with it', () => {
    const [lashes, middle] = [Math.ceil(opening.upper[70]!), 45].map((row) => row * width + 70) as [number, number];
    const shaded = open.slice();
    for (let row = 0; row < 4; row++)
      for (let i = 0; i < width; i++) shaded[(Math.ceil(opening.upper[i]!) + row) * width + i] = LASH;
    const { shade } = paintEyeball(shaded, opening, 16);
    expect(shade[lashes + width]).toBeLessThan(0.45);
    expect(shade[middle]).toBe(1);
  });

  it('is left as it is where no white is seen at all', () => {
    const narrow = { ...opening, irisRadius: 80 };
    expect(Array.from(paintEyeball(open, narrow, 16).white)).toEqual(Array.from(open));
  });
});

const SIDE = 128;
const curves: EyeCurves = {
  x0: 34,
  x1: 94,
  width: 60,
  upperX: Float32Array.of(34, 49, 64, 79, 94),
  upperY: Float32Array.of(70, 64, 62, 64, 70),
  lowerX: Float32Array.of(34, 49, 64, 79, 94),
  lowerY: Float32Array.of(70, 78, 80, 78, 70),
  irisX: 64,
  irisY: 71,
  irisRadius: 11,
  lidRoom: 30,
};
const upperAt = (x: number) => 62 + 8 * ((x - 64) / 30) ** 2;

/** Skin with an eye drawn by `light` (x, y in output pixels). */
function textureOf(light: (x: number, y: number) => number): Texture {
  const y = new Uint8Array(4 * SIDE * SIDE);
  for (let row = 0; row < 2 * SIDE; row++)
    for (let column = 0; column < 2 * SIDE; column++)
      y[row * 2 * SIDE + column] = light((column + 0.5) / 2, (row + 0.5) / 2);
  const chroma = () => new Uint8Array(SIDE * SIDE).fill(128);
  return { width: SIDE, height: SIDE, y, u: chroma(), v: chroma() };
}

describe('Lashes', () => {
  const line = (luma: number) =>
    textureOf((x, y) => (Math.abs(y - upperAt(x)) < 1.5 ? luma : y < upperAt(x) ? SKIN : WHITE));

  it('are as dark as the line of the lid that the portrait shows', () => {
    const bare = lashLineOf(line(110), curves, upperAt);
    const lined = lashLineOf(line(LASH), curves, upperAt);
    expect(bare.y).toBe(110);
    expect(lined.y).toBe(LASH);
    expect(lined.strength).toBeGreaterThan(2 * bare.strength);
  });

  it('are a finer and fainter line without make-up', () => {
    const closed = new Float32Array(160).fill(40);
    const patch = { width: 160, height: 80, closed, unit: 120, middle: 80, scale: 2 };
    const ink = (strength: number) => paintLashes(patch, strength).reduce((sum, value) => sum + value, 0);
    expect(ink(0.3)).toBeLessThan(0.55 * ink(1));
    expect(ink(0.3)).toBeGreaterThan(0);
  });
});

describe('The skin that a lid takes along', () => {
  it('reaches up to the brow where nothing is in the way', () => {
    const { y, x } = lidAnchors(
      textureOf(() => SKIN),
      curves,
      upperAt,
    );
    y.forEach((value, k) => {
      expect(value).toBeLessThan(upperAt(x[k]!) - 0.9 * curves.lidRoom);
    });
  });

  it('ends below a frame of glasses, dark or bright', () => {
    for (const frame of [20, 250]) {
      const { y } = lidAnchors(
        textureOf((_, row) => (row > 40 && row < 45 ? frame : SKIN - 50)),
        curves,
        upperAt,
      );
      for (const value of y) expect(value).toBeGreaterThanOrEqual(45);
    }
  });

  it('shows no threads where little skin is drawn far', () => {
    const [width, height] = [160, 120];
    const fill = (value: number) => new Float32Array(width).fill(value);
    // Stripes, as hairs and pores above the eye are.
    const open = Uint8Array.from({ length: width * height }, (_, at) => SKIN + ((at % width) % 4 < 2 ? 20 : -20));
    const lid = closedLid({
      open,
      width,
      height,
      anchor: fill(20),
      upper: fill(42),
      lower: fill(90),
      closed: fill(90),
      share: fill(1),
      unit: 120,
      isLuma: true,
      isRed: false,
    });
    const contrast = (row: number) => {
      const values = Array.from(lid.subarray(row * width + 20, row * width + 140));
      return Math.max(...values) - Math.min(...values);
    };
    expect(contrast(10)).toBe(40);
    for (let row = 55; row < 90; row++) expect(contrast(row)).toBeLessThan(4);
  });

  it('comes into the light out of the shade of a brow, and not beyond it', () => {
    const [width, height] = [160, 130];
    const fill = (value: number) => new Float32Array(width).fill(value);
    const lidOf = (above: number) =>
      closedLid({
        open: Uint8Array.from({ length: width * height }, (_, at) => (at < 60 * width ? above : SKIN)),
        width,
        height,
        anchor: fill(10),
        upper: fill(50),
        lower: fill(95),
        closed: fill(95),
        share: fill(1),
        unit: 120,
        isLuma: true,
        isRed: false,
      })[70 * width + 80]!;
    expect(lidOf(90)).toBeGreaterThan(105);
    expect(lidOf(90)).toBeLessThan(0.9 * SKIN);
    expect(Math.abs(lidOf(SKIN) - SKIN)).toBeLessThan(12);
  });
});
