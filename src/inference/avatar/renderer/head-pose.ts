import { clamp } from './curves.js';
import { FIELD_STEP, type HeadField } from './head-field.js';

/** Share of a soft limit up to which a rotation is drawn as it was asked for. */
const LINEAR = 0.75;
/** How much a turn makes lean against a tilt of the same angle. */
const LEAN_OF_YAW = 0.35;

/**
 * Rotation of the head and breathing as a displacement of the picture: every place turns about the neck's axis with its own depth and takes
 * part as the field says; a tilted head leans the body. One smooth displacement, so nothing tears and nothing shows twice.
 */
export class HeadPose {
  readonly #field: HeadField;
  /** What is drawn now, within the limits. */
  readonly rotation = { pitch: 0, yaw: 0, roll: 0 };
  #xx = 1;
  #yy = 1;
  #xz = 0;
  #yx = 0;
  #yz = 0;
  #cosRoll = 1;
  #sinRoll = 0;
  #exhale = 0;
  #leaning = 0;
  /** Results of `look`. */
  #across = 0;
  #along = 0;
  #depth = 0;
  #round = 0;
  #sink = 0;
  #lean = 0;
  /** Results of `displace`. */
  dx = 0;
  dy = 0;

  constructor(field: HeadField) {
    this.#field = field;
  }

  /** Sets the rotation in radians with the signs of a MotionFrame and how far it has breathed out, 0…1. */
  set(pitch: number, yaw: number, roll: number, exhale: number): void {
    const { rotation } = this;
    const { limit } = this.#field;
    const bound = limit.soft ? soften : cut;
    rotation.pitch = bound(pitch, limit.pitch);
    rotation.yaw = bound(yaw, limit.yaw);
    rotation.roll = bound(roll, limit.roll);
    this.#xx = Math.cos(rotation.yaw);
    this.#yy = Math.cos(rotation.pitch);
    this.#xz = -Math.sin(rotation.yaw);
    this.#yx = -Math.sin(rotation.pitch) * this.#xz;
    this.#yz = Math.sin(rotation.pitch) * this.#xx;
    this.#cosRoll = Math.cos(rotation.roll);
    this.#sinRoll = Math.sin(rotation.roll);
    this.#exhale = clamp(exhale, 0, 1);
    this.#leaning = this.#sinRoll + LEAN_OF_YAW * Math.sin(rotation.yaw);
  }

  /** Depth of a place as the field has it, in pixels. */
  depth(x: number, y: number): number {
    this.#look(x, y);
    return this.#depth;
  }

  /** Displacement of a place at depth `z` (default: the field's), in pixels, into `dx` and `dy`. */
  displace(x: number, y: number, z?: number): void {
    this.#look(x, y);
    const f = this.#field;
    const s = this.#round;
    const rx = x - f.centreX;
    const ry = y - f.centreY;
    const rz = (z ?? this.#depth) - f.centreZ;
    const qx = (this.#xx + (1 - this.#xx) * s) * rx + this.#xz * rz;
    const qy = this.#yx * (1 - s) * rx + (this.#yy + (1 - this.#yy) * s) * ry + this.#yz * rz;
    const above = qy + f.centreY - f.tiltY;
    this.dx = this.#across * (this.#cosRoll * qx - this.#sinRoll * above - rx) + this.#leaning * this.#lean;
    this.dy = this.#along * (this.#sinRoll * qx + this.#cosRoll * above + f.tiltY - y) + this.#exhale * this.#sink;
  }

  /** The field at a place, bilinear. */
  #look(x: number, y: number): void {
    const { columns, rows, across, along, depth, round, sink, lean } = this.#field;
    const u = clamp(x / FIELD_STEP, 0, columns - 1.001);
    const v = clamp(y / FIELD_STEP, 0, rows - 1.001);
    const n = (v | 0) * columns + (u | 0);
    const fu = u - (u | 0);
    const fv = v - (v | 0);
    const g11 = fu * fv;
    const g10 = fu - g11;
    const g01 = fv - g11;
    const g00 = 1 - fu - g01;
    const below = n + columns;
    this.#across = across[n]! * g00 + across[n + 1]! * g10 + across[below]! * g01 + across[below + 1]! * g11;
    this.#along = along[n]! * g00 + along[n + 1]! * g10 + along[below]! * g01 + along[below + 1]! * g11;
    this.#depth = depth[n]! * g00 + depth[n + 1]! * g10 + depth[below]! * g01 + depth[below + 1]! * g11;
    this.#round = round[n]! * g00 + round[n + 1]! * g10 + round[below]! * g01 + round[below + 1]! * g11;
    this.#lean = lean[n]! * g00 + lean[n + 1]! * g10 + lean[below]! * g01 + lean[below + 1]! * g11;
    this.#sink = sink[n]! * g00 + sink[n + 1]! * g10 + sink[below]! * g01 + sink[below + 1]! * g11;
  }
}

function cut(value: number, limit: number): number {
  return clamp(value, -limit, limit);
}

/** The value itself up to a share of the limit, then ever less, never the limit. */
function soften(value: number, limit: number): number {
  const linear = LINEAR * limit;
  const beyond = Math.abs(value) - linear;
  if (beyond <= 0) return value;
  return Math.sign(value) * (linear + (limit - linear) * Math.tanh(beyond / (limit - linear)));
}
