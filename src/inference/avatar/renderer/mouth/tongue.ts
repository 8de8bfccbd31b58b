import { clamp, smoothstep } from '../curves.js';
import { HINGE_DEPTH, LOWER_ARCH } from './anatomy.js';
import type { MouthLight } from './light.js';

/** Cross-sections behind the tip, in mm: dense where the tip is round. */
const BEHIND = [0, 0.35, 1, 2.2, 4.5, 8, 13, 19, 26] as const;
const COUNT = BEHIND.length;
/** The tip's edge is this thick. */
const TIP_RADIUS = 2.6;
/** Half the width of the widest part, and how quickly the blade widens behind the tip. */
const HALF_WIDTH = 21;
const WIDENING = 5;
/** Between its sides and its middle the tongue is arched by this share of its half width, with a groove along the middle. */
const ARCHED = 0.32;
const GROOVE = 0.9;
const GROOVE_WIDTH = 2.2;

/** What the tongue does: height of the tip towards the upper teeth and its way out between the teeth, 0…1, body towards the palate, 0…1. */
export interface TonguePosture {
  tip: number;
  out: number;
  body: number;
  /** How far the lower front teeth went down, in mm, and where their edge is. */
  drop: number;
  lowerEdge: number;
  upperEdge: number;
  /** To the avatar's left, in mm. */
  side: number;
}

/**
 * The tongue as a surface that is bent every frame: cross-sections from tip to back, each arched and grooved, met by a line of sight
 * along z. Millimetres in the mouth's frame.
 */
export class Tongue {
  readonly #light: MouthLight;
  readonly #z = new Float32Array(COUNT);
  readonly #top = new Float32Array(COUNT);
  readonly #half = Float32Array.from(BEHIND, (s) => HALF_WIDTH * (1 - Math.exp(-(s + 0.9) / WIDENING)));
  #side = 0;
  /** Of the place asked for last: coverage 0…1, depth, brightness 0…1 and wet shine 0…255. */
  coverage = 0;
  z = 0;
  lit = 0;
  wet = 0;

  constructor(light: MouthLight) {
    this.#light = light;
  }

  /** Bends it for one frame. */
  set(posture: TonguePosture): void {
    const { tip, out, body, drop, lowerEdge, upperEdge, side } = posture;
    this.#side = side;
    const backEdge = lowerEdge - drop * (22 / HINGE_DEPTH);
    // At rest the tip lies against the lower front teeth just below their edge; raised it touches behind the upper ones.
    const behindTeeth = LOWER_ARCH.front + 3 + 0.25 * drop;
    const tipZ = behindTeeth - 1.5 * tip - (behindTeeth + 0.5) * out;
    const tipY = (lowerEdge + 1) * (1 - tip) + (upperEdge - 2.2) * tip;
    const y = tipY * (1 - out) + (upperEdge + 0.4) * out;
    // Its root hangs at the throat and goes down with the jaw only in part; over it the dark of the throat is seen.
    const back = backEdge - 2.8 - 0.1 * drop - 4.5 * body - 1.5 * tip;
    for (let k = 0; k < COUNT; k++) {
      const s = BEHIND[k]!;
      const round = s < TIP_RADIUS ? TIP_RADIUS * (1 - Math.sqrt(1 - (1 - s / TIP_RADIUS) ** 2)) : 0;
      this.#z[k] = tipZ + s;
      this.#top[k] = y + round + (back - y) * smoothstep(1.5, 22, s);
    }
  }

  /** What a line of sight through x, y meets; `soft`: height of a soft edge in mm. `sx`, `sy`: how far it is bent aside per mm of depth. */
  look(x: number, y: number, sx: number, sy: number, soft: number): void {
    let before = -Infinity;
    let best = -Infinity;
    let bestAt = 0;
    for (let k = 0; k < COUNT; k++) {
      const z = this.#z[k]!;
      const px = x - sx * z - this.#side;
      const half = this.#half[k]!;
      const u = px / half;
      // Beyond its sides it falls off steeply.
      const past = u * u;
      const arch = past < 1 ? Math.sqrt(1 - past) : 4 * (1 - past);
      const groove =
        px < -7 || px > 7 ? 0 : GROOVE * Math.exp(-((px / GROOVE_WIDTH) ** 2)) * clamp((BEHIND[k]! - 1) / 8, 0, 1);
      const below = y - sy * z - (this.#top[k]! + ARCHED * half * (1 - arch) + groove);
      if (below >= 0) {
        const t = before > -Infinity ? before / (before - below) : 0;
        this.#meet(k, t, clamp(u, -1, 1), px, 1);
        return;
      }
      if (below > best) {
        best = below;
        bestAt = k;
      }
      before = below;
    }
    this.coverage = 0;
    if (best < -soft) return;
    const px = x - sx * this.#z[bestAt]! - this.#side;
    this.#meet(bestAt, 1, clamp(px / this.#half[bestAt]!, -1, 1), px, 1 + best / soft);
  }

  /** Light at a place between cross-sections `k − 1` and `k`. */
  #meet(k: number, t: number, u: number, px: number, coverage: number): void {
    const from = Math.max(0, k - 1);
    const dz = this.#z[k]! - this.#z[from]!;
    this.coverage = coverage;
    this.z = this.#z[from]! + dz * t;
    // Rising towards the back by `rise` per mm: the normal leans to the viewer by as much.
    const rise = dz > 0 ? (this.#top[from]! - this.#top[k]!) / dz : 4;
    const groove = (px / GROOVE_WIDTH) * Math.exp(-((px / GROOVE_WIDTH) ** 2)) * GROOVE;
    const nx = ARCHED * u - 0.35 * groove;
    const ny = -0.75;
    const nz = clamp(0.35 + rise, 0.1, 2.5);
    const length = Math.hypot(nx, ny, nz);
    // The papillae scatter: rough and bright at a grazing angle, unlike plain skin.
    const cosine = this.#light.at(nx / length, ny / length, nz / length);
    this.lit = cosine * (0.86 + 0.14 * Math.min(1, Math.abs(px) / 4));
    this.wet = 34 * this.#light.gloss(nx / length, ny / length, nz / length);
  }
}
