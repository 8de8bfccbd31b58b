import { describe, expect, it } from 'vitest';
import { canonicalFace } from '../../../src/inference/vision/canonical-face.js';
import { headPose } from '../../../src/inference/vision/head-pose.js';

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Landmarks of the canonical face turned as asked: x right, y down, z away from the viewer, in pixels of some picture. */
function landmarks(pitch: number, yaw: number, roll: number): Float32Array {
  const [p, q, r] = [radians(pitch), radians(yaw), radians(roll)];
  const { points } = canonicalFace();
  const out = new Float32Array(478 * 3);
  for (let i = 0; i < 468; i++) {
    const [x0, y0, z0] = [points[3 * i]!, -points[3 * i + 1]!, -points[3 * i + 2]!];
    const [x1, z1] = [Math.cos(q) * x0 - Math.sin(q) * z0, Math.sin(q) * x0 + Math.cos(q) * z0];
    const [y2, z2] = [Math.cos(p) * y0 + Math.sin(p) * z1, -Math.sin(p) * y0 + Math.cos(p) * z1];
    out.set(
      [400 + 30 * (Math.cos(r) * x1 - Math.sin(r) * y2), 300 + 30 * (Math.sin(r) * x1 + Math.cos(r) * y2), 30 * z2],
      3 * i,
    );
  }
  return out;
}

describe('headPose', () => {
  it.each([
    [0, 0, 0],
    [20, 0, 0],
    [0, 25, 0],
    [0, 0, -30],
    [-12, 33, 8],
    [5, -40, 90],
    [10, 15, -170],
  ])('finds pitch %d°, yaw %d°, roll %d° again', (pitch, yaw, roll) => {
    const pose = headPose(landmarks(pitch, yaw, roll), canonicalFace());
    expect([pose.pitch, pose.yaw, pose.roll].map((value) => Math.round(value * 100) / 100 + 0)).toEqual([
      pitch,
      yaw,
      roll,
    ]);
  });

  it('says up for a raised chin and left for a turn to the right of the picture', () => {
    const straight = landmarks(0, 0, 0);
    const [up, left] = [landmarks(20, 0, 0), landmarks(0, 20, 0)];
    const [noseX, noseY] = [3 * 1, 3 * 1 + 1];
    expect(up[noseY]!).toBeLessThan(straight[noseY]!);
    expect(left[noseX]!).toBeGreaterThan(straight[noseX]!);
  });
});
