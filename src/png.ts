/** PNG files of 8-bit samples (W3C PNG, third edition): the encoder, and the scanline filters that every decoder needs. */
import { crc32, deflateSync } from 'node:zlib';

/** Samples row by row; how many a pixel has is the function's to say. */
export interface Samples {
  width: number;
  height: number;
  data: Uint8Array;
}

/** `small`: each row with the filter that suits it; `fast`: every row with Sub, in half the time and a tenth larger. */
export type PngEffort = 'small' | 'fast';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Colour types by samples a pixel (section 11.2.2). */
const COLOUR_TYPE = { 1: 0, 3: 2, 4: 6 } as const;
/** Filter types (section 9.2): None, Sub, Up, Average, Paeth. */
const FILTERS = { small: [0, 1, 2, 3, 4], fast: [1] } as const;
const LAST_FILTER = 4;

/** The picture as a PNG file, 8 bits a channel with opacity. */
export function encodePng(image: Samples, effort: PngEffort = 'small'): Buffer {
  return encodeSamples(image, 4, effort);
}

/** Packed 8-bit RGB as a PNG file. */
export function encodeRgbPng(image: Samples, effort: PngEffort = 'small'): Buffer {
  return encodeSamples(image, 3, effort);
}

/** 8-bit grey as a PNG file. */
export function encodeGreyPng(image: Samples, effort: PngEffort = 'small'): Buffer {
  return encodeSamples(image, 1, effort);
}

/**
 * Undoes the filter of one scanline in place. Its filter type is at `at`, its `stride` bytes follow, and the row above ends right before it
 * unless it is the `first`. `pixelBytes`: of a whole pixel, at least 1. False for a filter that does not exist; nothing is changed then.
 */
export function unfilterScanline(
  raw: Uint8Array,
  at: number,
  stride: number,
  pixelBytes: number,
  first: boolean,
): boolean {
  const filter = raw[at] ?? 0;
  if (filter > LAST_FILTER) return false;
  if (filter === 0) return true;
  const row = at + 1;
  const above = row - stride - 1;
  for (let i = 0; i < stride; i++) {
    const left = i < pixelBytes ? 0 : raw[row + i - pixelBytes]!;
    const up = first ? 0 : raw[above + i]!;
    const upLeft = first || i < pixelBytes ? 0 : raw[above + i - pixelBytes]!;
    raw[row + i] = raw[row + i]! + predict(filter, left, up, upLeft);
  }
  return true;
}

function encodeSamples(image: Samples, channels: keyof typeof COLOUR_TYPE, effort: PngEffort): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(image.width, 0);
  header.writeUInt32BE(image.height, 4);
  header.set([8, COLOUR_TYPE[channels], 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered(image, channels, FILTERS[effort]))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Scanlines, each with the filter whose differences are smallest in sum: the heuristic of section 12.7. */
function filtered({ width, height, data }: Samples, channels: number, filters: readonly number[]): Buffer {
  const stride = width * channels;
  const raw = Buffer.alloc(height * (stride + 1));
  const tried = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const to = y * (stride + 1);
    let least = Number.POSITIVE_INFINITY;
    for (const filter of filters) {
      const sum = filterRow(data, y, stride, channels, filter, tried);
      if (sum >= least) continue;
      least = sum;
      raw[to] = filter;
      raw.set(tried, to + 1);
    }
  }
  return raw;
}

/** One row filtered into `out`; the sum of its bytes taken as signed sizes. */
function filterRow(data: Uint8Array, y: number, stride: number, channels: number, filter: number, out: Buffer): number {
  const row = y * stride;
  let sum = 0;
  for (let i = 0; i < stride; i++) {
    const left = i < channels ? 0 : data[row + i - channels]!;
    const up = y === 0 ? 0 : data[row + i - stride]!;
    const upLeft = y === 0 || i < channels ? 0 : data[row + i - stride - channels]!;
    const value = (data[row + i]! - predict(filter, left, up, upLeft)) & 255;
    out[i] = value;
    sum += value < 128 ? value : 256 - value;
  }
  return sum;
}

/** What a filter expects of a sample, from those before it and above it (section 9). */
function predict(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const estimate = left + up - upLeft;
  const dLeft = Math.abs(estimate - left);
  const dUp = Math.abs(estimate - up);
  const dUpLeft = Math.abs(estimate - upLeft);
  if (dLeft <= dUp && dLeft <= dUpLeft) return left;
  return dUp <= dUpLeft ? up : upLeft;
}

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(named.length + 8);
  out.writeUInt32BE(body.length, 0);
  out.set(named, 4);
  out.writeUInt32BE(crc32(named), named.length + 4);
  return out;
}
