import type { PictureSize } from '../../../picture-size.js';
import { flattened, type RgbaImage } from '../../vision/image-format.js';
import type { RgbImage } from '../png.js';
import type { FrameRegion } from './framing.js';
import { type Plane, planeOf } from './plane.js';

/**
 * The `region` of a picture as `size` pixels of RGB of the same shape, turned upright. Shrinking averages as many samples as there are
 * pixels, so nothing aliases; enlarging uses Catmull–Rom cubics (Keys 1981, a = −1/2), which keep edges. What lies outside the picture is
 * mirrored from within. Transparent parts are laid on grey.
 */
export function resampleRegion(image: RgbaImage, region: FrameRegion, size: PictureSize): RgbImage {
  const { data, width, height } = flattened(image);
  const out = new Uint8Array(size.width * size.height * 3);
  const step = region.height / size.height;
  const samples = Math.max(1, Math.ceil(step));
  const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
  const taps = samples > 1 ? LINEAR : CUBIC;
  const sum = new Float64Array(3);
  const columns = new Int32Array(taps.count);
  const weights = new Float64Array(taps.count);
  const rowWeights = new Float64Array(taps.count);
  for (let row = 0, i = 0; row < size.height; row++) {
    for (let column = 0; column < size.width; column++, i += 3) {
      sum.fill(0);
      for (let s = 0; s < samples * samples; s++) {
        const u = (column + ((s % samples) + 0.5) / samples - size.width / 2) * step;
        const v = (row + (Math.floor(s / samples) + 0.5) / samples - size.height / 2) * step;
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
  return { width: size.width, height: size.height, data: out };
}

/** 1 for every pixel of the same whose middle lies in the picture, else 0. */
export function insidePicture(picture: PictureSize, region: FrameRegion, size: PictureSize): Plane {
  const step = region.height / size.height;
  const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
  return planeOf(size.width, size.height, (i) => {
    const u = ((i % size.width) + 0.5 - size.width / 2) * step;
    const v = (Math.floor(i / size.width) + 0.5 - size.height / 2) * step;
    const x = region.centreX + u * cos - v * sin;
    const y = region.centreY + u * sin + v * cos;
    return x >= 0 && y >= 0 && x < picture.width && y < picture.height ? 1 : 0;
  });
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
