import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import type { RgbaImage } from '../../src/inference/vision/image.js';
import { decodeImage } from '../../src/inference/vision/image.js';
import { codecModule } from '../../src/inference/vision/wasm-codec.js';
import { encodePng } from '../../src/png.js';
import { stockFolder } from '../inference/avatar/stock.js';

interface Encoder {
  encode(data: Uint8Array, width: number, height: number, options: object): Uint8Array;
}

/** The middle square of a stock avatar's portrait, 768 pixels each way, as a PNG file. */
export async function stockPortraitFile(id: string): Promise<Buffer> {
  return encodePng(await stockPortrait(id));
}

/** The same, decoded. */
export async function stockPortrait(id: string): Promise<RgbaImage> {
  const whole = await wideStockPortrait(id);
  const side = whole.height;
  const left = (whole.width - side) / 2;
  return moved(whole, side, side, (x, y) => [left + x, y]);
}

/** A stock avatar's whole portrait: head and both shoulders, 16 : 9. */
export function wideStockPortrait(id: string): Promise<RgbaImage> {
  return decodeImage(readFileSync(`${stockFolder(id)}/portrait.png`));
}

/** A picture from a function of the place in pixels, which gives 0…255 RGB or RGBA. */
export function picture(width: number, height: number, colour: (x: number, y: number) => ArrayLike<number>): RgbaImage {
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i += 4) data.set(colour(x, y), i);
  return { width, height, data };
}

/** `image` seen through a map of places: each pixel of the new picture takes the nearest one at `from(x, y)`, or grey outside. */
export function moved(
  image: RgbaImage,
  width: number,
  height: number,
  from: (x: number, y: number) => readonly [number, number],
): RgbaImage {
  return picture(width, height, (x, y) => {
    const [u, v] = from(x + 0.5, y + 0.5).map(Math.floor) as [number, number];
    const inside = u >= 0 && v >= 0 && u < image.width && v < image.height;
    return inside ? image.data.subarray((v * image.width + u) * 4, (v * image.width + u) * 4 + 4) : [128, 128, 128];
  });
}

/** Turned clockwise about its centre. */
export function turned(image: RgbaImage, degrees: number): RgbaImage {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [cx, cy] = [image.width / 2, image.height / 2];
  return moved(image, image.width, image.height, (x, y) => {
    const [dx, dy] = [x - cx, y - cy];
    return [cx + dx * cos + dy * sin, cy + dy * cos - dx * sin];
  });
}

/** Made smaller by a whole factor, each pixel the mean of those it stands for. */
export function shrunk(image: RgbaImage, factor: number): RgbaImage {
  const [width, height] = [Math.floor(image.width / factor), Math.floor(image.height / factor)];
  return picture(width, height, (x, y) => {
    const sum = [0, 0, 0];
    for (let row = 0; row < factor; row++) {
      for (let column = 0; column < factor; column++) {
        const at = ((y * factor + row) * image.width + x * factor + column) * 4;
        for (let k = 0; k < 3; k++) sum[k] = (sum[k] ?? 0) + (image.data[at + k] ?? 0);
      }
    }
    return sum.map((value) => value / factor ** 2);
  });
}

/** Blurred by running means of `radius` pixels to each side, across and down, twice. */
export function blurred(image: RgbaImage, radius: number): RgbaImage {
  let result = image;
  for (const [stepX, stepY] of [
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 1],
  ] as const) {
    const source = result;
    result = picture(image.width, image.height, (x, y) => {
      const sum = [0, 0, 0];
      for (let offset = -radius; offset <= radius; offset++) {
        const u = Math.min(image.width - 1, Math.max(0, x + offset * stepX));
        const v = Math.min(image.height - 1, Math.max(0, y + offset * stepY));
        for (let k = 0; k < 3; k++) sum[k] = (sum[k] ?? 0) + (source.data[(v * image.width + u) * 4 + k] ?? 0);
      }
      return sum.map((value) => value / (2 * radius + 1));
    });
  }
  return result;
}

export function painted(image: RgbaImage, colour: (x: number, y: number) => readonly number[] | undefined): RgbaImage {
  const at = (x: number, y: number) => (y * image.width + x) * 4;
  return picture(image.width, image.height, (x, y) => colour(x, y) ?? image.data.subarray(at(x, y), at(x, y) + 4));
}

export async function jpegOf({ data, width, height }: RgbaImage, options: object = {}): Promise<Buffer> {
  const codec = await codecModule<Encoder>('@jsquash/jpeg/codec/enc/mozjpeg_enc', () => {});
  const defaults = {
    ...{ quality: 90, baseline: false, arithmetic: false, progressive: true, optimize_coding: true, smoothing: 0 },
    ...{ color_space: 3, quant_table: 3, trellis_multipass: false, trellis_opt_zero: false, trellis_opt_table: false },
    ...{
      trellis_loops: 1,
      auto_subsample: true,
      chroma_subsample: 2,
      separate_chroma_quality: false,
      chroma_quality: 90,
    },
  };
  return Buffer.from(codec.encode(data, width, height, { ...defaults, ...options }));
}

export async function webpOf({ data, width, height }: RgbaImage): Promise<Buffer> {
  const codec = await codecModule<Encoder>('@jsquash/webp/codec/enc/webp_enc', () => {});
  const defaults = {
    ...{
      quality: 90,
      target_size: 0,
      target_PSNR: 0,
      method: 2,
      sns_strength: 50,
      filter_strength: 60,
      filter_sharpness: 0,
    },
    ...{ filter_type: 1, partitions: 0, segments: 4, pass: 1, show_compressed: 0, preprocessing: 0, autofilter: 0 },
    ...{ partition_limit: 0, alpha_compression: 1, alpha_filtering: 1, alpha_quality: 100, lossless: 1, exact: 0 },
    ...{
      image_hint: 0,
      emulate_jpeg_size: 0,
      thread_level: 0,
      low_memory: 0,
      near_lossless: 100,
      use_delta_palette: 0,
      use_sharp_yuv: 0,
    },
  };
  return Buffer.from(codec.encode(data, width, height, defaults));
}

/** An EXIF block, TIFF header first, that holds only an orientation. */
export function exifBlock(orientation: number, littleEndian = false): Buffer {
  const block = Buffer.alloc(26);
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, 8, littleEndian);
  view.setUint16(8, 1, littleEndian);
  view.setUint16(10, 0x0112, littleEndian);
  view.setUint16(12, 3, littleEndian);
  view.setUint32(14, 1, littleEndian);
  view.setUint16(18, orientation, littleEndian);
  return block;
}

/** The JPEG file with an EXIF segment after its first marker. */
export function withExif(jpeg: Buffer, orientation: number, littleEndian = false): Buffer {
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exifBlock(orientation, littleEndian)]);
  const segment = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, body, jpeg.subarray(2)]);
}

export function pngChunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(named.length + 8);
  out.writeUInt32BE(body.length, 0);
  out.set(named, 4);
  out.writeUInt32BE(crc32(named), named.length + 4);
  return out;
}

/** A PNG file of scanlines as they are given, each with its filter byte. `before` and `after` are chunks around the header's place. */
export function pngFile(
  o: { width: number; height: number; bitDepth: number; colourType: number; interlaced?: boolean },
  scanlines: readonly number[],
  chunks: readonly Buffer[] = [],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(o.width, 0);
  header.writeUInt32BE(o.height, 4);
  header.set([o.bitDepth, o.colourType, 0, 0, o.interlaced ? 1 : 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IDAT', deflateSync(Buffer.from(scanlines))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}
