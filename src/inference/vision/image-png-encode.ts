import { crc32, deflateSync } from 'node:zlib';
import type { RgbaImage } from './image-format.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Colour types by samples a pixel (W3C PNG, third edition, section 11.2.2). */
const COLOUR_TYPE = { 1: 0, 3: 2, 4: 6 } as const;
const FILTERS = 5;

/** The picture as a PNG file, 8 bits a channel with opacity. */
export function encodePng({ width, height, data }: RgbaImage): Buffer {
  return encodeSamples(data, width, height, 4);
}

/** Packed 8-bit RGB as a PNG file. */
export function encodeRgbPng({ width, height, data }: { width: number; height: number; data: Uint8Array }): Buffer {
  return encodeSamples(data, width, height, 3);
}

/** 8-bit grey as a PNG file. */
export function encodeGreyPng({ width, height, data }: { width: number; height: number; data: Uint8Array }): Buffer {
  return encodeSamples(data, width, height, 1);
}

function encodeSamples(data: Uint8Array, width: number, height: number, channels: keyof typeof COLOUR_TYPE): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, COLOUR_TYPE[channels], 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered(data, width * channels, height, channels))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Scanlines, each with the filter whose differences are smallest in sum: the heuristic of PNG, section 12.7. */
function filtered(data: Uint8Array, stride: number, height: number, channels: number): Buffer {
  const raw = Buffer.alloc(height * (stride + 1));
  const tried = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const to = y * (stride + 1);
    let least = Number.POSITIVE_INFINITY;
    for (let filter = 0; filter < FILTERS; filter++) {
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
    let predicted = 0;
    if (filter === 1) predicted = left;
    else if (filter === 2) predicted = up;
    else if (filter === 3) predicted = (left + up) >> 1;
    else if (filter === 4)
      predicted = paeth(left, up, y === 0 || i < channels ? 0 : data[row + i - stride - channels]!);
    const value = (data[row + i]! - predicted) & 255;
    out[i] = value;
    sum += value < 128 ? value : 256 - value;
  }
  return sum;
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const [dLeft, dUp, dUpLeft] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - upLeft)];
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
