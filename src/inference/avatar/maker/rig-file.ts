import type { PictureSize } from '../../../picture-size.js';
import type { FaceLight, RestState } from '../rig.js';
import type { Framing } from './framing.js';

/** Landmarks in pixels of the photo, moved into pixels of the portrait; depths are scaled alike. */
export function toPortrait(points: Float32Array, { region, width, height, scale }: Framing): Float32Array {
  const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const [dx, dy] = [points[i]! - region.centreX, points[i + 1]! - region.centreY];
    out[i] = (dx * cos + dy * sin) * scale + width / 2;
    out[i + 1] = (dy * cos - dx * sin) * scale + height / 2;
    out[i + 2] = points[i + 2]! * scale;
  }
  return out;
}

/** The text of a `rig.json`: landmarks as parts of the portrait's width and height, depths of its width, to a hundred thousandth. */
export function rigFile(
  points: Float32Array,
  triangles: Uint16Array,
  { width, height }: PictureSize,
  measured: { rest: RestState; light: FaceLight },
): string {
  const landmarks = Array.from({ length: points.length / 3 }, (_, i) =>
    [...points.subarray(3 * i, 3 * i + 3)].map(
      (value, k) => Math.round((value / (k === 1 ? height : width)) * 1e5) / 1e5,
    ),
  );
  const rig = {
    formatVersion: 1,
    topology: 'mediapipe-face-mesh-478',
    landmarks,
    triangles: [...triangles],
    ...measured,
  };
  return `${JSON.stringify(rig)}\n`;
}
