import type { EyeIndices } from '../rig.js';
import { clamp, traceCurve } from './curves.js';
import { EyePlate } from './eye-plate.js';
import type { FaceGeometry } from './face-geometry.js';
import { lashLineOf } from './lashes.js';
import { lidAnchors } from './lid-skin.js';
import { type EyeStages, openLids } from './plate-lids.js';
import type { Texture } from './texture.js';

/** What one eye does, in the picture's directions (right, down). */
export interface EyeState {
  /** 0 open … 1 closed. */
  lid: number;
  /** How far the iris is from where the portrait has it, in iris radii. */
  x: number;
  y: number;
  /** How far the mesh moves the middle of the upper and the lower lid, in output pixels. */
  upperY: number;
  lowerY: number;
}

/** Iris radii: farther, the white of the eye that the portrait shows would not suffice. */
const FARTHEST = 1;

/**
 * One eye, painted into the texture itself (so that head and brows move it with the skin): the lid comes down as
 * real lid skin with its own lash line, and the iris turns inside the opening.
 */
export class Eye {
  readonly #planes: EyePlate[];
  readonly #painted: EyeState = { lid: 0, x: 0, y: 0, upperY: 0, lowerY: 0 };

  constructor(face: FaceGeometry, indices: EyeIndices, texture: Texture, plates?: EyeStages) {
    const { width, height } = texture;
    const found = eyeCurves(face, indices);
    const plain = plates === undefined ? found : alongLids(found, plates);
    const upperAt = upperLid(plain);
    const anchors = lidAnchors(texture, plain, upperAt);
    const curves: AnchoredCurves = { ...plain, anchorX: anchors.x, anchorY: anchors.y };
    const lashes = lashLineOf(texture, plain, upperAt);
    const fine = { width: 2 * width, height: 2 * height, scale: 2 };
    const coarse = { width, height, scale: 1 };
    this.#planes = [
      new EyePlate({ data: texture.y, channel: 'y', ...fine }, curves, lashes, plates),
      new EyePlate({ data: texture.u, channel: 'u', ...coarse }, curves, lashes, plates),
      new EyePlate({ data: texture.v, channel: 'v', ...coarse }, curves, lashes, plates),
    ];
  }

  /** Repaints only when something changed. */
  paint(state: Readonly<EyeState>): void {
    const now = this.#painted;
    const lid = clamp(state.lid, 0, 1);
    // Steps that cannot be seen are not worth painting.
    const x = Math.round(clamp(state.x, -FARTHEST, FARTHEST) * 64) / 64;
    const y = Math.round(clamp(state.y, -FARTHEST, FARTHEST) * 64) / 64;
    const upperY = Math.round(state.upperY * 16) / 16;
    const lowerY = Math.round(state.lowerY * 16) / 16;
    const same = x === now.x && y === now.y && upperY === now.upperY && lowerY === now.lowerY;
    if (same && Math.abs(lid - now.lid) < 1e-3) return;
    now.lid = lid;
    now.x = x;
    now.y = y;
    now.upperY = upperY;
    now.lowerY = lowerY;
    for (const plane of this.#planes) plane.paint(now);
  }
}

/** The eye's outline in output pixels, as functions of the picture's x. */
export interface EyeCurves {
  x0: number;
  x1: number;
  width: number;
  upperX: Float32Array;
  upperY: Float32Array;
  lowerX: Float32Array;
  lowerY: Float32Array;
  irisX: number;
  irisY: number;
  irisRadius: number;
  /** Height of the skin between lid and brow. */
  lidRoom: number;
}

/** Curves of an eye with where the skin above it begins to move with the lid. */
export interface AnchoredCurves extends EyeCurves {
  anchorX: Float32Array;
  anchorY: Float32Array;
}

function upperLid({ upperX, upperY }: EyeCurves): (x: number) => number {
  const one = new Float32Array(1);
  return (x) => {
    traceCurve(upperX, upperY, x, 1, one);
    return one[0]!;
  };
}

function eyeCurves(face: FaceGeometry, indices: EyeIndices): EyeCurves {
  const pick = (list: readonly number[], from: Float32Array) => Float32Array.from(list, (i) => from[i]!);
  const upperX = pick(indices.upper, face.x);
  const upperY = pick(indices.upper, face.y);
  const { iris } = indices;
  const x0 = upperX[0]!;
  const x1 = upperX[upperX.length - 1]!;
  let radius = 0;
  for (const k of [1, 3])
    radius += Math.hypot(face.x[iris + k]! - face.x[iris]!, face.y[iris + k]! - face.y[iris]!) / 2;
  const browY = Math.max(...indices.browLower.slice(1, 4).map((i) => face.y[i]!));
  return {
    x0,
    x1,
    width: x1 - x0,
    upperX,
    upperY,
    lowerX: pick(indices.lower, face.x),
    lowerY: pick(indices.lower, face.y),
    irisX: face.x[iris]!,
    irisY: face.y[iris]!,
    irisRadius: radius,
    lidRoom: clamp(Math.min(...upperY) - browY, 0.15 * (x1 - x0), 0.6 * (x1 - x0)),
  };
}

/** The same eye along the lids that the model has. */
function alongLids(c: EyeCurves, { rest }: EyeStages): EyeCurves {
  const [y0, y1] = [c.upperY[0]!, c.upperY.at(-1)!];
  const { upper, lower } = openLids(rest, { x0: c.x0, y0, x1: c.x1, y1 });
  const [x0, x1] = [upper.x[0]!, upper.x.at(-1)!];
  return {
    ...c,
    x0,
    x1,
    width: x1 - x0,
    upperX: upper.x,
    upperY: upper.y,
    lowerX: lower.x,
    lowerY: lower.y,
  };
}
