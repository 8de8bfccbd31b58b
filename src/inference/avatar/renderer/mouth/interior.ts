import { MOTION } from '../../motion-frame.js';
import { clamp, smoothstep } from '../curves.js';
import { JAW_DROP } from '../expression.js';
import type { FaceGeometry } from '../face-geometry.js';
import { openingOf, restShare } from '../rest-opening.js';
import { chromaOf, lumaOf } from '../texture.js';
import {
  type Arch,
  archDepth,
  FACE_WIDTH_MM,
  HINGE_DEPTH,
  JAW_FORWARD,
  JAW_SIDE,
  LOWER_ARCH,
  LOWER_CROWNS,
  OCCLUSAL_RISE,
  OVERBITE,
  PUPIL_DISTANCE_MM,
  UPPER_ARCH,
  UPPER_CROWNS,
  UPPER_EDGE,
} from './anatomy.js';
import type { MouthLight } from './light.js';
import type { SeenTeeth } from './seen-teeth.js';
import { Tongue, type TonguePosture } from './tongue.js';
import { paintToothRow, type ToothRow } from './tooth-row.js';

/** Studio-range black. */
const BLACK = 16;
/** Share of the light on teeth in full shade that comes from the red around them. */
const BOUNCE = 0.45;
/** Palate and cheeks behind the teeth in full light, and how deep they are, in mm. */
const LINING: readonly [number, number, number] = [112, 62, 58];
const LINING_DEPTH = 27;
/** The throat's dark: half its width and height in mm. */
const THROAT_WIDTH = 13;
const THROAT_HEIGHT = 10;
/** A tongue lies level and so in more of the light from above than its slope towards the viewer says. */
const TONGUE_LIGHT = 1.3;
/** Samples of a tooth row to a pixel. */
const DENSITY = 1.6;

/** How the head shows the mouth: turn and nod in radians, beyond those of the portrait. */
export interface View {
  yaw: number;
  pitch: number;
}

/**
 * What is between the lips: two rows of teeth with their gums on arches, and a tongue, each where head, jaw and tongue take it, seen along the
 * line of sight of every pixel and lit less the deeper it lies.
 */
export class Interior {
  /** Pixels a millimetre. */
  readonly mm: number;
  readonly #mouthWidth: number;
  readonly #upper: ToothRow;
  readonly #lower: ToothRow;
  readonly #tongue: Tongue;
  readonly #tongueLuma: number;
  readonly #tongueChroma: readonly [number, number];
  readonly #lining: { y: number; u: number; v: number };
  readonly #posture: TonguePosture = { tip: 0, out: 0, body: 0, drop: 0, lowerEdge: 0, upperEdge: 0, side: 0 };
  readonly #baseYaw: number;
  readonly #upperEdge: number;
  /** How far the jaw is open in the portrait. */
  readonly #restDrop: number;
  readonly #seen: SeenTeeth | undefined;
  /** Of this frame. */
  #sx = 0;
  #sy = 0;
  #drop = 0;
  #lowerEdge = 0;
  #lowerBack = 0;
  #side = 0;
  #fade = 1;
  #deep = 0;
  #throatY = 0;
  #z0 = 0;
  /** Colour of the place asked for last. */
  y = 0;
  u = 0;
  v = 0;
  /** Share of it that is the portrait's own and carries its own shadows. */
  photographed = 0;

  /** `seen`: what the portrait shows of the teeth. */
  constructor(face: FaceGeometry, light: MouthLight, seen?: SeenTeeth) {
    this.#seen = seen;
    this.mm = pixelsPerMillimetre(face);
    this.#mouthWidth = face.mouth.width;
    const scale = this.mm * DENSITY;
    this.#upper = paintToothRow(UPPER_CROWNS, UPPER_ARCH, -1, light, scale);
    this.#lower = paintToothRow(LOWER_CROWNS, LOWER_ARCH, 1, light, scale);
    this.#tongue = new Tongue(light);
    this.#tongueLuma = TONGUE_LIGHT * (lumaOf(...light.tongue) - BLACK);
    this.#tongueChroma = chromaOf(...light.tongue);
    const [u, v] = chromaOf(...LINING);
    this.#lining = { y: light.exposure * (lumaOf(...LINING) - BLACK), u, v };
    this.#baseYaw = Math.atan2(face.z[454]! - face.z[234]!, face.x[454]! - face.x[234]!);
    this.#upperEdge = seen === undefined ? UPPER_EDGE : seen.edge / this.mm;
    this.#restDrop = seen === undefined ? 0 : seen.dark / this.mm;
  }

  /** Takes jaw, tongue and head into their places. `gap`: the largest distance between the lips in pixels. */
  set(motion: Float32Array, view: View, gap: number): void {
    const yaw = this.#baseYaw + view.yaw;
    this.#sx = -Math.sin(yaw);
    this.#sy = Math.sin(view.pitch) * Math.cos(yaw);
    const jaw = Math.max(0, motion[MOTION.jawOpen]!);
    const more = (jaw * JAW_DROP * this.#mouthWidth) / this.mm;
    this.#drop = openingOf(this.#restDrop, more, restShare(motion));
    this.#side = JAW_SIDE * (motion[MOTION.jawLeft]! - motion[MOTION.jawRight]!);
    this.#lowerEdge = this.#upperEdge - OVERBITE + this.#drop;
    this.#lowerBack = 0.25 * this.#drop - JAW_FORWARD * motion[MOTION.jawForward]!;
    const rounded = clamp(motion[MOTION.mouthPucker]! + 0.5 * motion[MOTION.mouthFunnel]!, 0, 1);
    // Lips that are put forward leave everything farther behind.
    this.#z0 = 4 * rounded;
    this.#fade = 6.5 + 0.65 * (gap / this.mm);
    this.#deep = this.#light(LINING_DEPTH);
    this.#throatY = this.#upperEdge + 0.4 * this.#drop;
    const tongue = clamp(2 * motion[MOTION.tongueOut]!, 0, 1);
    const posture = this.#posture;
    posture.tip = smoothstep(0.08, 0.55, tongue);
    posture.out = smoothstep(0.62, 0.75, tongue);
    posture.body = clamp(motion[MOTION.mouthStretchLeft]! + motion[MOTION.mouthStretchRight]!, 0, 1);
    posture.drop = this.#drop;
    posture.lowerEdge = this.#lowerEdge;
    posture.upperEdge = this.#upperEdge;
    posture.side = this.#side;
    this.#tongue.set(posture);
  }

  /** Colour of a place in the mouth's frame, in pixels from its middle, into `y`, `u`, `v`. */
  look(lx: number, ly: number): void {
    const x = lx / this.mm;
    const y = ly / this.mm;
    const aside = x / THROAT_WIDTH;
    const aloft = (y - this.#throatY) / THROAT_HEIGHT;
    this.y = BLACK + this.#lining.y * this.#deep * (1 - 0.8 / (1 + (aside * aside + aloft * aloft) ** 2));
    this.u = this.#lining.u;
    this.v = this.#lining.v;
    const tongue = this.#tongue;
    tongue.look(x, y, this.#sx, this.#sy, 1.2 / this.mm);
    const lowerFirst = tongue.coverage > 0 && tongue.z < LOWER_ARCH.front + 1.5 + this.#lowerBack;
    if (lowerFirst) this.#lowerTeeth(x, y);
    if (tongue.coverage > 0) {
      const light = this.#light(tongue.z);
      const luma = BLACK + (this.#tongueLuma * tongue.lit + 0.86 * tongue.wet) * light;
      const colour = 0.35 + 0.65 * tongue.lit * light;
      const [u, v] = this.#tongueChroma;
      this.#over(luma, 128 + (u - 128) * colour, 128 + (v - 128) * colour, tongue.coverage);
    }
    if (!lowerFirst) this.#lowerTeeth(x, y);
    this.#upperTeeth(x, y);
    // What lies in the dark has little colour.
    const colour = clamp((this.y - BLACK) / 40, 0.3, 1);
    this.u = 128 + (this.u - 128) * colour;
    this.v = 128 + (this.v - 128) * colour;
    this.photographed = 0;
    const seen = this.#seen;
    if (seen === undefined) return;
    seen.look(lx, ly);
    if (seen.coverage <= 0) return;
    this.photographed = seen.coverage;
    this.#over(seen.y, seen.u, seen.v, seen.coverage);
  }

  #upperTeeth(x: number, y: number): void {
    const px = this.#unturned(x, UPPER_ARCH, 0);
    const z = archDepth(UPPER_ARCH, px);
    const edge = this.#upperEdge - OCCLUSAL_RISE * (z - UPPER_ARCH.front);
    this.#row(this.#upper, px, edge - (y - this.#sy * z), this.#light(z));
  }

  #lowerTeeth(x: number, y: number): void {
    const px = this.#unturned(x - this.#side, LOWER_ARCH, this.#lowerBack);
    const behind = archDepth(LOWER_ARCH, px) - LOWER_ARCH.front;
    const z = LOWER_ARCH.front + behind + this.#lowerBack;
    const edge = this.#lowerEdge - (OCCLUSAL_RISE + this.#drop / HINGE_DEPTH) * behind;
    this.#row(this.#lower, px, y - this.#sy * z - edge, 0.9 * this.#light(z));
  }

  /** Where on a turned arch a line of sight meets it: x in the arch's own frame. */
  #unturned(x: number, arch: Arch, back: number): number {
    const first = x - this.#sx * (archDepth(arch, x) + back);
    return x - this.#sx * (archDepth(arch, first) + back);
  }

  /** Light that comes through the opening of the lips to a depth of `z`. */
  #light(z: number): number {
    const deep = Math.max(0, z + this.#z0) / this.#fade;
    return 1 / (1 + 0.55 * deep * deep);
  }

  #over(luma: number, u: number, v: number, alpha: number): void {
    this.y += (luma - this.y) * alpha;
    this.u += (u - this.u) * alpha;
    this.v += (v - this.v) * alpha;
  }

  #row(row: ToothRow, x: number, up: number, light: number): void {
    const px = x * row.scale + row.width / 2 - 0.5;
    const py = (up + row.margin) * row.scale - 0.5;
    if (px < 0 || py < 0 || px >= row.width - 1 || py >= row.height - 1) return;
    const ix = px | 0;
    const iy = py | 0;
    const fx = px - ix;
    const fy = py - iy;
    const at = iy * row.width + ix;
    const below = at + row.width;
    const g11 = fx * fy;
    const g10 = fx - g11;
    const g01 = fy - g11;
    const g00 = 1 - fx - g01;
    const { alpha } = row;
    const a = (alpha[at]! * g00 + alpha[at + 1]! * g10 + alpha[below]! * g01 + alpha[below + 1]! * g11) / 255;
    if (a <= 0) return;
    const luma = row.y[at]! * g00 + row.y[at + 1]! * g10 + row.y[below]! * g01 + row.y[below + 1]! * g11 - BLACK;
    const u = this.#lining.u + (row.u[at]! - this.#lining.u) * (1 - BOUNCE + BOUNCE * light);
    const v = this.#lining.v + (row.v[at]! - this.#lining.v) * (1 - BOUNCE + BOUNCE * light);
    const colour = 0.65 + 0.35 * light;
    this.#over(BLACK + luma * light, 128 + (u - 128) * colour, 128 + (v - 128) * colour, a);
  }
}

/** From three measures of the face, none of which is the same in everybody. */
function pixelsPerMillimetre(face: FaceGeometry): number {
  const pupils = Math.hypot(face.x[473]! - face.x[468]!, face.y[473]! - face.y[468]!);
  return 0.5 * (pupils / PUPIL_DISTANCE_MM) + 0.5 * (face.faceWidth / FACE_WIDTH_MM);
}
