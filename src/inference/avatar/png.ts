import { inflateSync } from 'node:zlib';
import { VisavisError } from '../../errors.js';
import { unfilterScanline } from '../../png.js';

/** 8-bit RGB, row by row, `width * height * 3` bytes. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** 8-bit grey, row by row, `width * height` bytes. */
export interface GreyImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** What a PNG must be: `maxSide` pixels at most; `field` names the file in errors (default `portrait`). */
export interface PngLimits {
  maxSide: number;
  field?: string;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A kind of picture: the colour types of the header that are taken, each with its samples a pixel, and how many of them are kept. */
interface Kind {
  name: string;
  channels: Readonly<Record<number, number>>;
  kept: number;
}
const COLOUR: Kind = { name: '8-bit RGB or RGBA', channels: { 2: 3, 6: 4 }, kept: 3 };
const GREY: Kind = { name: '8-bit grey', channels: { 0: 1 }, kept: 1 };

/**
 * Decodes a PNG (W3C PNG, third edition) of 8 bits per sample, RGB or RGBA, not interlaced; alpha is dropped.
 * Rejects anything else, and anything beyond `maxSide` pixels, with `bad-request` before it inflates a byte.
 */
export function decodePng(file: Uint8Array, o: PngLimits): RgbImage {
  return decode(file, COLOUR, o);
}

/** As `decodePng`, for 8-bit grey without opacity. */
export function decodeGreyPng(file: Uint8Array, o: PngLimits): GreyImage {
  return decode(file, GREY, o);
}

function decode(file: Uint8Array, kind: Kind, { maxSide, field = 'portrait' }: PngLimits): GreyImage {
  const bad = (what: string, cause?: unknown) =>
    new VisavisError('bad-request', `the ${field} ${what}`, { field, cause });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 33 || SIGNATURE.some((byte, i) => file[i] !== byte)) throw bad('is not a PNG file');
  let header: { width: number; height: number; channels: number } | undefined;
  const compressed: Uint8Array[] = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > file.length) throw bad('is cut off');
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (type === 'IHDR') header = readHeader(view, at + 8, length, { kind, maxSide, bad });
    else if (type === 'IDAT') compressed.push(file.subarray(at + 8, at + 8 + length));
    else if (type === 'IEND') break;
    at += 12 + length;
  }
  if (header === undefined || compressed.length === 0) throw bad('has no picture');
  const { width, height, channels } = header;
  const size = height * (1 + width * channels);
  let raw: Uint8Array;
  try {
    raw = inflateSync(Buffer.concat(compressed), { maxOutputLength: size });
  } catch (cause) {
    throw bad('cannot be inflated', cause);
  }
  if (raw.length !== size) throw bad('is cut off');
  return { width, height, data: unfilter(raw, { width, height, channels, kept: kind.kept }, bad) };
}

type Complaint = (what: string, cause?: unknown) => VisavisError;

function readHeader(view: DataView, at: number, length: number, o: { kind: Kind; maxSide: number; bad: Complaint }) {
  const { kind, maxSide, bad } = o;
  if (length !== 13) throw bad('has a broken header');
  const width = view.getUint32(at);
  const height = view.getUint32(at + 4);
  const channels = kind.channels[view.getUint8(at + 9)];
  if (view.getUint8(at + 8) !== 8 || channels === undefined || view.getUint8(at + 12) !== 0) {
    throw bad(`must be ${kind.name} without interlacing`);
  }
  if (width < 1 || height < 1 || width > maxSide || height > maxSide)
    throw bad(`must be at most ${maxSide} pixels a side`);
  return { width, height, channels };
}

/** Undoes the scanlines' filters in place and keeps the first samples of each pixel. */
function unfilter(
  raw: Uint8Array,
  { width, height, channels, kept }: { width: number; height: number; channels: number; kept: number },
  bad: Complaint,
): Uint8Array {
  const stride = width * channels;
  const out = new Uint8Array(width * height * kept);
  for (let y = 0; y < height; y++) {
    const row = y * (stride + 1) + 1;
    if (!unfilterScanline(raw, row - 1, stride, channels, y === 0)) throw bad('has an unknown filter');
    for (let x = 0; x < width; x++) {
      const from = row + x * channels;
      for (let k = 0; k < kept; k++) out[(y * width + x) * kept + k] = raw[from + k] ?? 0;
    }
  }
  return out;
}
