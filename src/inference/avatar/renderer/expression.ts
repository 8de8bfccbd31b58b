import { BLENDSHAPES, type Blendshape, MOTION } from '../motion-frame.js';
import { LEFT_EYE, LOWER_LIP, RIGHT_EYE, SURFACE_COUNT, UPPER_LIP } from '../rig.js';
import { clamp, smoothstep } from './curves.js';
import { type FaceGeometry, toMouthFrame } from './face-geometry.js';

/** How far the lower lip's middle falls for `jawOpen` 1, in mouth widths. */
export const JAW_DROP = 0.55;
/** Share of that fall that the corners of the mouth take part in. */
const CORNER_DROP = 0.36;

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

const RINGS = ['inner', 'innerMiddle', 'middle', 'outer'] as const;

/** One blendshape as displacements of the surface in pixels. */
interface Shape {
  channel: number;
  dx: Float32Array;
  dy: Float32Array;
}

/** The displacement of one surface point in mouth widths (mouth's frame) for a coefficient of 1. */
export type ShapeFunction = (i: number, s: Surface) => readonly [number, number];

/** Moves the face's surface by blendshape coefficients. */
export class Expression {
  readonly #shapes: Shape[] = [];
  readonly #restGap: Float32Array;
  readonly #face: FaceGeometry;

  constructor(face: FaceGeometry, shapes: Partial<Record<Blendshape, ShapeFunction>>) {
    this.#face = face;
    const surface = describeSurface(face);
    const { width, cos, sin } = face.mouth;
    for (const name of BLENDSHAPES) {
      const shape = shapes[name];
      if (shape === undefined) continue;
      const dx = new Float32Array(SURFACE_COUNT);
      const dy = new Float32Array(SURFACE_COUNT);
      for (let i = 0; i < SURFACE_COUNT; i++) {
        const [mx, my] = shape(i, surface);
        dx[i] = (mx * cos - my * sin) * width;
        dy[i] = (mx * sin + my * cos) * width;
      }
      this.#shapes.push({ channel: MOTION[name], dx, dy });
    }
    this.#restGap = Float32Array.from(UPPER_LIP.inner, (up, k) =>
      Math.max(0, face.y[LOWER_LIP.inner[k]!]! - face.y[up]!),
    );
  }

  /** Writes the displaced surface to the first `SURFACE_COUNT` values of `outX` and `outY`. */
  apply(motion: Float32Array, outX: Float32Array, outY: Float32Array): void {
    const { x, y } = this.#face;
    for (let i = 0; i < SURFACE_COUNT; i++) {
      outX[i] = x[i]!;
      outY[i] = y[i]!;
    }
    for (const shape of this.#shapes) {
      const value = motion[shape.channel]!;
      if (value < 1e-4) continue;
      for (let i = 0; i < SURFACE_COUNT; i++) {
        outX[i] = outX[i]! + value * shape.dx[i]!;
        outY[i] = outY[i]! + value * shape.dy[i]!;
      }
    }
    this.#seal(clamp(motion[MOTION.mouthPressLeft]! + motion[MOTION.mouthPressRight]!, 0, 1), outY);
  }

  /** Closes what the portrait's own lips leave open, and never lets the lips cross. */
  #seal(press: number, outY: Float32Array): void {
    for (let k = 1; k < 10; k++) {
      const close = (press * this.#restGap[k]!) / 2;
      for (const ring of RINGS) {
        const share = ring === 'inner' ? 1 : ring === 'innerMiddle' ? 0.9 : ring === 'middle' ? 0.7 : 0.4;
        const up = UPPER_LIP[ring][k]!;
        const low = LOWER_LIP[ring][k]!;
        outY[up] = outY[up]! + close * share;
        outY[low] = outY[low]! - close * share;
      }
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
  RINGS.forEach((name, r) => {
    LOWER_LIP[name].forEach((i, k) => {
      jaw[i] =
        CORNER_DROP + (1 - CORNER_DROP) * Math.sin((Math.PI * k) / 10) ** (0.74 + 0.02 * r) * (r === 0 ? 0.98 : 1);
    });
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

/** Middle of an eyebrow third in face pixels: `third` 0 is the outer end, 1 the inner. */
export function browPoint(face: FaceGeometry, left: boolean, inner: boolean): { x: number; y: number } {
  const eye = left ? LEFT_EYE : RIGHT_EYE;
  const at = inner === left ? [0, 1] : [3, 4];
  const points = at.flatMap((k) => [eye.browLower[k]!, eye.browUpper[k]!]);
  return {
    x: points.reduce((sum, i) => sum + face.x[i]! / points.length, 0),
    y: points.reduce((sum, i) => sum + face.y[i]! / points.length, 0),
  };
}
