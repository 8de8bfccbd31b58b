import { describe, expect, it } from 'vitest';
import { cropImage, cropRig, middleOf } from '../../../src/inference/avatar/crop.js';
import { rigFile } from '../../../src/inference/avatar/maker/rig-file.js';
import { measureFace } from '../../../src/inference/avatar/renderer/face-geometry.js';
import { coverFit } from '../../../src/inference/avatar/renderer/texture.js';
import { FACE_OVAL, LANDMARK_COUNT, parseRig } from '../../../src/inference/avatar/rig.js';

const WIDE = { width: 1366, height: 768 };
const measured = {
  rest: { mouthOpenness: 0, teeth: 0 },
  light: { skin: [200, 160, 140], direction: [0, -0.6, -0.8], strength: 0.4 },
} as Parameters<typeof rigFile>[3];

/** A face of points in pixels of the wide portrait: rings about its middle, deeper outwards. */
function points(): Float32Array {
  const out = new Float32Array(3 * LANDMARK_COUNT);
  for (let i = 0; i < LANDMARK_COUNT; i++) {
    const [angle, radius] = [i * 2.4, 10 + (160 * i) / LANDMARK_COUNT];
    out.set([683 + radius * Math.sin(angle), 384 - 1.2 * radius * Math.cos(angle), radius / 2 - 40], 3 * i);
  }
  FACE_OVAL.forEach((index, k) => {
    const angle = (2 * Math.PI * k) / FACE_OVAL.length;
    out.set([683 + 170 * Math.sin(angle), 384 - 200 * Math.cos(angle), 60], 3 * index);
  });
  return out;
}

describe('a rig of a wide portrait', () => {
  const given = points();
  const rig = parseRig(
    rigFile(given, new Uint16Array(), WIDE, measured).replace('"triangles":[]', '"triangles":[0,1,2]'),
  );

  it('has x as parts of the width, y of the height, z of the width', () => {
    for (let i = 0; i < LANDMARK_COUNT; i++) {
      expect(rig.landmarks[3 * i]! * WIDE.width).toBeCloseTo(given[3 * i]!, 1);
      expect(rig.landmarks[3 * i + 1]! * WIDE.height).toBeCloseTo(given[3 * i + 1]!, 1);
      expect(rig.landmarks[3 * i + 2]! * WIDE.width).toBeCloseTo(given[3 * i + 2]!, 1);
    }
  });

  it.each([
    [1024, 576],
    [512, 512],
    [768, 768],
  ])('is drawn at %i × %i in its true proportions, depths too', (width, height) => {
    const face = measureFace({ ...rig, triangles: new Uint16Array() }, coverFit(WIDE, width, height));
    const scale = height / WIDE.height;
    for (const i of [1, 33, 152, 263, 400]) {
      expect(face.x[i]! - width / 2).toBeCloseTo((given[3 * i]! - 683) * scale, 1);
      expect(face.y[i]!).toBeCloseTo(given[3 * i + 1]! * scale, 1);
      expect(face.z[i]!).toBeCloseTo(given[3 * i + 2]! * scale, 1);
    }
  });

  it('is the same face in the middle square', () => {
    const middle = middleOf(WIDE, { width: 512, height: 512 })!;
    expect(middle).toEqual({ left: 299, top: 0, width: 768, height: 768 });
    const square = cropRig(rig, WIDE, middle);
    const [a, b] = [
      measureFace({ ...rig, triangles: new Uint16Array() }, coverFit(WIDE, 512, 512)),
      measureFace({ ...square, triangles: new Uint16Array() }, coverFit(middle, 512, 512)),
    ];
    for (let i = 0; i < LANDMARK_COUNT; i++) {
      expect(b.x[i]!).toBeCloseTo(a.x[i]!, 2);
      expect(b.y[i]!).toBeCloseTo(a.y[i]!, 2);
      expect(b.z[i]!).toBeCloseTo(a.z[i]!, 2);
    }
  });

  it('and its pictures are cut alike, grey or in colour', () => {
    const image = (bytes: number) => ({
      ...{ width: 6, height: 4 },
      data: Uint8Array.from({ length: 24 * bytes }, (_, i) => Math.floor(i / bytes)),
    });
    const part = { left: 1, top: 2, width: 4, height: 2 };
    expect([...cropImage(image(1), part).data]).toEqual([13, 14, 15, 16, 19, 20, 21, 22]);
    expect(cropImage(image(3), part).data.length).toBe(24);
    expect(cropImage(image(3), part).data[9]).toBe(16);
  });

  it('stays whole where shapes differ by a pixel', () => {
    expect(middleOf(WIDE, { width: 1024, height: 576 })).toBeUndefined();
    expect(middleOf({ width: 768, height: 768 }, { width: 512, height: 512 })).toBeUndefined();
    expect(middleOf({ width: 768, height: 768 }, { width: 1024, height: 576 })).toEqual({
      ...{ left: 0, top: 168, width: 768, height: 432 },
    });
  });
});
