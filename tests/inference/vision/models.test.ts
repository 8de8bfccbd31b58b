import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { modelFile } from '../../../src/inference/models.js';
import { createSession, Tensor } from '../../../src/inference/onnx.js';
import { canonicalFace } from '../../../src/inference/vision/canonical-face.js';
import { discFacePixels } from '../../support/disc-face.js';

/** What TensorFlow Lite itself computes with the original models for the face of discs, at some places of its outputs. */
const references = JSON.parse(
  readFileSync(new URL('../../fixtures/vision/tflite-outputs.json', import.meta.url), 'utf8'),
) as Record<
  string,
  { size: number; low: number; high: number; outputs: Record<string, { places: number[]; values: number[] }> }
>;

describe('the converted models', () => {
  it.each(Object.keys(references))('%s computes what the original does', async (name) => {
    const { size, low, high, outputs } = references[name]!;
    const session = await createSession(modelFile(name), { threads: 1 });
    const pixels = new Tensor('float32', discFacePixels(size, low, high), [1, size, size, 3]);
    const result = await session.run({ [session.inputNames[0]!]: pixels });
    for (const [output, { places, values }] of Object.entries(outputs)) {
      const data = result[output]?.data as Float32Array;
      const worst = Math.max(...places.map((place, i) => Math.abs(data[place]! - values[i]!)));
      expect(worst, output).toBeLessThan(0.001);
    }
  });

  it('refines lips and eyes close to where the plain mesh has them', async () => {
    const session = await createSession(modelFile('face-mesh.onnx'), { threads: 1 });
    const input = new Tensor('float32', discFacePixels(192, 0, 1), [1, 192, 192, 3]);
    const result = await session.run({ input_1: input });
    const numbers = (name: string) => result[name]!.data as Float32Array;
    const [corner, mesh] = [numbers('output_lips'), numbers('output_mesh_identity')];
    expect(Math.hypot(corner[0]! - mesh[61 * 3]!, corner[1]! - mesh[61 * 3 + 1]!)).toBeLessThan(12);
    const irises = [numbers('output_left_iris'), numbers('output_right_iris')];
    expect(irises.map((iris) => [iris[0]! > 66 && iris[0]! < 126, Math.abs(iris[1]! - 81.6) < 4])).toEqual([
      [true, true],
      [true, true],
    ]);
  });
});

describe('the canonical face', () => {
  it('has all points, triangles over all of them, and rigid points with weights', () => {
    const face = canonicalFace();
    expect([face.points.length, face.texture.length, face.triangles.length]).toEqual([468 * 3, 468 * 2, 898 * 3]);
    expect(Math.max(...face.triangles)).toBe(467);
    expect(face.rigid.length).toBe(33);
    expect(face.rigid.every(({ index, weight }) => index < 468 && weight > 0)).toBe(true);
    // The person's left is x, up is y, the viewer z: chin below, left eye at positive x, nose tip in front.
    expect([face.points[152 * 3 + 1]! < -5, face.points[263 * 3]! > 3, face.points[1 * 3 + 2]! > 5]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
