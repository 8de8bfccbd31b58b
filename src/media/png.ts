import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Colour type 2: RGB (W3C PNG, third edition, section 11.2.2). */
const RGB = 2;

/**
 * An I420 picture (BT.601, studio range, even sides) as packed 8-bit RGB, `width · height · 3` bytes. The coefficients are those
 * of ITU-R BT.601-7, section 2.5.
 */
export function i420ToRgb(picture: Uint8Array, width: number, height: number): Uint8Array {
  const rgb = new Uint8ClampedArray(width * height * 3);
  const planeU = width * height;
  const planeV = planeU + planeU / 4;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const chroma = (y >> 1) * (width >> 1) + (x >> 1);
      const luma = (255 / 219) * ((picture[y * width + x] ?? 16) - 16);
      const u = (picture[planeU + chroma] ?? 128) - 128;
      const v = (picture[planeV + chroma] ?? 128) - 128;
      const at = (y * width + x) * 3;
      rgb[at] = luma + 1.596 * v;
      rgb[at + 1] = luma - 0.392 * u - 0.813 * v;
      rgb[at + 2] = luma + 2.017 * u;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** Packed 8-bit RGB as a PNG file. */
export function encodePng(rgb: Uint8Array, width: number, height: number): Buffer {
  const stride = width * 3;
  const rows = Buffer.alloc(height * (1 + stride));
  for (let y = 0; y < height; y++) {
    // Filter 1 (Sub): differences to the left neighbour compress far better than plain samples.
    const at = y * (1 + stride);
    rows[at] = 1;
    for (let i = 0; i < stride; i++) {
      const left = i < 3 ? 0 : (rgb[y * stride + i - 3] ?? 0);
      rows[at + 1 + i] = ((rgb[y * stride + i] ?? 0) - left) & 255;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, RGB, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** An I420 picture as a PNG file. */
export function i420ToPng(picture: Uint8Array, width: number, height: number): Buffer {
  return encodePng(i420ToRgb(picture, width, height), width, height);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
