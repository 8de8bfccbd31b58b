import { exifOrientation } from './exif.js';
import { badImage, type ImageHeader, type RgbaImage } from './image-format.js';
import { codecModule, type Decoder } from './wasm-codec.js';

/** Baseline, extended and progressive Huffman coding; the others (lossless, hierarchical, arithmetic) are not photos of anyone. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const hasNoLength = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
const [START_OF_SCAN, END_OF_IMAGE, APP1] = [0xda, 0xd9, 0xe1];
/** Encoders write about ten; each scan costs the decoder a pass over the picture, so thousands of empty ones would stall it. */
const MAX_SCANS = 100;

/** Size and orientation from the markers (ITU-T T.81, annex B). Throws `bad-request` for what cannot or must not be decoded. */
export function readJpegHeader(file: Uint8Array): ImageHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let orientation = 1;
  let size: { width: number; height: number } | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    const next = nextMarker(file, at);
    if (next === undefined) throw cutOff();
    const marker = file[next] ?? 0;
    at = next + 1;
    if (marker === END_OF_IMAGE) break;
    if (hasNoLength(marker)) continue;
    if (at + 2 > file.length) throw cutOff();
    const length = view.getUint16(at);
    if (length < 2) throw badImage('is a damaged JPEG file');
    if (at + length > file.length) throw cutOff();
    const body = file.subarray(at + 2, at + length);
    if (marker === APP1 && size === undefined && isExif(body)) orientation = exifOrientation(body.subarray(6));
    if (isFrame(marker)) size ??= readFrame(marker, body);
    if (marker === START_OF_SCAN && ++scans > MAX_SCANS)
      throw badImage(`is a JPEG file of more than ${MAX_SCANS} scans`);
    at += length;
  }
  if (size === undefined || scans === 0) throw badImage('is a JPEG file without a picture');
  return { ...size, orientation };
}

/** Decodes with MozJPEG. Rejects with `bad-request` when the data breaks off, which the decoder itself would fill with grey. */
export async function decodeJpeg(file: Uint8Array): Promise<RgbaImage> {
  const warnings: string[] = [];
  const decoder = await codecModule<Decoder>('@jsquash/jpeg/codec/dec/mozjpeg_dec', (line) => warnings.push(line));
  const image = decoder.decode(file, false);
  if (warnings.some((line) => /premature end/i.test(line))) throw cutOff();
  // Stray bytes between segments, which some cameras write, harm nothing.
  const damaged = warnings.some((line) => /corrupt/i.test(line) && !/extraneous/i.test(line));
  if (!image || damaged) throw badImage('is a damaged JPEG file');
  return { width: image.width, height: image.height, data: new Uint8Array(image.data.buffer) };
}

/** Place of the next marker's code: after a scan's header that skips its data, in which a 0xff is followed by 0 or a restart marker. */
function nextMarker(file: Uint8Array, from: number): number | undefined {
  let at = file.indexOf(0xff, from);
  while (at !== -1 && at + 1 < file.length) {
    const code = file[at + 1] ?? 0;
    if (code !== 0 && code !== 0xff) return at + 1;
    at = file.indexOf(0xff, code === 0xff ? at + 1 : at + 2);
  }
  return undefined;
}

function readFrame(marker: number, body: Uint8Array): { width: number; height: number } {
  if (body.length < 6) throw badImage('is a damaged JPEG file');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const components = view.getUint8(5);
  if (components === 4) throw badImage('is a JPEG file in CMYK, for print: save it in RGB');
  if (components !== 1 && components !== 3)
    throw badImage(`is a JPEG file of ${components} colour channels: 1 or 3 are needed`);
  if (!FRAMES.has(marker)) throw badImage('is a JPEG file of a kind that is not read (lossless or arithmetic coding)');
  if (view.getUint8(0) !== 8) throw badImage(`is a JPEG file of ${view.getUint8(0)} bits a channel: 8 are needed`);
  return { width: view.getUint16(3), height: view.getUint16(1) };
}

function isExif(body: Uint8Array): boolean {
  return Buffer.from(body.subarray(0, 6)).toString('latin1') === 'Exif\0\0';
}

function cutOff() {
  return badImage('is cut off: the JPEG file ends before its picture does');
}
