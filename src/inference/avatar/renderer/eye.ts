import type { EyeIndices } from '../rig.js';
import { clamp } from './curves.js';
import { EyePlate } from './eye-plate.js';
import type { FaceGeometry } from './face-geometry.js';
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

  constructor(face: FaceGeometry, indices: EyeIndices, texture: Texture) {
    const curves = eyeCurves(face, indices);
    this.#planes = [
      new EyePlate(texture.y, texture.width * 2, texture.height * 2, 2, curves, true),
      new EyePlate(texture.u, texture.width, texture.height, 1, curves, false),
      new EyePlate(texture.v, texture.width, texture.height, 1, curves, false),
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
