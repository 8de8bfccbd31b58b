import { clamp, smoothstep } from './curves.js';
import type { MouthLight } from './mouth/light.js';
import { chromaOf, lumaOf } from './texture.js';

/** Below this the tongue stays in the mouth, as in speech. */
const STAYS_IN = 0.55;
/** A tongue that is all out, in mouth widths: its length below the upper lip, and half its width. */
const LENGTH = 0.44;
const HALF_WIDTH = 0.205;
/** From here on, as a share of its length, it is round. */
const ROUND_FROM = 0.4;
/** Width of its soft edge in pixels. */
const SOFT = 1.4;

/** 0 while the tongue is in the mouth, 1 for a coefficient of 1. */
export function tongueOutOf(coefficient: number): number {
  return smoothstep(STAYS_IN, 1, coefficient);
}

/** Draws a tongue that is put out over the lower lip into an I420 picture. */
export class TongueOut {
  readonly #light: MouthLight;
  readonly #width: number;
  readonly #luma: number;
  readonly #u: number;
  readonly #v: number;

  /** `width` of the picture. */
  constructor(light: MouthLight, width: number) {
    this.#light = light;
    this.#width = width;
    this.#luma = lumaOf(...light.tongue) - 16;
    [this.#u, this.#v] = chromaOf(...light.tongue);
  }

  /**
   * `place`: the mouth's frame in the picture, `size` its width in pixels; `upper`: the upper lip's edge in that frame at every pixel along the
   * mouth from `left` on. `amount` as from `tongueOutOf`.
   */
  draw(
    out: Uint8Array,
    height: number,
    amount: number,
    place: { x: number; y: number; cos: number; sin: number },
    size: number,
    upper: Float32Array,
    left: number,
  ): void {
    if (amount <= 0) return;
    const reach = size * (LENGTH + 0.2);
    const x0 = clamp((place.x - reach) & ~1, 0, this.#width - 2);
    const x1 = clamp((place.x + reach + 2) & ~1, 0, this.#width);
    const y0 = clamp((place.y - reach / 2) & ~1, 0, height - 2);
    const y1 = clamp((place.y + reach + 2) & ~1, 0, height);
    const planeU = this.#width * height;
    const planeV = planeU + planeU / 4;
    for (let py = y0; py < y1; py += 2) {
      for (let px = x0; px < x1; px += 2) {
        let covered = 0;
        for (let k = 0; k < 4; k++) {
          const dx = px + (k & 1) + 0.5 - place.x;
          const dy = py + (k >> 1) + 0.5 - place.y;
          const lx = dx * place.cos + dy * place.sin;
          const edge = upper[clamp(Math.round(lx - left), 0, upper.length - 1)]!;
          const ly = dy * place.cos - dx * place.sin - edge;
          if (ly < -1) continue;
          const alpha = coverage(lx / size, ly / size, amount, size) * clamp(ly / SOFT + 0.5, 0, 1);
          if (alpha <= 0) continue;
          const to = (py + (k >> 1)) * this.#width + px + (k & 1);
          out[to] = out[to]! + (this.#brightness(lx / size, ly / size, amount) - out[to]!) * alpha + 0.5;
          covered += alpha / 4;
        }
        if (covered <= 0) continue;
        const to = (py >> 1) * (this.#width >> 1) + (px >> 1);
        out[planeU + to] = out[planeU + to]! + (this.#u - out[planeU + to]!) * covered + 0.5;
        out[planeV + to] = out[planeV + to]! + (this.#v - out[planeV + to]!) * covered + 0.5;
      }
    }
  }

  /** Luma at a place; x from the tongue's middle, y from the upper lip, in mouth widths. */
  #brightness(x: number, y: number, amount: number): number {
    const along = y / (LENGTH * amount);
    const across = clamp(x / HALF_WIDTH, -1, 1);
    const end = Math.max(0, (along - ROUND_FROM) / (1 - ROUND_FROM));
    const groove = (x / 0.03) * Math.exp(-((x / 0.03) ** 2)) * (1 - smoothstep(0.45, 0.85, along));
    // It comes out level, bends over the lower lip and turns its tip down and under.
    const nx = 0.85 * across * Math.abs(across) - 0.5 * groove;
    const ny = -0.75 + 0.9 * smoothstep(0.15, 0.6, along) + 0.7 * end * end;
    const nz = 0.8;
    const length = Math.hypot(nx, ny, nz);
    const lit = this.#light.at(nx / length, ny / length, nz / length);
    const wet = 26 * this.#light.gloss(nx / length, ny / length, nz / length);
    // The upper lip and the teeth shade its root.
    const shade = 0.35 + 0.65 * smoothstep(-0.05, 0.4, along);
    return 16 + (this.#luma * lit + wet) * shade;
  }
}

/** How much of a pixel the tongue covers: from the distance to its outline, straight sides with a round end. */
function coverage(x: number, y: number, amount: number, size: number): number {
  const length = LENGTH * amount;
  const round = (1 - ROUND_FROM) * length;
  const past = Math.max(0, y - ROUND_FROM * length) / round;
  const across = x / HALF_WIDTH;
  const inside = 1 - across * across - past * past;
  const slope = 2 * Math.hypot(across / HALF_WIDTH, past / round);
  return clamp(0.5 + (inside / Math.max(1e-3, slope)) * (size / SOFT), 0, 1);
}
