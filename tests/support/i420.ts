import { crc32, deflateSync } from 'node:zlib';

/** An I420 picture (BT.601 studio range) as packed 8-bit RGB. */
export function i420ToRgb(picture: Uint8Array, width: number, height: number): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  const planeU = width * height;
  const planeV = planeU + planeU / 4;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const chroma = (y >> 1) * (width >> 1) + (x >> 1);
      const luma = (255 / 219) * (picture[y * width + x]! - 16);
      const u = picture[planeU + chroma]! - 128;
      const v = picture[planeV + chroma]! - 128;
      const at = (y * width + x) * 3;
      rgb[at] = byte(luma + 1.596 * v);
      rgb[at + 1] = byte(luma - 0.392 * u - 0.813 * v);
      rgb[at + 2] = byte(luma + 2.017 * u);
    }
  }
  return rgb;
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

/** Packed 8-bit RGB as a PNG file. */
export function encodePng(rgb: Uint8Array, width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    // Filter 1 (Sub): differences to the left neighbour compress far better than plain samples.
    const at = y * (1 + width * 3);
    rows[at] = 1;
    for (let i = 0; i < width * 3; i++) {
      const left = i < 3 ? 0 : rgb[y * width * 3 + i - 3]!;
      rows[at + 1 + i] = (rgb[y * width * 3 + i]! - left) & 255;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** An I420 picture as a PNG file. */
export function i420ToPng(picture: Uint8Array, width: number, height: number): Buffer {
  return encodePng(i420ToRgb(picture, width, height), width, height);
}

/** Peak signal-to-noise ratio of two equally long byte arrays, in dB. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * a.length) / sum);
}
