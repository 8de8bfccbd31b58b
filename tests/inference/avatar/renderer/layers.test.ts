import { beforeAll, describe, expect, it } from 'vitest';
import { type AvatarPackage, loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import type { AvatarStream } from '../../../../src/inference/engines.js';
import { psnr } from '../../../support/i420.js';
import { pose, STOCK, stockFolder } from '../stock.js';

const SIDE = 384;
const DEGREE = Math.PI / 180;

describe.each(STOCK)('a head before its background: %s', (id) => {
  let pkg: AvatarPackage;
  let avatar: AvatarStream;
  const draw = (values: Record<string, number>, from = avatar) => {
    const out = new Uint8Array((from.width * from.height * 3) / 2);
    from.render(pose(values), out);
    return out;
  };
  /** How far, to a whole pixel, the patch around a place of `before` has gone along x in `after`: least sum of absolute differences. */
  const shiftAt = (before: Uint8Array, after: Uint8Array, x: number, y: number, reach = 40) => {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let shift = -reach; shift <= reach; shift++) {
      let sum = 0;
      for (let dy = -7; dy <= 7; dy++) {
        for (let dx = -7; dx <= 7; dx++) {
          sum += Math.abs(after[(y + dy) * SIDE + x + dx + shift]! - before[(y + dy) * SIDE + x + dx]!);
        }
      }
      if (sum < least) [best, least] = [shift, sum];
    }
    return best;
  };
  const place = (landmark: number) => ({
    x: Math.round(pkg.rig.landmarks[landmark * 3]! * SIDE),
    y: Math.round(pkg.rig.landmarks[landmark * 3 + 1]! * SIDE),
  });

  beforeAll(async () => {
    pkg = await loadAvatarPackage(stockFolder(id));
    avatar = openAvatar(pkg, { width: SIDE, height: SIDE });
  });

  it('leaves the background bit-equal however the head turns', () => {
    const rest = draw({});
    const { matte } = pkg;
    const reach = Math.round(0.13 * SIDE);
    /** Nothing of the person within reach of this pixel. */
    const isFar = (x: number, y: number) => {
      for (let dy = -reach; dy <= reach; dy += 3) {
        for (let dx = -reach; dx <= reach; dx += 3) {
          const mx = Math.round(((x + dx) / SIDE) * matte!.width);
          const my = Math.round(((y + dy) / SIDE) * matte!.height);
          if (mx >= 0 && my >= 0 && mx < matte!.width && my < matte!.height && matte!.data[my * matte!.width + mx]! > 0)
            return false;
        }
      }
      return true;
    };
    const far: number[] = [];
    for (let y = 0; y < SIDE; y += 5) for (let x = 0; x < SIDE; x += 5) if (isFar(x, y)) far.push(y * SIDE + x);
    expect(far.length).toBeGreaterThan(100);
    const turns: Parameters<typeof draw>[0][] = [
      { headYaw: 0.26 },
      { headPitch: -0.17 },
      { headRoll: 0.17 },
      { headYaw: -0.2, headRoll: -0.1 },
    ];
    for (const turn of turns) {
      const turned = draw(turn);
      expect(psnr(turned, rest)).toBeLessThan(32);
      expect(far.filter((at) => turned[at] !== rest[at])).toEqual([]);
    }
  });

  it('turns with parallax: the nose goes farther than the eyes, those farther than the outline', () => {
    const rest = draw({});
    const turned = draw({ headYaw: 6 * DEGREE });
    const nose = shiftAt(rest, turned, place(4).x, place(2).y);
    const eye = shiftAt(rest, turned, place(468).x, place(468).y);
    expect(nose).toBeGreaterThan(eye);
    expect(eye).toBeGreaterThan(3);
    // The nose's tip lies about 0.8 face widths before the axis.
    const width = place(454).x - place(234).x;
    expect(nose).toBeGreaterThan(0.5 * width * Math.sin(6 * DEGREE));
    expect(nose).toBeLessThan(1.1 * width * Math.sin(6 * DEGREE));
  });

  it('reaches 15° of yaw and 10° of pitch and roll, and is bounded smoothly beyond', () => {
    const change = (a: Record<string, number>, b: Record<string, number>) => psnr(draw(a), draw(b));
    // Still moving at the angle of use; a doubled request draws almost the same as a tripled one.
    expect(change({ headYaw: 13 * DEGREE }, { headYaw: 15 * DEGREE })).toBeLessThan(40);
    expect(change({ headPitch: 8.5 * DEGREE }, { headPitch: 10 * DEGREE })).toBeLessThan(40);
    expect(change({ headRoll: 8.5 * DEGREE }, { headRoll: 10 * DEGREE })).toBeLessThan(40);
    expect(change({ headYaw: 40 * DEGREE }, { headYaw: 60 * DEGREE })).toBeGreaterThan(45);
  });

  it('moves a little at every little step: no place jumps while the head goes from side to side', () => {
    let before = draw({ headYaw: -15 * DEGREE });
    for (let yaw = -14; yaw <= 15; yaw++) {
      const now = draw({ headYaw: yaw * DEGREE, headPitch: 0.3 * yaw * DEGREE });
      const { x, y } = place(4);
      // The tip of the nose is within these bounds at all of these angles.
      const step = Math.abs(shiftAt(before, now, x, y, 12));
      expect(step).toBeLessThan(0.04 * (place(454).x - place(234).x));
      before = now;
    }
  });

  it('draws packages without a matte as one layer, with small turns only', () => {
    const { matte: _, background: __, ...flat } = pkg;
    const stream = openAvatar(flat, { width: SIDE, height: SIDE });
    const rest = draw({}, stream);
    expect(psnr(rest, draw({}))).toBeGreaterThan(42);
    expect(draw({ headYaw: 0.26 }, stream)).toEqual(draw({ headYaw: 0.1 }, stream));
    expect(psnr(draw({ headYaw: 0.1 }, stream), rest)).toBeLessThan(40);
  });

  it.each([
    [768, 768],
    [1024, 576],
    [576, 1024],
  ])('opens and draws at %i × %i', (width, height) => {
    const stream = openAvatar(pkg, { width, height });
    const [rest, turned] = [draw({}, stream), draw({ headYaw: 0.2, headRoll: 0.1, jawOpen: 0.4, exhale: 1 }, stream)];
    expect(psnr(rest, turned)).toBeLessThan(35);
    expect(turned.subarray(0, 4)).toEqual(rest.subarray(0, 4));
  });
});
