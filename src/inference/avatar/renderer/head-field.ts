import type { GreyImage } from '../png.js';
import { FACE_OVAL, SURFACE_COUNT } from '../rig.js';
import { smoothstep } from './curves.js';
import type { FaceGeometry } from './face-geometry.js';
import { type Fit, resampleGrey } from './texture.js';

/** Distance of the field's nodes in output pixels. */
export const FIELD_STEP = 8;
/** Pixels along the picture's edge that never move: a little more than a cell of the warp grid. */
const EDGE = 18;
/** How far shoulders sink with a breath, relative to the face's height: about 3 mm of a grown person. */
const BREATH = 0.013;
/** Beyond this depth, in face widths, the cheeks' slope is taken back: a photo shows too little of it to be turned wholly. */
const STEEP_FROM = 0.22;
const STEEP_SLOPE = 0.55;
/** The neck's axis behind the front of the ears, in face widths: 1 to 1.5 cm of a grown person. */
const AXIS_BEHIND_EARS = 0.09;
/** Whoever tilts the head leans a little to that side: face widths that the neck's base goes for a radian. */
const LEAN = 0.3;
const DIFFUSION_PASSES = 400;

/**
 * How each place of a portrait takes part in the motion of the head. Node (i, j) of every grid is the place (8·i, 8·j) in output pixels.
 */
export interface HeadField {
  columns: number;
  rows: number;
  /** Share of the head's rotation, 0…1, that shows across the picture and along its height. */
  across: Float32Array;
  along: Float32Array;
  /** Depth in pixels, as the landmarks' z: nearer is smaller. */
  depth: Float32Array;
  /** 1 where the outline of a round head is: turning it shows other parts of it, but does not make it narrower. */
  round: Float32Array;
  /** How far a breath that is all out lets the place sink, in pixels. */
  sink: Float32Array;
  /** How far the body's lean to a side carries the place, in pixels for a radian of the head's tilt. */
  lean: Float32Array;
  /** Centre of the nodding and turning of the head. */
  centreX: number;
  centreY: number;
  centreZ: number;
  /** Height about which it tilts. */
  tiltY: number;
  /** Largest rotations in radians; `soft`: approached smoothly. */
  limit: { pitch: number; yaw: number; roll: number; soft: boolean };
}

/** Depth of a surface point as it is turned. */
export function turnedDepth(z: number, face: FaceGeometry): number {
  const from = STEEP_FROM * face.faceWidth;
  return z <= from ? z : from + (z - from) * STEEP_SLOPE;
}

function grid(width: number, height: number) {
  const columns = Math.ceil(width / FIELD_STEP) + 1;
  const rows = Math.ceil(height / FIELD_STEP) + 1;
  const make = (at: (x: number, y: number, n: number) => number) =>
    Float32Array.from({ length: columns * rows }, (_, n) =>
      at((n % columns) * FIELD_STEP, Math.floor(n / columns) * FIELD_STEP, n),
    );
  return { columns, rows, make };
}

function sinkOf(face: FaceGeometry, height: number) {
  const top = face.chinY + 0.19 * face.faceHeight;
  const full = Math.max(top + 1, Math.min(height, face.chinY + 0.5 * face.faceHeight));
  return (y: number) => BREATH * face.faceHeight * smoothstep(top, full, y);
}

/**
 * For a portrait that is one picture with its background: the whole head and its hair move, hanging hair and background less and less until
 * nothing moves at the picture's edge. Small rotations only: what is behind the head moves too.
 */
export function flatField(face: FaceGeometry, width: number, height: number): HeadField {
  const { columns, rows, make } = grid(width, height);
  const room = Math.min(face.centreX, width - face.centreX) - EDGE;
  const innerX = Math.min(0.66 * face.faceWidth, room * 0.7);
  const outerX = Math.min(1.25 * face.faceWidth, room);
  const topZero = Math.max(-0.04 * height, face.foreheadY - 0.75 * face.faceHeight);
  const topFull = face.foreheadY - 0.12 * face.faceHeight;
  const lowFull = face.chinY - 0.05 * face.faceHeight;
  const lowZero = Math.min(height - EDGE, face.chinY + 0.32 * face.faceHeight);
  const sideZ = (face.z[234]! + face.z[454]!) / 2;
  const endZ = (face.z[10]! + face.z[152]!) / 2;
  const middleY = (face.chinY + face.foreheadY) / 2;
  const pivotY = face.chinY + 0.1 * face.faceHeight;
  const weight = make((x, y) => {
    const across = 1 - smoothstep(innerX, outerX, Math.abs(x - face.centreX));
    return across * smoothstep(topZero, topFull, y) * (1 - smoothstep(lowFull, lowZero, y));
  });
  return {
    columns,
    rows,
    across: weight,
    along: weight,
    // Hair, ears and neck stand as deep as the face's outline in the same direction.
    depth: make((x, y) => {
      const dx = (x - face.centreX) / face.faceWidth;
      const dy = (y - middleY) / face.faceHeight;
      return endZ + (sideZ - endZ) * ((dx * dx) / (dx * dx + dy * dy + 1e-6));
    }),
    round: make(() => 0),
    sink: make((_, y) => sinkOf(face, height)(y)),
    lean: make(() => 0),
    centreX: face.centreX,
    centreY: pivotY,
    centreZ: sideZ * 0.65,
    tiltY: pivotY,
    limit: { pitch: 0.1, yaw: 0.1, roll: 0.1, soft: false },
  };
}

/**
 * For a person cut out of the background. Depth is the mesh's on the face, the neck's axis on the head's outline and beyond it, a
 * cylinder on the neck, and the smoothest surface that joins them in between. The neck follows less and less towards the collar, and hair
 * that hangs beside it with it; shoulders rest. Where the picture's edge cuts the person off, nothing moves away from that edge: what would come into view
 * is not known.
 */
export function layeredField(
  face: FaceGeometry,
  triangles: Uint16Array,
  matte: GreyImage,
  fit: Fit,
  width: number,
  height: number,
): HeadField {
  const { columns, rows, make } = grid(width, height);
  const { faceWidth, faceHeight, centreX, chinY } = face;
  const sides = turnedDepth((face.z[234]! + face.z[454]!) / 2, face);
  const centreZ = sides + AXIS_BEHIND_EARS * faceWidth;
  const cover = resampleGrey(matte, fit, width, height);
  const covered = make((x, y) => {
    const [column, row] = [Math.min(width - 1, x), Math.min(height - 1, y)];
    return cover[row * width + column]! / 255;
  });
  const faceDepth = meshDepth(face, triangles, columns, rows);
  const neckY = chinY + 0.3 * faceHeight;
  const neckRadius = 0.36 * faceWidth;
  const fixedDepth = make((x, y, n) => {
    if (!Number.isNaN(faceDepth[n]!)) return faceDepth[n]!;
    if (covered[n]! < 0.5) return centreZ;
    const across = (x - centreX) / neckRadius;
    if (y >= neckY) return centreZ - 0.3 * faceWidth * Math.sqrt(Math.max(0, 1 - across * across));
    return Number.NaN;
  });
  const fixedRound = make((_, y, n) => {
    if (!Number.isNaN(faceDepth[n]!)) return 0;
    if (y >= neckY) return 0;
    return covered[n]! < 0.5 ? 1 : Number.NaN;
  });
  const lowFull = chinY - 0.06 * faceHeight;
  const lowZero = Math.min(height - EDGE, chinY + 0.44 * faceHeight);
  const cut = cutOff(covered, columns, rows, lowFull);
  const reach = 0.5 * faceHeight;
  const fromTop = freedom(cut.top, columns, rows, reach);
  const fromSides = freedom(cut.sides, columns, rows, reach);
  const weight = make((x, y) => {
    const low = smoothstep(chinY - 0.3 * faceHeight, chinY + 0.05 * faceHeight, y);
    const across = 1 - low * smoothstep(0.55 * faceWidth, 1.2 * faceWidth, Math.abs(x - centreX));
    return across * (1 - smoothstep(lowFull, lowZero, y));
  });
  return {
    columns,
    rows,
    across: weight.map((w, n) => w * fromSides[n]!),
    along: weight.map((w, n) => w * fromTop[n]!),
    depth: diffuse(fixedDepth, columns, rows, centreZ),
    round: diffuse(fixedRound, columns, rows, 0),
    sink: make((_, y) => sinkOf(face, height)(y)),
    lean: make((x, y, n) => {
      const up = smoothstep(height - EDGE, chinY - 0.1 * faceHeight, y);
      return LEAN * faceWidth * up * smoothstep(0, 0.2 * faceWidth, Math.min(x, width - x)) * fromSides[n]!;
    }),
    centreX,
    centreY: (face.chinY + face.foreheadY) / 2,
    centreZ,
    tiltY: chinY + 0.12 * faceHeight,
    limit: { pitch: 0.22, yaw: 0.32, roll: 0.22, soft: true },
  };
}

/** Depth of the face's surface at every node that lies on it, NaN at the others. */
function meshDepth(face: FaceGeometry, triangles: Uint16Array, columns: number, rows: number): Float32Array {
  const out = new Float32Array(columns * rows).fill(Number.NaN);
  const { x, y, z } = face;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    if (a >= SURFACE_COUNT || b >= SURFACE_COUNT || c >= SURFACE_COUNT) continue;
    const area = (x[b]! - x[a]!) * (y[c]! - y[a]!) - (x[c]! - x[a]!) * (y[b]! - y[a]!);
    if (Math.abs(area) < 1e-3) continue;
    const low = (v: Float32Array) => Math.ceil(Math.min(v[a]!, v[b]!, v[c]!) / FIELD_STEP);
    const high = (v: Float32Array) => Math.floor(Math.max(v[a]!, v[b]!, v[c]!) / FIELD_STEP);
    for (let j = Math.max(0, low(y)); j <= Math.min(rows - 1, high(y)); j++) {
      for (let i = Math.max(0, low(x)); i <= Math.min(columns - 1, high(x)); i++) {
        const [px, py] = [i * FIELD_STEP, j * FIELD_STEP];
        const wb = ((px - x[a]!) * (y[c]! - y[a]!) - (x[c]! - x[a]!) * (py - y[a]!)) / area;
        const wc = ((x[b]! - x[a]!) * (py - y[a]!) - (px - x[a]!) * (y[b]! - y[a]!)) / area;
        if (wb < 0 || wc < 0 || wb + wc > 1) continue;
        out[j * columns + i] = turnedDepth(z[a]! * (1 - wb - wc) + z[b]! * wb + z[c]! * wc, face);
      }
    }
  }
  // Nodes next to the outline would else be left to the smooth surface, and a cheek would end before its edge.
  for (const i of FACE_OVAL) {
    const at = Math.round(y[i]! / FIELD_STEP) * columns + Math.round(x[i]! / FIELD_STEP);
    if (at >= 0 && at < out.length && Number.isNaN(out[at]!)) out[at] = turnedDepth(z[i]!, face);
  }
  return out;
}

/** Fills what is NaN with the solution of Laplace's equation between the others (successive over-relaxation), `start` first. */
function diffuse(fixed: Float32Array, columns: number, rows: number, start: number): Float32Array {
  const out = fixed.map((value) => (Number.isNaN(value) ? start : value));
  for (let pass = 0; pass < DIFFUSION_PASSES; pass++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) {
        const n = j * columns + i;
        if (!Number.isNaN(fixed[n]!)) continue;
        const left = out[i > 0 ? n - 1 : n + 1]!;
        const right = out[i < columns - 1 ? n + 1 : n - 1]!;
        const above = out[j > 0 ? n - columns : n + columns]!;
        const below = out[j < rows - 1 ? n + columns : n - columns]!;
        out[n] = out[n]! + 1.8 * ((left + right + above + below) / 4 - out[n]!);
      }
    }
  }
  return out;
}

/** Nodes at the picture's upper edge, and at its sides above `lowY`, where the edge cuts the person off. */
function cutOff(covered: Float32Array, columns: number, rows: number, lowY: number) {
  const top: number[] = [];
  const sides: number[] = [];
  for (let i = 0; i < columns; i++) if (covered[i]! > 0.1) top.push(i);
  for (let j = 0; j < rows && j * FIELD_STEP < lowY; j++) {
    for (const n of [j * columns, (j + 1) * columns - 1]) if (covered[n]! > 0.1) sides.push(n);
  }
  return { top, sides };
}

/** 0 at the nodes given, rising to 1 at `reach` pixels from them. */
function freedom(from: readonly number[], columns: number, rows: number, reach: number): Float32Array {
  return Float32Array.from({ length: columns * rows }, (_, n) => {
    let nearest = reach;
    for (const m of from) {
      const distance = Math.hypot((n % columns) - (m % columns), Math.floor(n / columns) - Math.floor(m / columns));
      nearest = Math.min(nearest, distance * FIELD_STEP);
    }
    return smoothstep(0, reach, nearest);
  });
}
