import { clamp, smoothstep } from './curves.js';
import { LAYER_SCALE, type MouthLayer, paintTongueOut } from './mouth-paint.js';

/** Below this the tongue stays in the mouth, as in speech. */
const STAYS_IN = 0.55;
/** How far it comes out at most, in mouth widths below the upper lip. */
const REACH = 0.44;

/** 0 while the tongue is in the mouth, 1 for a coefficient of 1. */
export function tongueOutOf(coefficient: number): number {
  return smoothstep(STAYS_IN, 1, coefficient);
}

/** Draws a tongue that is put out over the lower lip into an I420 picture. */
export class TongueOut {
  readonly #layer: MouthLayer;
  readonly #width: number;

  /** `light` as for `paintTongueOut`; `width` of the picture. */
  constructor(light: number, width: number) {
    this.#layer = paintTongueOut(light);
    this.#width = width;
  }

  /**
   * `place`: the mouth's frame in the picture, `size` its width in pixels; `upper(x)`: the upper lip's edge in that frame, in pixels.
   * `amount` as from `tongueOutOf`.
   */
  draw(
    out: Uint8Array,
    height: number,
    amount: number,
    place: { x: number; y: number; cos: number; sin: number },
    size: number,
    upper: (x: number) => number,
  ): void {
    if (amount <= 0) return;
    const reach = size * (REACH + 0.2);
    const even = (value: number, most: number) => clamp(value & ~1, 0, most);
    const [x0, x1] = [even(place.x - reach, this.#width - 2), even(place.x + reach + 2, this.#width)];
    const [y0, y1] = [even(place.y - reach / 2, height - 2), even(place.y + reach + 2, height)];
    const planeU = this.#width * height;
    const planeV = planeU + planeU / 4;
    for (let py = y0; py < y1; py += 2) {
      for (let px = x0; px < x1; px += 2) {
        let covered = 0;
        let sample = 0;
        for (let k = 0; k < 4; k++) {
          const dx = px + (k & 1) + 0.5 - place.x;
          const dy = py + (k >> 1) + 0.5 - place.y;
          const lx = dx * place.cos + dy * place.sin;
          const ly = dy * place.cos - dx * place.sin;
          const edge = upper(lx);
          const at = this.#at(lx / size, (ly - edge) / (size * amount));
          const alpha = at < 0 ? 0 : (this.#layer.alpha[at]! / 255) * clamp((ly - edge) / 1.5 + 0.5, 0, 1);
          if (alpha <= 0) continue;
          const to = (py + (k >> 1)) * this.#width + px + (k & 1);
          out[to] = out[to]! + (this.#layer.y[at]! - out[to]!) * alpha + 0.5;
          covered += alpha / 4;
          sample = at;
        }
        if (covered <= 0) continue;
        const to = (py >> 1) * (this.#width >> 1) + (px >> 1);
        out[planeU + to] = out[planeU + to]! + (this.#layer.u[sample]! - out[planeU + to]!) * covered + 0.5;
        out[planeV + to] = out[planeV + to]! + (this.#layer.v[sample]! - out[planeV + to]!) * covered + 0.5;
      }
    }
  }

  /** Sample of the layer; x from its middle, y from its top, in mouth widths; −1 outside. */
  #at(x: number, y: number): number {
    const column = Math.floor(x * LAYER_SCALE + this.#layer.width / 2);
    const row = Math.floor(y * LAYER_SCALE);
    const inside = column >= 0 && row >= 0 && column < this.#layer.width && row < this.#layer.height;
    return inside ? row * this.#layer.width + column : -1;
  }
}
