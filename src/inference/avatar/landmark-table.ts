import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECT_ROOT } from '../../cache.js';
import { VisavisError } from '../../errors.js';
import { BLENDSHAPES } from './motion-frame.js';
import { LANDMARK_COUNT } from './rig.js';

/** What one coefficient of 1 does: x, y, z of every landmark. */
export type LandmarkOffsets = Float32Array;

/**
 * How every landmark moves with every ARKit coefficient on a head of average proportions. Lengths are in distances between the irises,
 * x to the avatar's left, y down, z away from the viewer; the origin is between the irises.
 */
export interface LandmarkTable {
  /** x, y, z of each landmark of the face at rest. */
  neutral: Float32Array;
  /** One block a coefficient, in the order of a MotionFrame. */
  offsets: readonly LandmarkOffsets[];
}

/** Rotation of the head in radians with the signs of a MotionFrame. */
export interface HeadRotation {
  pitch: number;
  yaw: number;
  roll: number;
}

const VALUES = LANDMARK_COUNT * 3;
const scale = z.number().positive().max(1);
const headerSchema = z.object({
  formatVersion: z.literal(1),
  landmarks: z.literal(LANDMARK_COUNT),
  unit: z.string(),
  source: z.string(),
  sha256: z.string(),
  neutralScale: scale,
  coefficients: z.array(z.object({ name: z.string(), scale })).length(BLENDSHAPES.length),
});
let loaded: LandmarkTable | undefined;

/** The table of `assets/rig`, read and checked once. Throws `internal` when it is missing or broken: the installation is. */
export function loadLandmarkTable(): LandmarkTable {
  const file = (extension: string) => join(PROJECT_ROOT, `assets/rig/arkit-landmarks.${extension}`);
  try {
    loaded ??= parseLandmarkTable(readFileSync(file('json'), 'utf8'), readFileSync(file('bin')));
  } catch (cause) {
    throw new VisavisError('internal', 'assets/rig: the table of landmarks cannot be used', { cause });
  }
  return loaded;
}

/**
 * `values` are 16-bit integers, little-endian: the face at rest, then each coefficient's block, each to be multiplied with its scale in
 * `header` (JSON). Throws `bad-request` naming what does not fit.
 */
export function parseLandmarkTable(header: string, values: Uint8Array): LandmarkTable {
  let json: unknown;
  try {
    json = JSON.parse(header);
  } catch (cause) {
    throw bad('header', 'is not JSON', cause);
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw bad(['header', ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is invalid');
  }
  const { coefficients, neutralScale, sha256 } = parsed.data;
  const stranger = coefficients.findIndex(({ name }, i) => name !== BLENDSHAPES[i]);
  if (stranger >= 0) {
    throw bad(
      `header.coefficients.${stranger}`,
      `is ${coefficients[stranger]?.name}, expected ${BLENDSHAPES[stranger]}`,
    );
  }
  const bytes = (coefficients.length + 1) * VALUES * 2;
  if (values.length !== bytes) throw bad('values', `have ${values.length} bytes, expected ${bytes}`);
  if (createHash('sha256').update(values).digest('hex') !== sha256) throw bad('values', 'have another checksum');
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const block = (index: number, unit: number) =>
    Float32Array.from({ length: VALUES }, (_, k) => view.getInt16((index * VALUES + k) * 2, true) * unit);
  return {
    neutral: block(0, neutralScale),
    offsets: coefficients.map((coefficient, i) => block(i + 1, coefficient.scale)),
  };
}

/**
 * Writes how far each landmark is moved in the picture's plane by `coefficients` (a MotionFrame or its first 52 values) on a head turned
 * by `rotation`: x, y of each to `out`, in the table's unit. What moves along the line of sight shows only on a turned head. Values below zero
 * count as zero. No allocation.
 */
export function displace(
  table: Pick<LandmarkTable, 'offsets'>,
  coefficients: ArrayLike<number>,
  rotation: HeadRotation,
  out: Float32Array,
): void {
  rotationRows(rotation, ROWS);
  const xx = ROWS[0]!;
  const xy = ROWS[1]!;
  const xz = ROWS[2]!;
  const yx = ROWS[3]!;
  const yy = ROWS[4]!;
  const yz = ROWS[5]!;
  out.fill(0);
  for (let c = 0; c < table.offsets.length; c++) {
    const value = coefficients[c]!;
    if (!(value > SMALLEST)) continue;
    const block = table.offsets[c]!;
    for (let from = 0, to = 0; from < block.length; from += 3, to += 2) {
      const x = block[from]! * value;
      const y = block[from + 1]! * value;
      const z = block[from + 2]! * value;
      out[to] = out[to]! + xx * x + xy * y + xz * z;
      out[to + 1] = out[to + 1]! + yx * x + yy * y + yz * z;
    }
  }
}

/** Less than this moves nothing by a pixel's visible fraction. */
const SMALLEST = 1e-4;
const ROWS = new Float64Array(6);

/** The x and y rows of a rotation by yaw, then pitch, then roll, for y down and z away from the viewer. */
export function rotationRows({ pitch, yaw, roll }: HeadRotation, out: Float64Array): void {
  const sr = Math.sin(roll);
  const cr = Math.cos(roll);
  const x0 = Math.cos(yaw);
  const x2 = -Math.sin(yaw);
  const y0 = -Math.sin(pitch) * x2;
  const y1 = Math.cos(pitch);
  const y2 = Math.sin(pitch) * x0;
  out[0] = cr * x0 - sr * y0;
  out[1] = -sr * y1;
  out[2] = cr * x2 - sr * y2;
  out[3] = sr * x0 + cr * y0;
  out[4] = cr * y1;
  out[5] = sr * x2 + cr * y2;
}

function bad(field: string, what: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', `table of landmarks: ${field} ${what}`, { field, cause });
}
