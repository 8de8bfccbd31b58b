import { rotationRows } from '../landmark-table.js';
import { clamp, smoothstep } from './curves.js';
import type { FaceGeometry } from './face-geometry.js';

/** Pixels along the picture's edge that never move: a little more than a cell of the warp grid. */
const EDGE = 18;

/**
 * Small head rotations as a displacement of the picture: every place turns about the base of the neck with its depth,
 * the whole head and its hair fully, the neck, the hanging hair and the background less and less until nothing
 * moves at the shoulders and at the picture's edge. One smooth field, so nothing tears and nothing shows twice.
 */
export class HeadPose {
  /** Largest rotation that is drawn, in radians; more would need parts of the head that the portrait does not show. */
  static readonly LIMIT = 0.1;
  readonly #face: FaceGeometry;
  readonly #pivotY: number;
  readonly #pivotZ: number;
  readonly #sideZ: number;
  readonly #endZ: number;
  readonly #reach: {
    innerX: number;
    outerX: number;
    topZero: number;
    topFull: number;
    lowFull: number;
    lowZero: number;
  };
  /** What is drawn now, within the limit. */
  readonly rotation = { pitch: 0, yaw: 0, roll: 0 };
  readonly #m = new Float64Array([1, 0, 0, 0, 1, 0]);
  /** Results of `displace`. */
  dx = 0;
  dy = 0;

  constructor(face: FaceGeometry, width: number, height: number) {
    this.#face = face;
    this.#pivotY = face.chinY + 0.1 * face.faceHeight;
    this.#sideZ = (face.z[234]! + face.z[454]!) / 2;
    this.#endZ = (face.z[10]! + face.z[152]!) / 2;
    this.#pivotZ = this.#sideZ * 0.65;
    const room = Math.min(face.centreX, width - face.centreX) - EDGE;
    this.#reach = {
      innerX: Math.min(0.66 * face.faceWidth, room * 0.7),
      outerX: Math.min(1.25 * face.faceWidth, room),
      topZero: Math.max(-0.04 * height, face.foreheadY - 0.75 * face.faceHeight),
      topFull: face.foreheadY - 0.12 * face.faceHeight,
      lowFull: face.chinY - 0.05 * face.faceHeight,
      lowZero: Math.min(height - EDGE, face.chinY + 0.32 * face.faceHeight),
    };
  }

  /** Bounds outside which nothing ever moves, in pixels. */
  get bounds(): { x0: number; x1: number; y1: number } {
    const { outerX, lowZero } = this.#reach;
    return { x0: this.#face.centreX - outerX, x1: this.#face.centreX + outerX, y1: lowZero };
  }

  /** Sets the rotation in radians with the signs of a MotionFrame. */
  set(pitch: number, yaw: number, roll: number): void {
    const { rotation } = this;
    rotation.pitch = clamp(pitch, -HeadPose.LIMIT, HeadPose.LIMIT);
    rotation.yaw = clamp(yaw, -HeadPose.LIMIT, HeadPose.LIMIT);
    rotation.roll = clamp(roll, -HeadPose.LIMIT, HeadPose.LIMIT);
    rotationRows(rotation, this.#m);
  }

  /** How much of the head's motion a place takes part in, 0…1. */
  weight(x: number, y: number): number {
    const r = this.#reach;
    const across = 1 - smoothstep(r.innerX, r.outerX, Math.abs(x - this.#face.centreX));
    return across * smoothstep(r.topZero, r.topFull, y) * (1 - smoothstep(r.lowFull, r.lowZero, y));
  }

  /** Depth that stands for hair, ears and neck at a place: that of the face's outline in the same direction. */
  depth(x: number, y: number): number {
    const dx = (x - this.#face.centreX) / this.#face.faceWidth;
    const dy = (y - (this.#face.chinY + this.#face.foreheadY) / 2) / this.#face.faceHeight;
    const side = (dx * dx) / (dx * dx + dy * dy + 1e-6);
    return this.#endZ + (this.#sideZ - this.#endZ) * side;
  }

  /** Displacement of a place at depth `z`, in pixels, into `dx` and `dy`. */
  displace(x: number, y: number, z: number): void {
    const w = this.weight(x, y);
    const m = this.#m;
    const rx = x - this.#face.centreX;
    const ry = y - this.#pivotY;
    const rz = z - this.#pivotZ;
    this.dx = w * (m[0]! * rx + m[1]! * ry + m[2]! * rz - rx);
    this.dy = w * (m[3]! * rx + m[4]! * ry + m[5]! * rz - ry);
  }
}
