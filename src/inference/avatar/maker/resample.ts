import { flattened, type RgbaImage } from '../../vision/image-format.js';
import type { Region } from '../../vision/sample.js';
import type { RgbImage } from '../png.js';

/**
 * The square `region` of a picture as `side` × `side` pixels of RGB, turned upright. Shrinking averages as many samples as there are
 * pixels, so nothing aliases; enlarging uses Catmull–Rom cubics (Keys 1981, a = −1/2), which keep edges. What lies outside the picture is
 * mirrored from within. Transparent parts are laid on grey.
 */
export function resampleSquare(image: RgbaImage, region: Region, side: number): RgbImage {
  const { data, width, height } = flattened(image);
  const out = new Uint8Array(side * side * 3);
  const step = region.side / side;
  const samples = Math.max(1, Math.ceil(step));
  const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
  const taps = samples > 1 ? LINEAR : CUBIC;
  const sum = new Float64Array(3);
  const columns = new Int32Array(taps.count);
  const weights = new Float64Array(taps.count);
  const rowWeights = new Float64Array(taps.count);
  for (let row = 0, i = 0; row < side; row++) {
    for (let column = 0; column < side; column++, i += 3) {
      sum.fill(0);
      for (let s = 0; s < samples * samples; s++) {
        const u = (column + ((s % samples) + 0.5) / samples - side / 2) * step;
        const v = (row + (Math.floor(s / samples) + 0.5) / samples - side / 2) * step;
        const x = region.centreX + u * cos - v * sin - 0.5;
        const y = region.centreY + u * sin + v * cos - 0.5;
        const [left, top] = [Math.floor(x), Math.floor(y)];
        taps.weigh(x - left, weights);
        taps.weigh(y - top, rowWeights);
        for (let k = 0; k < taps.count; k++) columns[k] = mirrored(left + k - taps.before, width) * 4;
        for (let j = 0; j < taps.count; j++) {
          const line = mirrored(top + j - taps.before, height) * width * 4;
          for (let k = 0; k < taps.count; k++) {
            const at = line + columns[k]!;
            const weight = rowWeights[j]! * weights[k]!;
            sum[0]! += weight * data[at]!;
            sum[1]! += weight * data[at + 1]!;
            sum[2]! += weight * data[at + 2]!;
          }
        }
      }
      for (let k = 0; k < 3; k++) {
        out[i + k] = Math.min(255, Math.max(0, Math.round(sum[k]! / (samples * samples))));
      }
    }
  }
  return { width: side, height: side, data: out };
}

interface Taps {
  count: number;
  /** Taps left of the pixel that the place follows. */
  before: number;
  weigh(t: number, out: Float64Array): void;
}

const LINEAR: Taps = {
  count: 2,
  before: 0,
  weigh(t, out) {
    out[0] = 1 - t;
    out[1] = t;
  },
};

const CUBIC: Taps = {
  count: 4,
  before: 1,
  weigh(t, out) {
    out[0] = (-t + 2 * t * t - t * t * t) / 2;
    out[1] = (2 - 5 * t * t + 3 * t * t * t) / 2;
    out[2] = (t + 4 * t * t - 3 * t * t * t) / 2;
    out[3] = (t * t * t - t * t) / 2;
  },
};

/** `at` folded back into 0…size−1 as in a mirror at the outermost pixels' edges. */
function mirrored(at: number, size: number): number {
  const period = 2 * size;
  const folded = ((at % period) + period) % period;
  return folded < size ? folded : period - 1 - folded;
}
