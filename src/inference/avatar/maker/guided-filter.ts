import type { RgbImage } from '../png.js';
import { boxMean, type Plane, planeOf } from './plane.js';

/**
 * `input` smoothed within areas of like colour and cut where the picture's colours change: the guided filter with a colour guide (He, Sun
 * and Tang, "Guided Image Filtering", PAMI 2013, section 3.5). Within every window the result is a linear function of the picture's
 * red, green and blue (0…1), whose slopes `epsilon` holds down; `radius` in pixels.
 */
export function guidedFilter(guide: RgbImage, input: Plane, o: { radius: number; epsilon: number }): Plane {
  const { width, height } = guide;
  const count = width * height;
  const mean = (value: (i: number) => number) => boxMean(planeOf(width, height, value), o.radius).data;
  const colour = [0, 1, 2].map((k) => planeOf(width, height, (i) => guide.data[i * 3 + k]! / 255).data);
  const [r, g, b] = colour as [Float32Array, Float32Array, Float32Array];
  const p = input.data;
  const [mr, mg, mb] = [mean((i) => r[i]!), mean((i) => g[i]!), mean((i) => b[i]!)];
  const mp = mean((i) => p[i]!);
  const products = [
    mean((i) => r[i]! * r[i]!),
    mean((i) => r[i]! * g[i]!),
    mean((i) => r[i]! * b[i]!),
    mean((i) => g[i]! * g[i]!),
    mean((i) => g[i]! * b[i]!),
    mean((i) => b[i]! * b[i]!),
  ] as const;
  const [rr, rg, rb, gg, gb, bb] = products;
  const [rp, gp, bp] = [mean((i) => r[i]! * p[i]!), mean((i) => g[i]! * p[i]!), mean((i) => b[i]! * p[i]!)];
  const slopes = [0, 1, 2].map(() => new Float32Array(count)) as [Float32Array, Float32Array, Float32Array];
  const offset = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const [cr, cg, cb, cp] = [mr[i]!, mg[i]!, mb[i]!, mp[i]!];
    // The symmetric covariance matrix of the window's colours, and its inverse by cofactors.
    const [a, d, f] = [rr[i]! - cr * cr + o.epsilon, gg[i]! - cg * cg + o.epsilon, bb[i]! - cb * cb + o.epsilon];
    const [q, s, t] = [rg[i]! - cr * cg, rb[i]! - cr * cb, gb[i]! - cg * cb];
    const [ia, iq, is] = [d * f - t * t, s * t - q * f, q * t - s * d];
    const [id, it, jf] = [a * f - s * s, q * s - a * t, a * d - q * q];
    const determinant = a * ia + q * iq + s * is;
    const [vr, vg, vb] = [rp[i]! - cr * cp, gp[i]! - cg * cp, bp[i]! - cb * cp];
    slopes[0][i] = (ia * vr + iq * vg + is * vb) / determinant;
    slopes[1][i] = (iq * vr + id * vg + it * vb) / determinant;
    slopes[2][i] = (is * vr + it * vg + jf * vb) / determinant;
    offset[i] = cp - slopes[0][i]! * cr - slopes[1][i]! * cg - slopes[2][i]! * cb;
  }
  const [ar, ag, ab] = slopes.map((data) => boxMean({ width, height, data }, o.radius).data);
  const rest = boxMean({ width, height, data: offset }, o.radius).data;
  return planeOf(width, height, (i) => rest[i]! + ar![i]! * r[i]! + ag![i]! * g[i]! + ab![i]! * b[i]!);
}
