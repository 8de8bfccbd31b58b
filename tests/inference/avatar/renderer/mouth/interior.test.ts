import { beforeAll, describe, expect, it } from 'vitest';
import { loadAvatarPackage } from '../../../../../src/inference/avatar/package.js';
import { measureFace } from '../../../../../src/inference/avatar/renderer/face-geometry.js';
import { UPPER_EDGE } from '../../../../../src/inference/avatar/renderer/mouth/anatomy.js';
import { Interior } from '../../../../../src/inference/avatar/renderer/mouth/interior.js';
import { mouthLight } from '../../../../../src/inference/avatar/renderer/mouth/light.js';
import { buildTexture, coverFit } from '../../../../../src/inference/avatar/renderer/texture.js';
import { pose, STOCK, stockFolder } from '../../stock.js';

const SIDE = 512;
const FRONT = { yaw: 0, pitch: 0 };
const GAP_PX = 24;

describe.each(STOCK)('the inside of the mouth: %s', (id) => {
  let inside: Interior;

  beforeAll(async () => {
    const pkg = await loadAvatarPackage(stockFolder(id));
    const fit = coverFit(pkg.portrait, SIDE, SIDE);
    const face = measureFace(pkg.rig, fit);
    inside = new Interior(face, mouthLight(face, buildTexture(pkg.portrait, fit, SIDE, SIDE)));
  });

  /** Luma at a place in millimetres from the middle of the closed lips. */
  const luma = (x: number, y: number) => {
    inside.look(x * inside.mm, y * inside.mm);
    return inside.y;
  };
  const column = (x: number, from: number, to: number) =>
    Array.from({ length: Math.round((to - from) / 0.25) }, (_, i) => luma(x, from + i * 0.25));

  it('has bright front teeth above the dark of the mouth, darker the farther back they are', () => {
    inside.set(pose({ jawOpen: 0.4 }), FRONT, GAP_PX);
    const front = Math.max(...column(4, -3, UPPER_EDGE));
    const premolar = Math.max(...column(19, -3, UPPER_EDGE));
    expect(front).toBeGreaterThan(120);
    expect(front).toBeLessThan(236);
    expect(premolar).toBeLessThan(0.8 * front);
    expect(luma(4, UPPER_EDGE + 2.5)).toBeLessThan(0.5 * front);
  });

  it('parts the crowns by darker lines at the middle and beside the incisors', () => {
    inside.set(pose({ jawOpen: 0.4 }), FRONT, GAP_PX);
    const row = Array.from({ length: 121 }, (_, i) => luma(-15 + i * 0.25, 0.5));
    const dips = row.filter((v, i) => i > 1 && i < 119 && v < row[i - 2]! - 4 && v < row[i + 2]! - 4);
    expect(dips.length).toBeGreaterThanOrEqual(5);
  });

  it('leaves the upper teeth where they are and takes the lower ones along when the jaw opens', () => {
    const edgeOfLower = () => {
      const below = column(3, UPPER_EDGE + 0.5, 30);
      // The steepest way from dark to bright going down.
      let [best, at] = [0, 0];
      for (let i = 2; i < below.length; i++) {
        if (below[i]! - below[i - 2]! > best) [best, at] = [below[i]! - below[i - 2]!, i];
      }
      return UPPER_EDGE + 0.5 + at * 0.25;
    };
    inside.set(pose({ jawOpen: 0.2 }), FRONT, GAP_PX);
    const [tooth, little] = [luma(4, 0.5), edgeOfLower()];
    inside.set(pose({ jawOpen: 0.35 }), FRONT, GAP_PX);
    expect(luma(4, 0.5)).toBeCloseTo(tooth, 0);
    expect(edgeOfLower()).toBeGreaterThan(little + 3);
  });

  it('shows more of the side that a turning head brings forward, and back teeth moved against the front ones', () => {
    inside.set(pose({ jawOpen: 0.4 }), FRONT, GAP_PX);
    const straight = luma(0, 0.5);
    inside.set(pose({ jawOpen: 0.4 }), { yaw: 0.2, pitch: 0 }, GAP_PX);
    // The line between the middle teeth moves with their depth behind the lips.
    const shifted = Array.from({ length: 17 }, (_, i) => luma(-2 + i * 0.25, 0.5));
    const darkest = -2 + shifted.indexOf(Math.min(...shifted)) * 0.25;
    expect(straight).toBeLessThan(Math.max(...shifted));
    expect(darkest).toBeLessThan(-0.2);
    expect(darkest).toBeGreaterThan(-1.5);
  });

  it('raises the tongue between the teeth for th and lowers it for an open vowel', () => {
    const redness = () => {
      inside.look(0, (UPPER_EDGE + 2) * inside.mm);
      return inside.v;
    };
    inside.set(pose({ jawOpen: 0.2 }), FRONT, GAP_PX);
    const [low, lowLuma] = [redness(), inside.y];
    inside.set(pose({ jawOpen: 0.2, tongueOut: 0.375 }), FRONT, GAP_PX);
    expect(redness()).toBeGreaterThan(low);
    expect(inside.y).toBeGreaterThan(lowLuma + 10);
  });

  it('is darker behind rounded lips', () => {
    inside.set(pose({ jawOpen: 0.2 }), FRONT, GAP_PX);
    const plain = luma(4, 0.5);
    inside.set(pose({ jawOpen: 0.2, mouthPucker: 1 }), FRONT, GAP_PX);
    expect(luma(4, 0.5)).toBeLessThan(plain);
  });
});
