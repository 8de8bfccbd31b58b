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
  const [columns, rows] = kernels(image, fit, width * 2, height * 2, 2);
  const [pairsAcross, pairsDown] = [pairs(columns), pairs(rows)];
  const { y, u, v } = planesOf(image);
  return {
    width,
    height,
    y: resample(y, image, columns, rows),
    u: resample(u, image, pairsAcross, pairsDown),
    v: resample(v, image, pairsAcross, pairsDown),
  };
}

/** Resamples a grey image to `width × height` samples that cover the output as `fit` says (its output may be of another size). */
export function resampleGrey(image: GreyImage, fit: Fit, width: number, height: number, scale = 1): Uint8Array {
  const [columns, rows] = kernels(image, fit, width, height, scale);
  return resample(Float32Array.from(image.data), image, columns, rows);
}

/** Luma and chroma of every pixel. To resample these is to resample the colours, since both are linear. */
function planesOf({ data, width, height }: RgbImage): { y: Float32Array; u: Float32Array; v: Float32Array } {
  const count = width * height;
  const planes = { y: new Float32Array(count), u: new Float32Array(count), v: new Float32Array(count) };
  for (let i = 0; i < count; i++) {
    const [r, g, b] = [data[i * 3]!, data[i * 3 + 1]!, data[i * 3 + 2]!];
    const [u, v] = chromaOf(r, g, b);
    planes.y[i] = lumaOf(r, g, b);
    planes.u[i] = u;
    planes.v[i] = v;
  }
  return planes;
}

function resample(plane: Float32Array, source: { width: number; height: number }, columns: Kernel, rows: Kernel) {
  const across = resampleRows(plane, source, columns);
  const width = columns.size;
  const out = new Uint8Array(width * rows.size);
  const line = new Float32Array(width);
  for (let y = 0; y < rows.size; y++) {
    line.fill(0);
    for (let k = y * rows.taps; k < (y + 1) * rows.taps; k++)
      addLine(line, across, rows.index[k]! * width, rows.weight[k]!);
    for (let x = 0; x < width; x++) out[y * width + x] = clampByte(line[x]!);
  }
  return out;
}

function resampleRows(plane: Float32Array, source: { width: number; height: number }, columns: Kernel): Float32Array {
  const { size, taps, index, weight } = columns;
  const { width, height } = source;
  const across = new Float32Array(height * size);
  for (let sy = 0; sy < height; sy++) {
    const from = sy * width;
    for (let x = 0, k = 0; x < size; x++) {
      let sum = 0;
      for (const end = k + taps; k < end; k++) sum += weight[k]! * plane[from + index[k]!]!;
      across[sy * size + x] = sum;
    }
  }
  return across;
}

function addLine(line: Float32Array, lines: Float32Array, from: number, weight: number): void {
  for (let x = 0; x < line.length; x++) line[x] = line[x]! + weight * lines[from + x]!;
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

/** Of each of `size` samples, which `taps` samples of the source it is made of, and their weights, which sum to 1. */
interface Kernel {
  size: number;
  taps: number;
  index: Int32Array;
  weight: Float32Array;
}

/** For `width × height` samples that lie `scale` to a pixel of the output. */
function kernels(
  source: { width: number; height: number },
  fit: Fit,
  width: number,
  height: number,
  scale: number,
): [columns: Kernel, rows: Kernel] {
  return [
    kernel(width, source.width, source.width / (fit.scaleX * scale), -fit.offsetX / fit.scaleX),
    kernel(height, source.height, source.height / (fit.scaleY * scale), -fit.offsetY / fit.scaleY),
  ];
}

/** Mitchell–Netravali weights (B = C = 1/3, SIGGRAPH 1988) for enlarging; clamped at the picture's edge. */
function kernel(size: number, sourceSize: number, step: number, startFraction: number): Kernel {
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
  return { size, taps: TAPS, index, weight };
}

/** The means of every two samples that `of` makes. */
function pairs(of: Kernel): Kernel {
  return { size: of.size / 2, taps: of.taps * 2, index: of.index, weight: of.weight.map((weight) => weight / 2) };
}

function mitchell(x: number): number {
  if (x < 1) return (7 * x ** 3 - 12 * x ** 2 + 16 / 3) / 6;
  if (x < 2) return ((-7 / 3) * x ** 3 + 12 * x ** 2 - 20 * x + 32 / 3) / 6;
  return 0;
}
