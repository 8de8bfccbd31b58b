import { beforeAll, describe, expect, it } from 'vitest';
import { type AvatarPackage, loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import type { AvatarStream } from '../../../../src/inference/engines.js';
import { i420ToRgb, psnr } from '../../../support/i420.js';
import { pose, STOCK, stockFolder } from '../stock.js';

const SIDE = 384;
const BYTES = (SIDE * SIDE * 3) / 2;

describe.each(STOCK)('portrait renderer: %s', (id) => {
  let pkg: AvatarPackage;
  let avatar: AvatarStream;
  const draw = (values: Record<string, number>) => {
    const out = new Uint8Array(BYTES);
    avatar.render(pose(values), out);
    return out;
  };
  const mean = (picture: Uint8Array, box: Box) => {
    let sum = 0;
    for (let y = box.y0; y < box.y1; y++) for (let x = box.x0; x < box.x1; x++) sum += picture[y * SIDE + x]!;
    return sum / ((box.x1 - box.x0) * (box.y1 - box.y0));
  };
  const meanChange = (a: Uint8Array, b: Uint8Array, box: Box) =>
    mean(
      a.map((value, i) => Math.abs(value - b[i]!)),
      box,
    );
  type Box = { x0: number; x1: number; y0: number; y1: number };
  /** A box between landmarks, widened by `margin` pixels. */
  const around = (points: readonly number[], margin = 0): Box => {
    const xs = points.map((i) => pkg.rig.landmarks[i * 3]! * SIDE);
    const ys = points.map((i) => pkg.rig.landmarks[i * 3 + 1]! * SIDE);
    return {
      x0: Math.round(Math.min(...xs) - margin),
      x1: Math.round(Math.max(...xs) + margin),
      y0: Math.round(Math.min(...ys) - margin),
      y1: Math.round(Math.max(...ys) + margin),
    };
  };

  beforeAll(async () => {
    pkg = await loadAvatarPackage(stockFolder(id));
    avatar = openAvatar(pkg, { width: SIDE, height: SIDE });
  });

  it('shows the portrait when at rest', () => {
    // The portrait (768 pixels) averaged over 2 × 2 pixels, against the picture drawn.
    const side = pkg.portrait.width;
    expect(side).toBe(2 * SIDE);
    const small = new Uint8Array(SIDE * SIDE * 3);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        for (let c = 0; c < 3; c++) {
          const at = (2 * y * side + 2 * x) * 3 + c;
          const p = pkg.portrait.data;
          small[(y * SIDE + x) * 3 + c] = (p[at]! + p[at + 3]! + p[at + side * 3]! + p[at + side * 3 + 3]! + 2) / 4;
        }
      }
    }
    expect(psnr(i420ToRgb(draw({}), SIDE, SIDE), small)).toBeGreaterThan(31);
  });

  it('changes the mouth and leaves the background bit-equal when the jaw opens', () => {
    const [rest, open] = [draw({}), draw({ jawOpen: 0.5, mouthUpperUp: 0.2 })];
    const inside = around([80, 310, 88, 318], 4);
    expect(meanChange(rest, open, inside)).toBeGreaterThan(10);
    for (let y = 0; y < SIDE; y++) {
      for (const x of [0, 1, 5, 12, SIDE - 13, SIDE - 6, SIDE - 1]) expect(open[y * SIDE + x]).toBe(rest[y * SIDE + x]);
    }
    const eyes = around([33, 133, 159, 145]);
    expect(mean(open, eyes)).toBe(mean(rest, eyes));
  });

  it('brings the corners of an open mouth in and down: the portrait’s smile goes out of it', () => {
    const [right, left] = [61, 291].map((i) => ({
      x: pkg.rig.landmarks[i * 3]! * SIDE,
      y: pkg.rig.landmarks[i * 3 + 1]! * SIDE,
    }));
    const open = draw({ jawOpen: 0.5 });
    // How far the inside of the mouth, tongue included, reaches at the height where its corners were, and below: it is darker than the lips.
    const inside = 0.6 * mean(draw({}), around([0, 17, 37, 267, 84, 314]));
    const darkColumns = (y: number) => {
      let count = 0;
      for (let x = Math.round(right!.x); x <= left!.x; x++) if (open[Math.round(y) * SIDE + x]! < inside) count++;
      return count / (left!.x - right!.x);
    };
    const corners = (right!.y + left!.y) / 2;
    const width = left!.x - right!.x;
    expect(darkColumns(corners)).toBeLessThan(0.2);
    expect(darkColumns(corners + 0.18 * width)).toBeGreaterThan(0.4);
    expect(darkColumns(corners + 0.18 * width)).toBeLessThan(0.9);
  });

  it('keeps the edge of the picture and the shoulders still when the head turns', () => {
    const [rest, turned] = [draw({}), draw({ headYaw: 0.07, headPitch: 0.05, headRoll: -0.06 })];
    expect(psnr(rest, turned)).toBeLessThan(40);
    const still = (y: number) => rest.subarray(y * SIDE, (y + 1) * SIDE);
    for (const y of [SIDE - 1, SIDE - 4]) expect(turned.subarray(y * SIDE, (y + 1) * SIDE)).toEqual(still(y));
    // The outline of a shoulder that the side cuts off may shift by a small part of a pixel.
    for (let y = 0; y < SIDE; y++) expect(Math.abs(turned[y * SIDE]! - rest[y * SIDE]!)).toBeLessThanOrEqual(4);
  });

  it('lets the shoulders sink with a breath, evenly, and nothing above the chin', () => {
    const chin = Math.floor(pkg.rig.landmarks[152 * 3 + 1]! * SIDE);
    const rows = (picture: Uint8Array, from: number, to: number) => picture.subarray(from * SIDE, to * SIDE);
    const [full, half, out] = [draw({}), draw({ exhale: 0.5 }), draw({ exhale: 1 })];
    for (const picture of [half, out]) expect(rows(picture, 0, chin)).toEqual(rows(full, 0, chin));
    // By how many rows the lowest part has moved: the shift at which it looks most like what it was.
    const sunk = (picture: Uint8Array) => {
      const difference = (shift: number) =>
        mean(
          rows(picture, SIDE - 24, SIDE).map((value, i) =>
            Math.abs(value - full[(SIDE - 24) * SIDE + i - Math.round(shift * SIDE)]!),
          ),
          { x0: 0, x1: SIDE, y0: 0, y1: 24 },
        );
      const shifts = [0, 1, 2, 3, 4, 5, 6];
      return shifts.reduce((best, shift) => (difference(shift) < difference(best) ? shift : best));
    };
    expect(sunk(out)).toBeGreaterThanOrEqual(2);
    expect(sunk(out)).toBeLessThanOrEqual(4);
    expect(sunk(half)).toBeLessThan(sunk(out));
    expect(sunk(half)).toBeGreaterThanOrEqual(1);
  });

  it('moves the head to the avatar’s left for positive yaw and up for positive pitch', () => {
    const nose = around([4], 26);
    const columnOf = (picture: Uint8Array) => {
      // The darkest columns around the nose are the nostrils: their mean place says where the nose is.
      let weighted = 0;
      let weights = 0;
      for (let y = nose.y0; y < nose.y1; y++) {
        for (let x = nose.x0; x < nose.x1; x++) {
          const dark = Math.max(0, 70 - picture[y * SIDE + x]!);
          weighted += dark * (x + 1_000 * y);
          weights += dark;
        }
      }
      const y = Math.round(weighted / weights / 1_000);
      return { x: weighted / weights - 1_000 * y, y: weighted / weights / 1_000 };
    };
    expect(columnOf(draw({ headPitch: 0.06 })).y).toBeLessThan(columnOf(draw({})).y - 1);
    const pixel = (picture: Uint8Array, x0: number, x1: number) => mean(picture, { ...nose, x0, x1 });
    const [rest, left] = [draw({}), draw({ headYaw: 0.08 })];
    expect(psnr(rest, left)).toBeLessThan(45);
    expect(pixel(left, nose.x0, nose.x1)).not.toBe(pixel(rest, nose.x0, nose.x1));
  });

  it('covers the eye with lid skin when it blinks, and opens it again', () => {
    const iris = (point: number) => around([point], 4);
    const [rest, closed] = [draw({}), draw({ eyeBlink: 1 })];
    for (const point of [468, 473]) {
      const skin = mean(rest, around(point === 468 ? [50] : [280], 4));
      expect(mean(rest, iris(point))).toBeLessThan(skin * 0.75);
      expect(mean(closed, iris(point))).toBeGreaterThan(mean(rest, iris(point)) * 1.2);
    }
    expect(psnr(draw({}), rest)).toBeGreaterThan(60);
  });

  it('turns the iris towards the gaze', () => {
    const dark = (picture: Uint8Array) => {
      const box = around([33, 133, 159, 145]);
      let weighted = 0;
      let weights = 0;
      for (let y = box.y0; y < box.y1; y++) {
        for (let x = box.x0; x < box.x1; x++) {
          const weight = Math.max(0, 110 - picture[y * SIDE + x]!);
          weighted += weight * x;
          weights += weight;
        }
      }
      return weighted / weights;
    };
    expect(dark(draw({ gazeX: 0.8 }))).toBeGreaterThan(dark(draw({ gazeX: -0.8 })) + 0.8);
    draw({});
  });

  it('draws the same picture for the same pose whatever came before', () => {
    const first = draw({ jawOpen: 0.3, headYaw: 0.03, gazeX: 0.2 });
    draw({ eyeBlink: 0.7, jawOpen: 0.6, headRoll: 0.08, gazeX: -0.5 });
    expect(draw({ jawOpen: 0.3, headYaw: 0.03, gazeX: 0.2 })).toEqual(first);
  });

  it('closes lips that the portrait leaves parted', () => {
    const darkest = (picture: Uint8Array) => {
      const box = around([13, 14], 2);
      let low = 255;
      for (let y = box.y0; y < box.y1; y++)
        for (let x = box.x0; x < box.x1; x++) low = Math.min(low, picture[y * SIDE + x]!);
      return low;
    };
    // The line of pressed lips may be darker than the one at rest, but never as dark as the mouth's inside.
    expect(darkest(draw({ mouthPress: 0.5 }))).toBeGreaterThanOrEqual(Math.min(darkest(draw({})) - 4, 50));
  });

  it('fills planes of I420 and refuses buffers that are too short', () => {
    const padded = new Uint8Array(BYTES + 16).fill(7);
    avatar.render(pose({}), padded);
    expect(padded.subarray(BYTES)).toEqual(new Uint8Array(16).fill(7));
    expect(padded.subarray(0, BYTES)).toEqual(draw({}));
    expect(() => avatar.render(pose({}), new Uint8Array(BYTES - 1))).toThrow(/too short/);
  });
});

describe('openAvatar', () => {
  it('refuses sizes that cannot be encoded', async () => {
    const pkg = await loadAvatarPackage(stockFolder('mara'));
    for (const [width, height] of [
      [511, 512],
      [64, 64],
      [512, 2048],
      [Number.NaN, 512],
    ] as const) {
      expect(() => openAvatar(pkg, { width, height })).toThrow(/must be an even number/);
    }
  });

  it('covers other shapes without distortion', async () => {
    const pkg = await loadAvatarPackage(stockFolder('sam'));
    const avatar = openAvatar(pkg, { width: 320, height: 240 });
    const out = new Uint8Array(320 * 240 * 1.5);
    avatar.render(pose({ jawOpen: 0.3, headYaw: 0.05 }), out);
    expect(out.some((value) => value > 0)).toBe(true);
  });
});
