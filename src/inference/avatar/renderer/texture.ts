import type { GreyImage, RgbImage } from '../png.js';

/**
 * A picture at twice the output's size in BT.601 studio range (what VP8 carries): `y` is 2·width × 2·height samples, `u`
 * and `v` are width × height each. Twice the size, because a warped picture is then sampled without visible
 * changes of sharpness as it moves by fractions of a pixel.
 */
export interface Texture {
  /** Of the output, in pixels. */
  width: number;
  height: number;
  y: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
}

/** How a picture covers the output: an output position is `fraction · scale + offset`, in output pixels. */
export interface Fit {
  scaleX: number;
  scaleY: number;
  offsetX: number;
  offsetY: number;
}

/** Fills the output, centred, cutting off what is too much (CSS `object-fit: cover`). */
export function coverFit(image: { width: number; height: number }, width: number, height: number): Fit {
  const scale = Math.max(width / image.width, height / image.height);
  const scaleX = image.width * scale;
  const scaleY = image.height * scale;
  return { scaleX, scaleY, offsetX: (width - scaleX) / 2, offsetY: (height - scaleY) / 2 };
}

/** Resamples `image` to the output's texture. Runs once per avatar. */
export function buildTexture(image: RgbImage, fit: Fit, width: number, height: number): Texture {
  const w = width * 2;
  const h = height * 2;
  const columns = kernel(w, image.width, image.width / (fit.scaleX * 2), -fit.offsetX / fit.scaleX);
  const rows = kernel(h, image.height, image.height / (fit.scaleY * 2), -fit.offsetY / fit.scaleY);
  const texture: Texture = {
    width,
    height,
    y: new Uint8Array(w * h),
    u: new Uint8Array(width * height),
    v: new Uint8Array(width * height),
  };
  const across = new Float32Array(image.height * w * 3);
  for (let sy = 0; sy < image.height; sy++) {
    for (let x = 0; x < w; x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < TAPS; k++) {
          sum += columns.weight[x * TAPS + k]! * image.data[(sy * image.width + columns.index[x * TAPS + k]!) * 3 + c]!;
        }
        across[(sy * w + x) * 3 + c] = sum;
      }
    }
  }
  const rgb = new Float32Array(w * 2 * 3);
  for (let y = 0; y < h; y += 2) {
    for (let line = 0; line < 2; line++) {
      for (let i = 0; i < w * 3; i++) {
        let sum = 0;
        for (let k = 0; k < TAPS; k++) {
          sum += rows.weight[(y + line) * TAPS + k]! * across[rows.index[(y + line) * TAPS + k]! * w * 3 + i]!;
        }
        rgb[line * w * 3 + i] = sum;
      }
    }
    writeYuv(texture, rgb, y, w);
  }
  return texture;
}

/** Resamples a grey image to `width × height` samples that cover the output as `fit` says (its output may be of another size). */
export function resampleGrey(image: GreyImage, fit: Fit, width: number, height: number, scale = 1): Uint8Array {
  const columns = kernel(width, image.width, image.width / (fit.scaleX * scale), -fit.offsetX / fit.scaleX);
  const rows = kernel(height, image.height, image.height / (fit.scaleY * scale), -fit.offsetY / fit.scaleY);
  const across = new Float32Array(image.height * width);
  for (let sy = 0; sy < image.height; sy++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < TAPS; k++) {
        sum += columns.weight[x * TAPS + k]! * image.data[sy * image.width + columns.index[x * TAPS + k]!]!;
      }
      across[sy * width + x] = sum;
    }
  }
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < TAPS; k++) sum += rows.weight[y * TAPS + k]! * across[rows.index[y * TAPS + k]! * width + x]!;
      out[y * width + x] = clampByte(sum);
    }
  }
  return out;
}

function writeYuv(texture: Texture, rgb: Float32Array, y: number, w: number): void {
  for (let x = 0; x < w; x += 2) {
    let r = 0;
    let g = 0;
    let b = 0;
    for (const at of [x, x + 1, w + x, w + x + 1]) {
      const [pr, pg, pb] = [rgb[at * 3]!, rgb[at * 3 + 1]!, rgb[at * 3 + 2]!];
      texture.y[(y + (at >= w ? 1 : 0)) * w + (at % w)] = clampByte(lumaOf(pr, pg, pb));
      r += pr / 4;
      g += pg / 4;
      b += pb / 4;
    }
    const [u, v] = chromaOf(r, g, b);
    const at = (y / 2) * texture.width + x / 2;
    texture.u[at] = clampByte(u);
    texture.v[at] = clampByte(v);
  }
}

/** BT.601, studio range (ITU-R BT.601-7, section 2.5). */
export function lumaOf(r: number, g: number, b: number): number {
  return 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
}

export function chromaOf(r: number, g: number, b: number): [number, number] {
  return [128 + (-37.797 * r - 74.203 * g + 112 * b) / 255, 128 + (112 * r - 93.786 * g - 18.214 * b) / 255];
}

export function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
}

const TAPS = 4;

/** Mitchell–Netravali weights (B = C = 1/3, SIGGRAPH 1988) for enlarging; clamped at the picture's edge. */
function kernel(size: number, sourceSize: number, step: number, startFraction: number) {
  const index = new Int32Array(size * TAPS);
  const weight = new Float32Array(size * TAPS);
  for (let i = 0; i < size; i++) {
    const at = startFraction * sourceSize + (i + 0.5) * step - 0.5;
    const first = Math.floor(at) - 1;
    for (let k = 0; k < TAPS; k++) {
      index[i * TAPS + k] = Math.min(sourceSize - 1, Math.max(0, first + k));
      weight[i * TAPS + k] = mitchell(Math.abs(at - first - k));
    }
  }
  return { index, weight };
}

function mitchell(x: number): number {
  if (x < 1) return (7 * x ** 3 - 12 * x ** 2 + 16 / 3) / 6;
  if (x < 2) return ((-7 / 3) * x ** 3 + 12 * x ** 2 - 20 * x + 32 / 3) / 6;
  return 0;
}
