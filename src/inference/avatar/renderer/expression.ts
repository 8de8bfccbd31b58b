import { displace, type HeadRotation, type LandmarkTable } from '../landmark-table.js';
import { BLENDSHAPES, type Blendshape, MOTION } from '../motion-frame.js';
import { LOWER_LIP, SURFACE_COUNT, UPPER_LIP } from '../rig.js';
import { clamp, smoothstep } from './curves.js';
import { type FaceGeometry, toMouthFrame } from './face-geometry.js';
import { fitTable } from './fitted-table.js';
import { openingOf, PARTED, restShare } from './rest-opening.js';

/** How far the lower lip's middle falls for `jawOpen` 1, in mouth widths. */
export const JAW_DROP = 0.55;
/** Share of that fall that the corners of the mouth take part in. */
export const CORNER_DROP = 0.36;

/** Parts of the surface as the shapes below see them; x and y in the mouth's frame. */
export interface Surface {
  x: Float32Array;
  y: Float32Array;
  /** Distance below (positive) or above the line between the lips, in mouth widths. */
  below: Float32Array;
  /** −1: upper lip and what is above, 1: lower lip and what is below. */
  side: Int8Array;
  /** For lip points: 0 inner … 3 outer edge; −1 elsewhere. */
  ring: Int8Array;
  /** Share of the jaw's motion, 0…1. */
  jaw: Float32Array;
  face: FaceGeometry;
}

/** Of closing parted lips: that of the upper one; the lower goes up with the jaw. */
const UPPER_SHARE = 0.3;

const RINGS = ['inner', 'innerMiddle', 'middle', 'outer'] as const;
/** How far each ring of a lip goes along when its inner edge is moved to close the mouth. */
const FOLLOWS = { inner: 1, innerMiddle: 0.9, middle: 0.7, outer: 0.4 } as const;

/** The displacement of one surface point in mouth widths (mouth's frame) for a coefficient of 1. */
export type ShapeFunction = (i: number, s: Surface) => readonly [number, number];

/** Moves the face's surface by blendshape coefficients, as measured on a 3-D head or, where that looks better, as drawn. */
export class Expression {
  /** x, y, z of each surface point in pixels, by coefficient. */
  readonly offsets: readonly Float32Array[];
  readonly #moved = new Float32Array(SURFACE_COUNT * 2);
  readonly #restGap: Float32Array;
  /** Whether the portrait's lips are clearly apart. */
  readonly #parted: boolean;

  constructor(face: FaceGeometry, measured: LandmarkTable, drawn: Partial<Record<Blendshape, ShapeFunction>>) {
    const surface = describeSurface(face);
    const { width, cos, sin } = face.mouth;
    const fitted = fitTable(measured, face);
    this.offsets = BLENDSHAPES.map((name) => {
      const block = fitted[MOTION[name]]!;
      const shape = drawn[name];
      if (shape === undefined) return block;
      // How far it moves along the line of sight is measured in any case.
      return block.map((value, k) => {
        if (k % 3 === 2) return value;
        const [mx, my] = shape((k / 3) | 0, surface);
        return (k % 3 === 0 ? mx * cos - my * sin : mx * sin + my * cos) * width;
      });
    });
    this.#restGap = Float32Array.from(UPPER_LIP.inner, (up, k) =>
      Math.max(0, face.y[LOWER_LIP.inner[k]!]! - face.y[up]!),
    );
    this.#parted = this.#restGap[5]! > PARTED * face.mouth.width;
  }

  /** Moves the first `SURFACE_COUNT` places of `x` and `y`, which already stand where the head's `rotation` takes them. */
  apply(motion: Float32Array, rotation: HeadRotation, x: Float32Array, y: Float32Array): void {
    displace(this, motion, rotation, this.#moved);
    for (let i = 0; i < SURFACE_COUNT; i++) {
      x[i] = x[i]! + this.#moved[i * 2]!;
      y[i] = y[i]! + this.#moved[i * 2 + 1]!;
    }
    const round = 1 - 0.75 * smoothstep(0.1, 0.25, motion[MOTION.jawOpen]! - motion[MOTION.mouthClose]!);
    this.#purse(round * clamp(motion[MOTION.mouthPucker]!, 0, 1), y);
    if (!this.#parted) {
      this.#seal(pressOf(motion), y);
      return;
    }
    this.#settle(restShare(motion), y);
    this.#seal(Math.max(pressOf(motion), closedShare(motion)), y);
  }

  /** Lips that the portrait leaves apart do not open by what is asked in addition to that, see `openingOf`. */
  #settle(share: number, outY: Float32Array): void {
    for (let k = 1; k < 10; k++) {
      const rest = this.#restGap[k]!;
      const gap = outY[LOWER_LIP.inner[k]!]! - outY[UPPER_LIP.inner[k]!]!;
      this.#close(k, gap - Math.max(0, openingOf(rest, gap - rest, share)), outY);
    }
  }

  /** Brings the lips nearer by `by` pixels at the `k`-th pair of their points. */
  #close(k: number, by: number, outY: Float32Array): void {
    const upper = this.#parted ? UPPER_SHARE : 0.5;
    for (const ring of RINGS) {
      const up = UPPER_LIP[ring][k]!;
      const low = LOWER_LIP[ring][k]!;
      outY[up] = outY[up]! + by * upper * FOLLOWS[ring];
      outY[low] = outY[low]! - by * (1 - upper) * FOLLOWS[ring];
    }
  }

  /** Pursed lips touch next to the corners: what stays open between them is smaller than the mouth is wide. A jaw that opens parts them. */
  #purse(pucker: number, outY: Float32Array): void {
    if (pucker <= 0) return;
    for (let k = 1; k < 10; k++) {
      const share = 0.9 * pucker * smoothstep(0.25, 0.95, Math.abs(k - 5) / 5);
      const gap = outY[LOWER_LIP.inner[k]!]! - outY[UPPER_LIP.inner[k]!]!;
      this.#close(k, gap * share, outY);
    }
  }

  /** Closes what the portrait's own lips leave open, and never lets the lips cross. */
  #seal(press: number, outY: Float32Array): void {
    for (let k = 1; k < 10; k++) {
      const rest = this.#restGap[k]!;
      const gap = outY[LOWER_LIP.inner[k]!]! - outY[UPPER_LIP.inner[k]!]!;
      this.#close(k, press * (this.#parted ? Math.min(rest, Math.max(0, gap)) : rest), outY);
      const up = UPPER_LIP.inner[k]!;
      const low = LOWER_LIP.inner[k]!;
      if (outY[low]! < outY[up]!) {
        const middle = (outY[low]! + outY[up]!) / 2;
        outY[low] = middle;
        outY[up] = middle;
      }
    }
  }
}

function pressOf(motion: Float32Array): number {
  return clamp(motion[MOTION.mouthPressLeft]! + motion[MOTION.mouthPressRight]!, 0, 1);
}

/** How far `mouthClose` closes what the jaw opens, 0…1. */
function closedShare(motion: Float32Array): number {
  const jaw = motion[MOTION.jawOpen]!;
  return jaw > 1e-3 ? clamp(motion[MOTION.mouthClose]! / jaw, 0, 1) ** 2 : 0;
}

function describeSurface(face: FaceGeometry): Surface {
  const { x, y } = toMouthFrame(face);
  const below = new Float32Array(SURFACE_COUNT);
  const side = new Int8Array(SURFACE_COUNT);
  const ring = new Int8Array(SURFACE_COUNT).fill(-1);
  const jaw = new Float32Array(SURFACE_COUNT);
  const lineX = UPPER_LIP.inner.map((i) => x[i]!);
  const lineY = UPPER_LIP.inner.map((up, k) => (y[up]! + y[LOWER_LIP.inner[k]!]!) / 2);
  for (let i = 0; i < SURFACE_COUNT; i++) {
    below[i] = y[i]! - interpolate(lineX, lineY, x[i]!);
    side[i] = below[i]! > 0 ? 1 : -1;
  }
  RINGS.forEach((name, r) => {
    for (let k = 0; k < 11; k++) {
      for (const [lip, sign] of [
        [UPPER_LIP, -1],
        [LOWER_LIP, 1],
      ] as const) {
        side[lip[name][k]!] = sign;
        ring[lip[name][k]!] = r;
      }
    }
  });
  const chin = below[152]!;
  const halfFace = face.faceWidth / 2;
  for (let i = 0; i < SURFACE_COUNT; i++) {
    const across = clamp(Math.abs(face.x[i]! - face.centreX) / halfFace, 0, 1);
    const corner = CORNER_DROP * Math.exp(-(((Math.abs(x[i]!) - 0.5) / 0.24) ** 2) - (below[i]! / 0.24) ** 2);
    const down = smoothstep(-0.05, 0.32, below[i]! / chin) * (1 - across ** 2);
    jaw[i] = ring[i]! >= 0 && side[i]! < 0 ? corner : Math.max(down, corner);
  }
  // Both lines leave the corners steeply, so that an open mouth is round there.
  RINGS.forEach((name, r) => {
    for (let k = 0; k < 11; k++) {
      const profile = Math.sin((Math.PI * k) / 10) ** (0.62 + 0.04 * r);
      jaw[LOWER_LIP[name][k]!] = CORNER_DROP + (1 - CORNER_DROP) * profile * (r === 0 ? 0.98 : 1);
      if (k > 0 && k < 10) jaw[UPPER_LIP[name][k]!] = CORNER_DROP * (1 - profile);
    }
  });
  return { x, y, below, side, ring, jaw, face };
}

function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  for (let k = 0; k + 1 < xs.length; k++) {
    if (x <= xs[k + 1]!) {
      const t = clamp((x - xs[k]!) / Math.max(1e-6, xs[k + 1]! - xs[k]!), 0, 1);
      return ys[k]! + (ys[k + 1]! - ys[k]!) * t;
    }
  }
  return ys[ys.length - 1]!;
}
