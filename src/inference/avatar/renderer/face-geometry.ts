import { CHIN, FOREHEAD, LANDMARK_COUNT, LOWER_LIP, type Rig, SURFACE_COUNT, UPPER_LIP } from '../rig.js';
import type { Fit } from './texture.js';
import { unfoldOutline } from './unfold.js';

/** The landmarks in output pixels (z too; nearer is smaller), the outline unfolded (see `unfoldOutline`), with the measures that everything else is scaled by. */
export interface FaceGeometry {
  x: Float32Array;
  y: Float32Array;
  z: Float32Array;
  /** Between the sides of the face, at the height of the ears' front. */
  faceWidth: number;
  /** From the hairline point to the chin. */
  faceHeight: number;
  centreX: number;
  chinY: number;
  foreheadY: number;
  mouth: MouthFrame;
}

/** A frame at the middle of the closed lips: x along the mouth, y down, in mouth widths. */
export interface MouthFrame {
  centreX: number;
  centreY: number;
  /** Corner to corner in pixels. */
  width: number;
  cos: number;
  sin: number;
}

const SIDE_RIGHT = 234;
const SIDE_LEFT = 454;

export function measureFace(rig: Rig, fit: Fit): FaceGeometry {
  const x = new Float32Array(LANDMARK_COUNT);
  const y = new Float32Array(LANDMARK_COUNT);
  const z = new Float32Array(LANDMARK_COUNT);
  for (let i = 0; i < LANDMARK_COUNT; i++) {
    x[i] = rig.landmarks[i * 3]! * fit.scaleX + fit.offsetX;
    y[i] = rig.landmarks[i * 3 + 1]! * fit.scaleY + fit.offsetY;
    z[i] = rig.landmarks[i * 3 + 2]! * fit.scaleX;
  }
  const right = UPPER_LIP.outer[0];
  const left = UPPER_LIP.outer[10];
  const width = Math.hypot(x[left]! - x[right]!, y[left]! - y[right]!);
  const [up, low] = [UPPER_LIP.inner[5], LOWER_LIP.inner[5]];
  const faceWidth = Math.hypot(x[SIDE_LEFT]! - x[SIDE_RIGHT]!, y[SIDE_LEFT]! - y[SIDE_RIGHT]!);
  unfoldOutline(x, y, rig.triangles, faceWidth);
  return {
    x,
    y,
    z,
    faceWidth,
    faceHeight: Math.hypot(x[CHIN]! - x[FOREHEAD]!, y[CHIN]! - y[FOREHEAD]!),
    centreX: (x[SIDE_LEFT]! + x[SIDE_RIGHT]!) / 2,
    chinY: y[CHIN]!,
    foreheadY: y[FOREHEAD]!,
    mouth: {
      centreX: (x[up]! + x[low]!) / 2,
      centreY: (y[up]! + y[low]!) / 2,
      width,
      cos: (x[left]! - x[right]!) / width,
      sin: (y[left]! - y[right]!) / width,
    },
  };
}

/** The surface points in the mouth's frame. */
export function toMouthFrame(face: FaceGeometry): { x: Float32Array; y: Float32Array } {
  const { centreX, centreY, width, cos, sin } = face.mouth;
  const x = new Float32Array(SURFACE_COUNT);
  const y = new Float32Array(SURFACE_COUNT);
  for (let i = 0; i < SURFACE_COUNT; i++) {
    const dx = face.x[i]! - centreX;
    const dy = face.y[i]! - centreY;
    x[i] = (dx * cos + dy * sin) / width;
    y[i] = (dy * cos - dx * sin) / width;
  }
  return { x, y };
}
