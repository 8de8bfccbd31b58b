import { beforeAll, describe, expect, it } from 'vitest';
import { type AvatarPackage, loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import type { GreyImage, RgbImage } from '../../../../src/inference/avatar/png.js';
import { measureFace } from '../../../../src/inference/avatar/renderer/face-geometry.js';
import { buildLayers } from '../../../../src/inference/avatar/renderer/person.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import { coverFit } from '../../../../src/inference/avatar/renderer/texture.js';
import { FACE_OVAL, LANDMARK_COUNT, type Rig } from '../../../../src/inference/avatar/rig.js';
import { pose, stockFolder } from '../stock.js';

const SIDE = 512;

/** A rig whose head looks `degrees` to a side, seen from far away. */
function turned({ landmarks, triangles }: Rig, degrees: number): Rig {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const out = landmarks.slice();
  for (let i = 0; i < LANDMARK_COUNT; i++) {
    const [x, z] = [landmarks[3 * i]! - 0.5, landmarks[3 * i + 2]! - 0.1];
    out[3 * i] = 0.5 + x * cos - z * sin;
    out[3 * i + 2] = 0.1 + x * sin + z * cos;
  }
  return { landmarks: out, triangles };
}

/** Triangles with a corner on the outline that lie on their back. */
function folded(x: ArrayLike<number>, y: ArrayLike<number>, triangles: Uint16Array): number {
  const outline = new Set<number>(FACE_OVAL);
  const areas: number[] = [];
  let total = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    const area = (x[b]! - x[a]!) * (y[c]! - y[a]!) - (x[c]! - x[a]!) * (y[b]! - y[a]!);
    total += area;
    if (outline.has(a) || outline.has(b) || outline.has(c)) areas.push(area);
  }
  return areas.filter((area) => area * Math.sign(total) < -1).length;
}

describe('The outline of a face', () => {
  let pkg: AvatarPackage;
  beforeAll(async () => {
    pkg = await loadAvatarPackage(stockFolder('mara'));
  });

  it.each([-14, -8, 8, 14])('is not folded back behind the cheek of a head turned by %s°', (degrees) => {
    const rig = turned(pkg.rig, degrees);
    const at = (axis: number) =>
      Float32Array.from({ length: LANDMARK_COUNT }, (_, i) => SIDE * rig.landmarks[3 * i + axis]!);
    expect(folded(at(0), at(1), rig.triangles)).toBeGreaterThan(5);
    const face = measureFace(rig, coverFit(pkg.portrait, SIDE, SIDE));
    expect(folded(face.x, face.y, rig.triangles)).toBe(0);
    for (const i of FACE_OVAL) {
      expect(Math.hypot(face.x[i]! - at(0)[i]!, face.y[i]! - at(1)[i]!)).toBeLessThan(0.061 * face.faceWidth);
    }
  });

  it('has no stairs on the side that is turned away', () => {
    const avatar = openAvatar(pkg, { width: SIDE, height: SIDE });
    const picture = new Uint8Array((SIDE * SIDE * 3) / 2);
    avatar.render(pose({ headYaw: 0.2 }), picture);
    const points = new Float32Array(2 * 468);
    avatar.landmarks?.(points);
    // Next to the far cheek no row is far from the mean of those above and below it.
    const [from, to] = [Math.round(points[2 * 454 + 1]!), Math.round(points[2 * 397 + 1]!)];
    let worst = 0;
    for (let row = from; row < to; row++) {
      for (let column = Math.round(points[2 * 454]!) - 30; column < points[2 * 454]! + 10; column++) {
        const at = row * SIDE + column;
        worst = Math.max(worst, Math.abs(picture[at]! - (picture[at - SIDE]! + picture[at + SIDE]!) / 2));
      }
    }
    expect(worst).toBeLessThan(20);
  });
});

describe('What a matte misses', () => {
  const [width, height] = [96, 96];
  const WALL = 180;
  /** A person of 60 in the middle, and a hair beside it that the matte knows nothing of. */
  const isPerson = (i: number) => Math.abs((i % width) - 48) < 20;
  const isHair = (i: number) => i % width === 70 || i % width === 71;
  const isFar = (i: number) => i % width > 90;
  const rgb = (value: (i: number) => number): RgbImage => ({
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, k) => value(Math.floor(k / 3))),
  });
  const matte: GreyImage = {
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => (isPerson(i) ? 255 : 0)),
  };
  const portrait = rgb((i) => (isPerson(i) ? 60 : isHair(i) ? 70 : isFar(i) ? 120 : WALL));
  const { person, background } = buildLayers(
    { portrait, matte, background: rgb((i) => (isFar(i) ? 121 : WALL)) },
    coverFit(portrait, width, height),
    width,
    height,
  );

  it('goes with the person and stays out of the background, so that no outline is left behind', () => {
    const row = 48 * width;
    expect(Math.abs(background[row + 70]! - background[row + 80]!)).toBeLessThan(4);
    expect(person.alpha[(2 * (96 * 2 * width)) / 2 + 141]!).toBeGreaterThan(80);
  });

  it('still gives the portrait at rest', () => {
    const plain = buildLayers(
      { portrait, matte: { ...matte, data: matte.data.map(() => 255) }, background: portrait },
      coverFit(portrait, width, height),
      width,
      height,
    ).person;
    for (let i = 0; i < plain.y.length; i++) {
      const [x, y] = [Math.floor((i % (2 * width)) / 2), Math.floor(i / (4 * width))];
      const back = background[y * width + x]!;
      if (Math.abs(back - background[y * width + Math.max(0, x - 1)]!) > 2) continue;
      const shown = person.y[i]! + ((255 - person.alpha[i]!) * back) / 255;
      expect(Math.abs(shown - plain.y[i]!)).toBeLessThan(5);
    }
  });

  it('is left where it is far from the person', () => {
    for (let row = 4; row < 2 * height - 4; row += 8) expect(person.alpha[row * 2 * width + 2 * width - 4]).toBe(0);
  });
});
