import { crc32, inflateSync } from 'node:zlib';
import { exifOrientation } from './exif.js';
import { badImage, type ImageHeader, type RgbaImage } from './image-format.js';
import { PNG_CHANNELS, type PngPixels, passesOf, unpackPng } from './png-pixels.js';

const BIT_DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

interface Chunk {
  type: string;
  body: Uint8Array;
}

/** Size and orientation (W3C PNG, third edition). Throws `bad-request` for what is cut off, damaged or animated. */
export function readPngHeader(file: Uint8Array): ImageHeader {
  const { pixels, orientation } = readChunks(file);
  return { width: pixels.width, height: pixels.height, orientation };
}

/** Every colour type and bit depth of the standard, interlaced or not; gamma and profiles are not applied. */
export async function decodePngImage(file: Uint8Array): Promise<RgbaImage> {
  const { pixels, compressed } = readChunks(file);
  const size = scanlineBytes(pixels);
  let raw: Uint8Array;
  try {
    raw = inflateSync(Buffer.concat(compressed), { maxOutputLength: size });
  } catch (cause) {
    throw badImage('is a damaged PNG file', cause);
  }
  if (raw.length < size) throw cutOff();
  return unpackPng(raw, pixels);
}

function readChunks(file: Uint8Array): { pixels: PngPixels; compressed: Uint8Array[]; orientation: number } {
  let pixels: PngPixels | undefined;
  const compressed: Uint8Array[] = [];
  let orientation = 1;
  for (const { type, body } of chunksOf(file)) {
    if (type === 'IHDR') pixels = readHeader(body);
    else if (type === 'acTL') throw badImage('is animated: a still picture is needed');
    else if (type === 'PLTE' && pixels !== undefined) pixels.palette = body;
    else if (type === 'tRNS' && pixels !== undefined) pixels.transparency = body;
    else if (type === 'eXIf') orientation = exifOrientation(body);
    else if (type === 'IDAT') compressed.push(body);
  }
  if (pixels === undefined || compressed.length === 0) throw badImage('is a PNG file without a picture');
  if (pixels.colourType === 3 && pixels.palette === undefined) throw badImage('is a PNG file without its palette');
  return { pixels, compressed, orientation };
}

/** All chunks up to the last; each must be whole and agree with its checksum. */
function* chunksOf(file: Uint8Array): Generator<Chunk> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; ; ) {
    if (at + 12 > file.length) throw cutOff();
    const length = view.getUint32(at);
    if (at + 12 + length > file.length) throw cutOff();
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw badImage('is a damaged PNG file');
    const type = Buffer.from(file.subarray(at + 4, at + 8)).toString('latin1');
    if (type === 'IEND') return;
    yield { type, body: file.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function readHeader(body: Uint8Array): PngPixels {
  if (body.length !== 13) throw badImage('is a damaged PNG file');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [bitDepth, colourType, interlace] = [view.getUint8(8), view.getUint8(9), view.getUint8(12)];
  if (!(BIT_DEPTHS[colourType] ?? []).includes(bitDepth) || interlace > 1) throw badImage('is a damaged PNG file');
  return { width: view.getUint32(0), height: view.getUint32(4), bitDepth, colourType, interlaced: interlace === 1 };
}

/** What the scanlines of all passes take, a filter byte each. */
function scanlineBytes(pixels: PngPixels): number {
  const bits = pixels.bitDepth * (PNG_CHANNELS[pixels.colourType] ?? 1);
  let total = 0;
  for (const { width, height } of passesOf(pixels))
    total += width === 0 ? 0 : height * (1 + Math.ceil((width * bits) / 8));
  return total;
}

function cutOff() {
  return badImage('is cut off: the PNG file ends before its picture does');
}
