import { beforeAll, describe, expect, it } from 'vitest';
import { loadLandmarkTable } from '../../../../../src/inference/avatar/landmark-table.js';
import { type AvatarPackage, loadAvatarPackage } from '../../../../../src/inference/avatar/package.js';
import { Expression } from '../../../../../src/inference/avatar/renderer/expression.js';
import { measureFace } from '../../../../../src/inference/avatar/renderer/face-geometry.js';
import { SeenTeeth } from '../../../../../src/inference/avatar/renderer/mouth/seen-teeth.js';
import { openAvatar } from '../../../../../src/inference/avatar/renderer/portrait.js';
import { SHAPES } from '../../../../../src/inference/avatar/renderer/shapes.js';
import { buildTexture, coverFit } from '../../../../../src/inference/avatar/renderer/texture.js';
import { SURFACE_COUNT } from '../../../../../src/inference/avatar/rig.js';
import { i420ToRgb } from '../../../../support/i420.js';
import { pose, STOCK, stockFolder } from '../../stock.js';

const SIDE = 512;
const SMILE = pose({ jawOpen: 0.12, mouthUpperUp: 0.4, mouthSmile: 0.3 });

/** A portrait that shows its teeth: the stock avatar as it smiles, with the landmarks moved as its face is. */
function smiling(pkg: AvatarPackage): AvatarPackage {
  const picture = new Uint8Array((SIDE * SIDE * 3) / 2);
  openAvatar(pkg, { width: SIDE, height: SIDE }).render(SMILE, picture);
  const face = measureFace(pkg.rig, coverFit(pkg.portrait, SIDE, SIDE));
  const x = face.x.slice(0, SURFACE_COUNT);
  const y = face.y.slice(0, SURFACE_COUNT);
  new Expression(face, loadLandmarkTable(), SHAPES).apply(SMILE, { pitch: 0, yaw: 0, roll: 0 }, x, y);
  const landmarks = pkg.rig.landmarks.slice();
  for (let i = 0; i < SURFACE_COUNT; i++) {
    landmarks[i * 3] = x[i]! / SIDE;
    landmarks[i * 3 + 1] = y[i]! / SIDE;
  }
  const portrait = { width: SIDE, height: SIDE, data: i420ToRgb(picture, SIDE, SIDE) };
  return { ...pkg, portrait, rig: { ...pkg.rig, landmarks } };
}

function look(pkg: AvatarPackage) {
  const fit = coverFit(pkg.portrait, SIDE, SIDE);
  const face = measureFace(pkg.rig, fit);
  return { face, seen: SeenTeeth.find(face, buildTexture(pkg.portrait, fit, SIDE, SIDE)) };
}

describe.each(STOCK)('teeth that a portrait shows: %s', (id) => {
  let closed: AvatarPackage;
  let open: AvatarPackage;

  beforeAll(async () => {
    closed = await loadAvatarPackage(stockFolder(id));
    open = smiling(closed);
  });

  it('finds none behind closed lips', () => {
    expect(look(closed).seen).toBeUndefined();
  });

  it('finds them between parted lips: their edge, their colour, and nothing of the lips', () => {
    const { face, seen } = look(open);
    const half = (face.y[14]! - face.y[13]!) / 2;
    expect(seen!.edge).toBeGreaterThan(-half);
    expect(seen!.edge).toBeLessThanOrEqual(half + 1);
    const [y, , v] = seen!.colour;
    expect(y).toBeGreaterThan(100);
    expect(v).toBeLessThan(140);
    seen!.look(2, -half - 4);
    expect(seen!.coverage).toBe(0);
    seen!.look(4, seen!.edge - 0.35 * (seen!.edge + half));
    expect(seen!.coverage).toBeGreaterThan(0.5);
  });

  it('closes the lips over them, and opens no wider than asked', () => {
    const avatar = openAvatar(open, { width: SIDE, height: SIDE });
    const { face } = look(open);
    const draw = (values: Record<string, number>) => {
      const out = new Uint8Array((SIDE * SIDE * 3) / 2);
      avatar.render(pose(values), out);
      return out;
    };
    /** Bright places of little colour in the middle of the mouth. */
    const teeth = (picture: Uint8Array) => {
      let count = 0;
      const reach = 0.2 * face.mouth.width;
      for (let y = Math.round(face.y[13]! - 6); y < face.y[14]! + 6; y++) {
        for (let x = Math.round(face.mouth.centreX - reach); x < face.mouth.centreX + reach; x++) {
          const v = picture[SIDE * SIDE * 1.25 + (y >> 1) * (SIDE / 2) + (x >> 1)]!;
          if (picture[y * SIDE + x]! > 95 && v < 138) count++;
        }
      }
      return count;
    };
    const rest = teeth(draw({}));
    expect(rest).toBeGreaterThan(60);
    expect(teeth(draw({ mouthPress: 0.5 }))).toBeLessThan(0.12 * rest);
    expect(teeth(draw({ jawOpen: 0.3, mouthClose: 0.3 }))).toBeLessThan(0.12 * rest);
    // The teeth stay seen while the jaw goes down.
    expect(teeth(draw({ jawOpen: 0.3 }))).toBeGreaterThan(0.4 * rest);
  });

  it('shows one line between lips that all but touch, without teeth that flicker in it', () => {
    const avatar = openAvatar(open, { width: SIDE, height: SIDE });
    const picture = new Uint8Array((SIDE * SIDE * 3) / 2);
    const { face } = look(open);
    const middle = { x: Math.round(face.mouth.centreX), y: Math.round((face.y[13]! + face.y[14]!) / 2) };
    const reach = Math.round(0.22 * face.mouth.width);
    for (const closed of [0.28, 0.29, 0.3]) {
      avatar.render(pose({ jawOpen: 0.3, mouthClose: closed }), picture);
      // The darkest place of each column is the line; its neighbours must be as dark.
      const line: number[] = [];
      for (let x = middle.x - reach; x < middle.x + reach; x++) {
        let darkest = 255;
        for (let y = middle.y - 14; y < middle.y + 14; y++) darkest = Math.min(darkest, picture[y * SIDE + x]!);
        line.push(darkest);
      }
      const steps = line.slice(1).map((value, k) => Math.abs(value - line[k]!));
      expect(Math.max(...steps)).toBeLessThan(30);
    }
  });
});
