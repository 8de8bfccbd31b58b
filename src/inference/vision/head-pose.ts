import type { CanonicalFace } from './canonical-face.js';

/** How a head is turned, in degrees, with the signs of a MotionFrame: chin up, turned to the person's left, tilted to the person's left. */
export interface HeadPoseDegrees {
  pitch: number;
  yaw: number;
  roll: number;
}

type Vector = readonly [number, number, number];

/**
 * The turn that carries the canonical face onto the landmarks best: least squares over its rigid points with their weights, any size and
 * place (closed form with quaternions: Horn 1987). Landmarks are taken as seen from far away.
 */
export function headPose(points: Float32Array, face: CanonicalFace): HeadPoseDegrees {
  // Both as x right, y down, z away from the viewer.
  const from = face.rigid.map(({ index }): Vector => {
    const [x = 0, y = 0, z = 0] = face.points.subarray(3 * index, 3 * index + 3);
    return [x, -y, -z];
  });
  const to = face.rigid.map(({ index }): Vector => {
    const [x = 0, y = 0, z = 0] = points.subarray(3 * index, 3 * index + 3);
    return [x, y, z];
  });
  const weights = face.rigid.map(({ weight }) => weight);
  return anglesOf(bestRotation(from, to, weights));
}

/** Rows of the rotation R that brings R·from closest to `to`, both about their weighted centres. */
export function bestRotation(from: readonly Vector[], to: readonly Vector[], weights: readonly number[]): number[][] {
  const [a, b] = [centred(from, weights), centred(to, weights)];
  const s = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => weights.reduce((sum, w, n) => sum + w * (a[n]?.[i] ?? 0) * (b[n]?.[j] ?? 0), 0)),
  );
  const at = (i: number, j: number) => s[i]?.[j] ?? 0;
  const [xx, yy, zz] = [at(0, 0), at(1, 1), at(2, 2)];
  const [yz, zx, xy] = [at(1, 2) - at(2, 1), at(2, 0) - at(0, 2), at(0, 1) - at(1, 0)];
  const [sxy, szx, syz] = [at(0, 1) + at(1, 0), at(2, 0) + at(0, 2), at(1, 2) + at(2, 1)];
  const matrix = [
    [xx + yy + zz, yz, zx, xy],
    [yz, xx - yy - zz, sxy, szx],
    [zx, sxy, yy - xx - zz, syz],
    [xy, szx, syz, zz - xx - yy],
  ];
  return rotationOf(largestEigenvector(matrix));
}

/** Pitch, yaw and roll of a rotation that yaws first, then pitches, then rolls. */
function anglesOf(rotation: number[][]): HeadPoseDegrees {
  const at = (i: number, j: number) => rotation[i]?.[j] ?? 0;
  const degrees = (radians: number) => (radians * 180) / Math.PI;
  return {
    pitch: degrees(-Math.asin(Math.min(1, Math.max(-1, at(2, 1))))),
    yaw: degrees(Math.atan2(at(2, 0), at(2, 2))),
    roll: degrees(Math.atan2(-at(0, 1), at(1, 1))),
  };
}

function centred(points: readonly Vector[], weights: readonly number[]): Vector[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const centre = [0, 1, 2].map((k) => points.reduce((sum, p, n) => sum + (p[k] ?? 0) * (weights[n] ?? 0), 0) / total);
  return points.map(([x, y, z]) => [x - (centre[0] ?? 0), y - (centre[1] ?? 0), z - (centre[2] ?? 0)] as const);
}

/** By repeated squaring of the matrix made positive, which doubles the lead of the largest eigenvalue each time. */
function largestEigenvector(matrix: number[][]): number[] {
  const size = matrix.length;
  const shift = Math.max(...matrix.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  let power = matrix.map((row, i) => row.map((value, j) => value + (i === j ? shift : 0)));
  for (let step = 0; step < 40; step++) {
    const squared = power.map((row) =>
      power.map((_, j) => row.reduce((sum, value, k) => sum + value * (power[k]?.[j] ?? 0), 0)),
    );
    const largest = Math.max(...squared.flat().map(Math.abs));
    power = squared.map((row) => row.map((value) => value / largest));
  }
  // All columns lead the same way by now; the longest does so best.
  const columns = Array.from({ length: size }, (_, j) => power.map((row) => row[j] ?? 0));
  const length = (vector: number[]) => Math.hypot(...vector);
  const best = columns.reduce((a, b) => (length(b) > length(a) ? b : a));
  return best.map((value) => value / length(best));
}

function rotationOf([w = 1, x = 0, y = 0, z = 0]: number[]): number[][] {
  return [
    [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
  ];
}
