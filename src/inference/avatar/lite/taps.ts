/** Which samples of a row make each sample of a stretched or shrunk one: `count` from `first[i]` on, weighed by `weights`. */
export interface Taps {
  length: number;
  count: number;
  first: Int32Array;
  weights: Float32Array;
}

/**
 * Taps of a triangle filter: linear interpolation where samples get more, the mean of what falls together where they get fewer, so that nothing flickers. Sample `i`
 * of `length` looks at the place `from + (i + 0.5) · step` of a row of `available` samples (the first has its middle at 0.5), which goes on at its ends as it
 * ends. Weights add up to 1.
 */
export function tapsOf(o: { length: number; from: number; step: number; available: number }): Taps {
  const reach = Math.max(1, o.step);
  const count = Math.ceil(2 * reach);
  const first = new Int32Array(o.length);
  const weights = new Float32Array(o.length * count);
  for (let i = 0; i < o.length; i++) {
    const middle = o.from + (i + 0.5) * o.step - 0.5;
    const begin = Math.floor(middle - reach) + 1;
    const place = Math.max(0, Math.min(begin, o.available - count));
    first[i] = place;
    let sum = 0;
    for (let k = begin; k < begin + count; k++) sum += Math.max(0, 1 - Math.abs(k - middle) / reach);
    for (let k = begin; k < begin + count; k++) {
      const weight = Math.max(0, 1 - Math.abs(k - middle) / reach) / sum;
      const at = Math.min(Math.max(k, 0), o.available - 1) - place;
      if (weight > 0) weights[i * count + Math.min(count - 1, Math.max(0, at))]! += weight;
    }
  }
  return { length: o.length, count: Math.min(count, o.available), first, weights: narrowed(weights, count, o) };
}

/** A row shorter than the filter has no more taps than samples. */
function narrowed(weights: Float32Array, count: number, o: { length: number; available: number }): Float32Array {
  if (count <= o.available) return weights;
  const out = new Float32Array(o.length * o.available);
  for (let i = 0; i < o.length; i++)
    for (let k = 0; k < o.available; k++) out[i * o.available + k] = weights[i * count + k]!;
  return out;
}
