import { EYE, OUTER_LIPS, OVAL } from '../../vision/landmarks.js';
import type { RgbImage } from '../png.js';
import type { FaceLight } from '../rig.js';
import { SURFACE_COUNT } from '../rig.js';

const BROWS = [70, 63, 105, 66, 107, 46, 53, 52, 65, 55, 336, 296, 334, 293, 300, 285, 295, 282, 283, 276];
const NOSTRILS = [98, 97, 2, 326, 327, 60, 290, 20, 250, 238, 458, 79, 309, 75, 305, 166, 392, 59, 289];
/** Points whose brightness says nothing of the light: hair, lips, eyes and the face's outline, whose normals are guesses. */
const NOT_SKIN: ReadonlySet<number> = new Set([
  ...[...EYE.right, ...EYE.left, ...OUTER_LIPS, ...OVAL, ...BROWS, ...NOSTRILS],
  ...[62, 76, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191],
]);
/** Rounds in which points far off the fit (hair, highlights, cast shadows) lose their say. */
const ROUNDS = 5;
/** Residuals from here on count less (Huber's k for normal residuals). */
const HUBER = 1.345;
const PATCH = 2;
/** Added to the normal equations of the slopes: keeps them small where the points say little. */
const DAMPING = 0.1;
/** How much light comes from the front for each part that comes from the side. */
const LEAST_FRONT = 0.6;

/**
 * The light on a face, from how its brightness follows the surface: linear light at the landmarks of the skin is fitted by a constant and
 * one slope per axis of the normal (Lambert's law with diffuse light from a half sphere: the first order of spherical harmonics,
 * Ramamoorthi and Hanrahan 2001), points that do not fit losing their say. `landmarks`: 478 points in pixels, `triangles` of the first 468.
 */
export function faceLight(portrait: RgbImage, landmarks: Float32Array, triangles: Uint16Array): FaceLight {
  const normals = vertexNormals(landmarks, triangles);
  const points: { normal: readonly [number, number, number]; colour: readonly [number, number, number] }[] = [];
  for (let i = 0; i < SURFACE_COUNT; i++) {
    const normal = normals[i]!;
    // Turned half away: seen too flat to be measured.
    if (NOT_SKIN.has(i) || normal[2] > -0.35) continue;
    points.push({ normal, colour: meanColour(portrait, landmarks[3 * i]!, landmarks[3 * i + 1]!) });
  }
  const luma = points.map(({ colour: [r, g, b] }) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b));
  let weights = points.map(() => 1);
  let fit: number[] = [0, 0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    fit = leastSquares(
      points.map(({ normal: [x, y, z] }) => [1, x, y, z]),
      luma,
      weights,
    );
    const residuals = points.map(({ normal: [x, y, z] }, i) =>
      Math.abs(luma[i]! - (fit[0]! + fit[1]! * x + fit[2]! * y + fit[3]! * z)),
    );
    const spread = Math.max(1e-4, median(residuals) / 0.6745);
    weights = residuals.map((residual) => Math.min(1, (HUBER * spread) / Math.max(residual, 1e-9)));
  }
  const [constant = 0, x = 0, y = 0, depth = 0] = fit;
  // A face shows too little of what is turned away to part light from the front and light from all around: some always comes from the front.
  const z = Math.min(depth, -LEAST_FRONT * Math.hypot(x, y));
  const length = Math.hypot(x, y, z);
  const skin = [0, 1, 2].map((k) => Math.round(median(points.map(({ colour }) => colour[k]!))));
  return {
    skin: [skin[0]!, skin[1]!, skin[2]!],
    direction: length < 1e-6 ? [0, 0, -1] : [round(x / length), round(y / length), round(z / length)],
    // Between even light from everywhere (0) and one lamp, whose light leaves what is turned away from it dark (1).
    strength: round(Math.min(1, length / Math.max(1e-6, constant + length))),
  };
}

/** Unit normals that point to the viewer's side (z < 0 where the face looks at the camera), the mean of the triangles around, by area. */
function vertexNormals(points: Float32Array, triangles: Uint16Array): [number, number, number][] {
  const sums = Array.from({ length: SURFACE_COUNT }, (): [number, number, number] => [0, 0, 0]);
  let towards = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]! * 3, triangles[t + 1]! * 3, triangles[t + 2]! * 3];
    const [ux, uy, uz] = [points[b]! - points[a]!, points[b + 1]! - points[a + 1]!, points[b + 2]! - points[a + 2]!];
    const [vx, vy, vz] = [points[c]! - points[a]!, points[c + 1]! - points[a + 1]!, points[c + 2]! - points[a + 2]!];
    const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx] as const;
    towards += normal[2];
    for (const corner of [a, b, c]) for (let k = 0; k < 3; k++) sums[corner / 3]![k]! += normal[k]!;
  }
  // All triangles are wound alike: one sum says which way.
  const sign = towards > 0 ? -1 : 1;
  return sums.map(([x, y, z]) => {
    const length = Math.max(1e-9, Math.hypot(x, y, z)) * sign;
    return [x / length, y / length, z / length];
  });
}

/** The weighted least squares solution of rows · s = values: normal equations, elimination with pivots, held down a little against degeneracy. */
function leastSquares(rows: readonly number[][], values: readonly number[], weights: readonly number[]): number[] {
  const size = rows[0]?.length ?? 0;
  const system = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) =>
      rows.reduce((sum, row, n) => sum + weights[n]! * row[i]! * row[j]!, i === j && i > 0 ? DAMPING : 0),
    ),
    rows.reduce((sum, row, n) => sum + weights[n]! * row[i]! * values[n]!, 0),
  ]);
  for (let i = 0; i < size; i++) {
    let pivot = i;
    for (let r = i + 1; r < size; r++) if (Math.abs(system[r]![i]!) > Math.abs(system[pivot]![i]!)) pivot = r;
    [system[i], system[pivot]] = [system[pivot]!, system[i]!];
    for (let r = 0; r < size; r++) {
      if (r === i) continue;
      const factor = system[r]![i]! / system[i]![i]!;
      for (let c = i; c <= size; c++) system[r]![c]! -= factor * system[i]![c]!;
    }
  }
  return system.map((row, i) => row[size]! / row[i]!);
}

function meanColour({ width, height, data }: RgbImage, x: number, y: number): [number, number, number] {
  const sum: [number, number, number] = [0, 0, 0];
  for (let dy = -PATCH; dy <= PATCH; dy++) {
    for (let dx = -PATCH; dx <= PATCH; dx++) {
      const column = Math.min(width - 1, Math.max(0, Math.floor(x) + dx));
      const row = Math.min(height - 1, Math.max(0, Math.floor(y) + dy));
      for (let k = 0; k < 3; k++) sum[k]! += data[(row * width + column) * 3 + k]! / (2 * PATCH + 1) ** 2;
    }
  }
  return sum;
}

/** IEC 61966-2-1, 0…255 to 0…1. */
function linear(value: number): number {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
