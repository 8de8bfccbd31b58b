import { exifOrientation } from './exif.js';
import { badImage, type ImageHeader, type RgbaImage } from './image-format.js';
import { codecModule, type Decoder } from './wasm-codec.js';

const ANIMATION_FLAG = 0x02;

/** Size and orientation from the chunks (RFC 9649). Throws `bad-request` for what is cut off, damaged or animated. */
export function readWebpHeader(file: Uint8Array): ImageHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 20 || 8 + view.getUint32(4, true) > file.length) throw cutOff();
  let size: { width: number; height: number } | undefined;
  let orientation = 1;
  let picture = false;
  for (let at = 12; at + 8 <= file.length; ) {
    const type = Buffer.from(file.subarray(at, at + 4)).toString('latin1');
    const length = view.getUint32(at + 4, true);
    if (at + 8 + length > file.length) throw cutOff();
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === 'ANIM' || type === 'ANMF' || (type === 'VP8X' && ((body[0] ?? 0) & ANIMATION_FLAG) !== 0)) {
      throw badImage('is animated: a still picture is needed');
    }
    if (type === 'VP8 ' || type === 'VP8L') picture = true;
    size ??= readSize(type, body);
    if (type === 'EXIF') orientation = exifOrientation(withoutPrefix(body));
    at += 8 + length + (length % 2);
  }
  if (size === undefined || !picture) throw badImage('is a WebP file without a picture');
  return { ...size, orientation };
}

/** Decodes with libwebp. */
export async function decodeWebp(file: Uint8Array): Promise<RgbaImage> {
  const decoder = await codecModule<Decoder>('@jsquash/webp/codec/dec/webp_dec', () => {});
  const image = decoder.decode(file);
  if (!image) throw badImage('is a damaged WebP file');
  return { width: image.width, height: image.height, data: new Uint8Array(image.data.buffer) };
}

function readSize(type: string, body: Uint8Array): { width: number; height: number } | undefined {
  if (body.length < 10) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (type === 'VP8X') return { width: 1 + uint24(view, 4), height: 1 + uint24(view, 7) };
  if (type === 'VP8 ') return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
  if (type !== 'VP8L') return undefined;
  const bits = view.getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
}

/** Some writers keep JPEG's six bytes before the TIFF header. */
function withoutPrefix(body: Uint8Array): Uint8Array {
  return Buffer.from(body.subarray(0, 6)).toString('latin1') === 'Exif\0\0' ? body.subarray(6) : body;
}

function cutOff() {
  return badImage('is cut off: the WebP file is shorter than it says');
}
