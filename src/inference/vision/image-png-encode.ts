import { crc32, deflateSync } from 'node:zlib';
import type { RgbaImage } from './image-format.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const RGBA = 6;
const SUBTRACT_LEFT = 1;

/** The picture as a PNG file, 8 bits a channel with opacity. */
export function encodePng({ width, height, data }: RgbaImage): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, RGBA, 0, 0, 0], 8);
  const stride = width * 4;
  const raw = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    const [to, from] = [y * (stride + 1) + 1, y * stride];
    raw[to - 1] = SUBTRACT_LEFT;
    for (let i = 0; i < stride; i++) raw[to + i] = (data[from + i] ?? 0) - (i < 4 ? 0 : (data[from + i - 4] ?? 0));
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(named.length + 8);
  out.writeUInt32BE(body.length, 0);
  out.set(named, 4);
  out.writeUInt32BE(crc32(named), named.length + 4);
  return out;
}
