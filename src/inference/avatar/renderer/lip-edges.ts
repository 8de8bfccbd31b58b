import { LOWER_LIP, UPPER_LIP } from '../rig.js';
import { smoothstep } from './curves.js';

/** Between these distances beyond that at rest, in pixels, the edges turn out; before, the dark line is still seen. */
const FROM_PX = 1.2;
const TO_PX = 5;
/** Share of the way from the line between the lips to the next ring of the lip that then shows at the edge. */
const SHARE = 0.6;

/**
 * The line between closed lips is dark; lips that part show their red up to the edge. As they part, this takes the texture of each lip's edge
 * from farther out on the lip.
 */
export class LipEdges {
  readonly #restU: Float32Array;
  readonly #restV: Float32Array;
  readonly #restGap: Float32Array;

  /** `u`, `v`: texture coordinates of the surface at rest; `x`, `y`: its places at rest in pixels. */
  constructor(x: Float32Array, y: Float32Array, u: Float32Array, v: Float32Array) {
    this.#restU = u.slice();
    this.#restV = v.slice();
    this.#restGap = Float32Array.from(UPPER_LIP.inner, (_, k) => gapAt(k, x, y));
  }

  /** `x`, `y`: this frame's places; changes the texture coordinates of the lips' edges. No allocation. */
  turn(x: Float32Array, y: Float32Array, u: Float32Array, v: Float32Array): void {
    for (let k = 1; k < 10; k++) {
      const rest = this.#restGap[k]!;
      const gap = gapAt(k, x, y);
      // Lips that the portrait leaves apart have no dark line of their own, and what is between them must not be seen when they close.
      const closed = rest > TO_PX / 2 ? smoothstep(0, rest / 2, rest - gap) : 0;
      const open = SHARE * Math.max(closed, smoothstep(FROM_PX, TO_PX, gap - rest));
      this.#shift(UPPER_LIP.inner[k]!, UPPER_LIP.innerMiddle[k]!, open, u, v);
      this.#shift(LOWER_LIP.inner[k]!, LOWER_LIP.innerMiddle[k]!, open, u, v);
    }
  }

  #shift(edge: number, next: number, share: number, u: Float32Array, v: Float32Array): void {
    u[edge] = this.#restU[edge]! + (this.#restU[next]! - this.#restU[edge]!) * share;
    v[edge] = this.#restV[edge]! + (this.#restV[next]! - this.#restV[edge]!) * share;
  }
}

function gapAt(k: number, x: Float32Array, y: Float32Array): number {
  const up = UPPER_LIP.inner[k]!;
  const low = LOWER_LIP.inner[k]!;
  return Math.hypot(x[low]! - x[up]!, y[low]! - y[up]!);
}
