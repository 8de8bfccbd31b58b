export { i420ToPng, i420ToRgb } from '../../src/media/png.js';

/** Peak signal-to-noise ratio of two equally long byte arrays, in dB. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * a.length) / sum);
}
