/** Smooth step from 0 at `from` to 1 at `to`; `from` may be the larger. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : Math.min(x, high);
}

export function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/**
 * The curve through points of increasing x as y(x): cubic Hermite with Catmull–Rom slopes, constant beyond the ends.
 * Writes y at `x0 + i · step` for every i of `out`.
 */
export function traceCurve(
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  x0: number,
  step: number,
  out: Float32Array,
): void {
  const last = xs.length - 1;
  let k = 0;
  for (let i = 0; i < out.length; i++) {
    const x = x0 + i * step;
    if (x <= xs[0]!) out[i] = ys[0]!;
    else if (x >= xs[last]!) out[i] = ys[last]!;
    else {
      while (k < last - 1 && xs[k + 1]! < x) k++;
      const h = Math.max(1e-6, xs[k + 1]! - xs[k]!);
      const t = (x - xs[k]!) / h;
      const m0 = slope(xs, ys, k, last) * h;
      const m1 = slope(xs, ys, k + 1, last) * h;
      const t2 = t * t;
      const t3 = t2 * t;
      out[i] =
        (2 * t3 - 3 * t2 + 1) * ys[k]! + (t3 - 2 * t2 + t) * m0 + (3 * t2 - 2 * t3) * ys[k + 1]! + (t3 - t2) * m1;
    }
  }
}

function slope(xs: ArrayLike<number>, ys: ArrayLike<number>, k: number, last: number): number {
  const a = Math.max(0, k - 1);
  const b = Math.min(last, k + 1);
  return (ys[b]! - ys[a]!) / Math.max(1e-6, xs[b]! - xs[a]!);
}
