import { describe, expect, it } from 'vitest';
import { faceLight } from '../../../../src/inference/avatar/maker/face-light.js';
import { restState } from '../../../../src/inference/avatar/maker/rest-state.js';
import { loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import type { RgbImage } from '../../../../src/inference/avatar/png.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import { canonicalFace } from '../../../../src/inference/vision/canonical-face.js';
import { decodeImage } from '../../../../src/inference/vision/image.js';
import { inspectPortrait, openVision } from '../../../../src/inference/vision/inspect-portrait.js';
import { i420ToRgb } from '../../../../src/media/png.js';
import { encodeRgbPng } from '../../../../src/png.js';
import { pose, stockFolder } from '../stock.js';

const SIDE = 512;
const { points, triangles } = canonicalFace();
/** The canonical face in the middle of a picture: x right, y down, z away, about 20 cm high. */
const landmarks = Float32Array.from({ length: 478 * 3 }, (_, i) => {
  const value = points[i] ?? 0;
  return i % 3 === 0 ? 256 + 20 * value : i % 3 === 1 ? 256 - 20 * value : -20 * value;
});

/** A ball under one lamp and some light from all around, painted where the face is: its shading follows the normals of a face roughly. */
function lit(direction: readonly [number, number, number], ambient: number): RgbImage {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [x, y] = [((i % SIDE) - 256) / 220, (Math.floor(i / SIDE) - 256) / 260];
    const z = -Math.sqrt(Math.max(0.05, 1 - x * x - y * y));
    const length = Math.hypot(x, y, z);
    const lambert = Math.max(0, (x * direction[0] + y * direction[1] + z * direction[2]) / length);
    const value = 255 * (0.5 * (ambient + (1 - ambient) * lambert)) ** (1 / 2.2);
    data.set([value, 0.75 * value, 0.65 * value], i * 3);
  }
  return { width: SIDE, height: SIDE, data };
}

describe('faceLight', () => {
  it.each([
    ['the left of the picture', [-0.8, 0, -0.6]],
    ['the right of the picture', [0.8, 0, -0.6]],
    ['above', [0, -0.8, -0.6]],
  ] as const)('finds light from %s', (_where, from) => {
    const { direction, strength } = faceLight(lit(from, 0.2), landmarks, triangles);
    const cosine = direction.reduce((sum, value, k) => sum + value * from[k]!, 0);
    expect(cosine).toBeGreaterThan(0.8);
    expect(strength).toBeGreaterThan(0.12);
    expect(Math.hypot(...direction)).toBeCloseTo(1, 2);
  });

  it('finds light from all around weak, and the colour of the skin', () => {
    const { strength, skin } = faceLight(lit([0.8, 0, -0.6], 1), landmarks, triangles);
    expect(strength).toBeLessThan(0.05);
    const expected = 255 * 0.5 ** (1 / 2.2);
    expect(Math.abs(skin[0] - expected)).toBeLessThan(2);
    expect(Math.abs(skin[2] - 0.65 * expected)).toBeLessThan(2);
  });

  it('is not led astray by hair over a part of the forehead', () => {
    const picture = lit([-0.8, 0, -0.6], 0.2);
    for (let y = 60; y < 190; y++) for (let x = 130; x < 270; x++) picture.data.set([25, 18, 15], (y * SIDE + x) * 3);
    expect(faceLight(picture, landmarks, triangles).direction[0]).toBeLessThan(-0.4);
  });
});

describe('restState', () => {
  async function restOf(id: string, motion: Record<string, number>) {
    const stream = openAvatar(await loadAvatarPackage(stockFolder(id)), { width: 768, height: 768 });
    const frame = new Uint8Array(768 * 768 * 1.5);
    stream.render(pose(motion), frame);
    const image: RgbImage = { width: 768, height: 768, data: i420ToRgb(frame, 768, 768) };
    const { face } = await inspectPortrait(await decodeImage(encodeRgbPng(image)), await openVision());
    return restState(image, face.landmarks, [200, 150, 120]);
  }

  it('sees closed lips, and no teeth', async () => {
    const rest = await restOf('mara', {});
    expect(rest.mouthOpenness).toBeLessThan(0.03);
    expect(rest).toEqual({ mouthOpenness: rest.mouthOpenness, teeth: 0 });
  });

  it('sees the teeth of a smile and their colour', async () => {
    const rest = await restOf('mara', { jawOpen: 0.3, mouthSmile: 0.6, mouthUpperUp: 0.4 });
    expect(rest.mouthOpenness).toBeGreaterThan(0.1);
    expect(rest.teeth).toBeGreaterThan(0.15);
    const [red, green, blue] = rest.teethColour!;
    expect(Math.min(red, green, blue)).toBeGreaterThan(90);
    expect(red - blue).toBeLessThan(60);
  });
});
