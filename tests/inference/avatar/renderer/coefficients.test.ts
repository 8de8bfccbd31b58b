import { beforeAll, describe, expect, it } from 'vitest';
import { BLENDSHAPES, MOTION, MOTION_FRAME_LENGTH } from '../../../../src/inference/avatar/motion-frame.js';
import { type AvatarPackage, loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import type { AvatarStream } from '../../../../src/inference/engines.js';
import { psnr } from '../../../support/i420.js';
import { pose, STOCK, stockFolder } from '../stock.js';

const SIDE = 256;

describe.each(STOCK)('all 52 coefficients on a portrait: %s', (id) => {
  let pkg: AvatarPackage;
  let avatar: AvatarStream;
  const draw = (motion: Float32Array) => {
    const out = new Uint8Array((SIDE * SIDE * 3) / 2);
    avatar.render(motion, out);
    return out;
  };
  const place = (landmark: number) => ({
    x: pkg.rig.landmarks[landmark * 3]! * SIDE,
    y: pkg.rig.landmarks[landmark * 3 + 1]! * SIDE,
  });
  /** Mean brightness of a square around a landmark. */
  const brightness = (picture: Uint8Array, landmark: number, reach = 3, rise = 0) => {
    const { x, y: at } = place(landmark);
    const y = at - rise;
    let sum = 0;
    let count = 0;
    for (let row = Math.round(y) - reach; row <= y + reach; row++) {
      for (let column = Math.round(x) - reach; column <= x + reach; column++, count++)
        sum += picture[row * SIDE + column]!;
    }
    return sum / count;
  };

  beforeAll(async () => {
    pkg = await loadAvatarPackage(stockFolder(id));
    avatar = openAvatar(pkg, { width: SIDE, height: SIDE });
  });

  it('changes the picture visibly for each, and more on the side that is named', () => {
    const rest = draw(pose({}));
    const middle = place(4).x;
    const mouthClosed = draw(pose({ jawOpen: 1 }));
    for (const name of BLENDSHAPES) {
      const motion = new Float32Array(MOTION_FRAME_LENGTH);
      motion[MOTION[name]] = 1;
      if (name === 'mouthClose') motion[MOTION.jawOpen] = 1;
      const before = name === 'mouthClose' ? mouthClosed : rest;
      const picture = draw(motion);
      let changed = 0;
      const bySide = { left: 0, right: 0 };
      for (let i = 0; i < SIDE * SIDE; i++) {
        const difference = Math.abs(picture[i]! - before[i]!);
        if (difference > 6) changed++;
        bySide[i % SIDE > middle ? 'left' : 'right'] += difference;
      }
      expect(changed, name).toBeGreaterThan(30);
      const side = /^(eye|brow|cheek|noseSneer).*(Left|Right)$/.exec(name)?.[2];
      if (side === 'Left') expect(bySide.left, name).toBeGreaterThan(2 * bySide.right);
      if (side === 'Right') expect(bySide.right, name).toBeGreaterThan(2 * bySide.left);
    }
  });

  it('never folds the mouth: lips that mouthClose brings together show no dark between them', () => {
    const open = draw(pose({ jawOpen: 0.6 }));
    const closed = draw(pose({ jawOpen: 0.6, mouthClose: 0.6 }));
    const [right, left, nose, chin] = [place(61), place(291), place(2), place(152)];
    const dark = (picture: Uint8Array) => {
      let count = 0;
      for (let y = Math.round(nose.y) + 4; y < chin.y; y++)
        for (let x = Math.round(right.x); x < left.x; x++) if (picture[y * SIDE + x]! < 44) count++;
      return count;
    };
    expect(dark(open)).toBeGreaterThan(80);
    expect(dark(closed)).toBeLessThan(0.2 * dark(open));
  });

  it('ignores mouthClose beyond what the jaw has opened', () => {
    expect(draw(pose({ mouthClose: 1 }))).toEqual(draw(pose({})));
    expect(draw(pose({ jawOpen: 0.3, mouthClose: 1 }))).toEqual(draw(pose({ jawOpen: 0.3, mouthClose: 0.3 })));
  });

  it('turns each eye by its own look coefficients and leaves them to the gaze channels where those are set', () => {
    const rest = draw(pose({}));
    const up = draw(pose({ eyeLookUp: 1 }));
    // Where the lower part of the iris was is white now. Its lowest point may lie under the lid.
    for (const lower of [472, 477])
      expect(brightness(up, lower, 1, 2)).toBeGreaterThan(brightness(rest, lower, 1, 2) + 8);
    const gaze = draw(pose({ gazeX: 0.4, gazeY: 0.1 }));
    const both = pose({ gazeX: 0.4, gazeY: 0.1, eyeLookInLeft: 0.4, eyeLookOutRight: 0.4 });
    // The look coefficients draw the lids along; the iris stays where the gaze has put it.
    expect(psnr(draw(both), gaze)).toBeGreaterThan(
      psnr(draw(pose({ eyeLookInLeft: 0.4, eyeLookOutRight: 0.4 })), gaze) + 3,
    );
    expect(psnr(draw(pose({})), rest)).toBeGreaterThan(60);
  });

  it('turns the eyes inwards by what their look coefficients do not share', () => {
    const looking = { gazeX: 0.02, gazeY: 0.01 };
    const straight = draw(pose(looking));
    const near = draw(pose({ ...looking, eyeLookInLeft: 0.4, eyeLookInRight: 0.4 }));
    // Irises are dark: the nose's side of each eye darkens, the other side less or not at all.
    const change = (landmark: number) => brightness(near, landmark, 1) - brightness(straight, landmark, 1);
    for (const [inner, outer] of [
      [469, 471],
      [476, 474],
    ] as const) {
      expect(change(inner)).toBeLessThan(0);
      expect(change(outer)).toBeGreaterThan(change(inner) + 1);
    }
  });

  it('lets the lid follow an eye that looks down', () => {
    const rest = draw(pose({}));
    const down = draw(pose({ eyeLookDown: 1 }));
    for (const upper of [470, 475]) expect(brightness(down, upper, 1)).toBeGreaterThan(brightness(rest, upper, 1));
  });

  it('puts the tongue out over the lower lip only for more than speech uses', () => {
    const out = draw(pose({ tongueOut: 1 }));
    const inside = draw(pose({ tongueOut: 0.5 }));
    expect(inside).toEqual(draw(pose({})));
    // Between the lower lip and the chin nothing is as it was.
    const changed = (picture: Uint8Array) => {
      const [lip, chin] = [place(14), place(199)];
      let count = 0;
      for (let y = Math.round(lip.y) + 2; y < chin.y; y++)
        for (let x = Math.round(lip.x) - 4; x <= lip.x + 4; x++)
          if (Math.abs(picture[y * SIDE + x]! - inside[y * SIDE + x]!) > 6) count++;
      return count;
    };
    expect(changed(out)).toBeGreaterThan(40);
    expect(changed(draw(pose({ tongueOut: 0.5 })))).toBe(0);
  });
});
