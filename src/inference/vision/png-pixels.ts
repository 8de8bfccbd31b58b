import { unfilterScanline } from '../../png.js';
import { badImage, type RgbaImage } from './image-format.js';

/** How the scanlines of a PNG are to be read (W3C PNG, third edition, sections 6 to 9). */
export interface PngPixels {
  width: number;
  height: number;
  bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and opacity, 6 RGB and opacity. */
  colourType: number;
  interlaced: boolean;
  palette?: Uint8Array;
  transparency?: Uint8Array;
}

/** Colour type → samples a pixel. */
export const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Adam7: first column and row of each pass, and the steps between its pixels. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The passes in which the pixels are stored: one, or the seven of an interlaced picture, of which small pictures leave some empty. */
export function passesOf({ width, height, interlaced }: PngPixels) {
  const grids = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return grids.map(([x, y, stepX, stepY]) => ({
    ...{ x, y, stepX, stepY },
    width: Math.max(0, Math.ceil((width - x) / stepX)),
    height: Math.max(0, Math.ceil((height - y) / stepY)),
  }));
}

/** The picture from its inflated scanlines, which are unfiltered in place. 16-bit samples keep their upper byte. */
export function unpackPng(raw: Uint8Array, pixels: PngPixels): RgbaImage {
  const { width, height, bitDepth, colourType } = pixels;
  const channels = PNG_CHANNELS[colourType] ?? 1;
  const pixelBytes = Math.max(1, (bitDepth * channels) >> 3);
  const out = new Uint8Array(width * height * 4);
  const put = writerOf(pixels, out);
  const samples = new Uint16Array(channels);
  let at = 0;
  for (const pass of passesOf(pixels)) {
    if (pass.width === 0) continue;
    const stride = Math.ceil((pass.width * bitDepth * channels) / 8);
    for (let row = 0; row < pass.height; row++, at += stride + 1) {
      if (!unfilterScanline(raw, at, stride, pixelBytes, row === 0)) throw badImage('is a damaged PNG file');
      const y = pass.y + row * pass.stepY;
      for (let column = 0; column < pass.width; column++) {
        for (let k = 0; k < channels; k++) samples[k] = sampleAt(raw, at + 1, column * channels + k, bitDepth);
        put(samples, (y * width + pass.x + column * pass.stepX) * 4);
      }
    }
  }
  return { width, height, data: out };
}

function sampleAt(raw: Uint8Array, row: number, index: number, bitDepth: number): number {
  if (bitDepth === 8) return raw[row + index] ?? 0;
  if (bitDepth === 16) return ((raw[row + 2 * index] ?? 0) << 8) | (raw[row + 2 * index + 1] ?? 0);
  const bit = index * bitDepth;
  return ((raw[row + (bit >> 3)] ?? 0) >> (8 - bitDepth - (bit & 7))) & ((1 << bitDepth) - 1);
}

/** Writes one pixel of this kind of picture, from its samples as they are stored, at a place of `out`. */
function writerOf(pixels: PngPixels, out: Uint8Array): (samples: Uint16Array, to: number) => void {
  const { bitDepth, colourType, palette, transparency } = pixels;
  const scale = bitDepth === 16 ? 1 / 256 : 255 / ((1 << bitDepth) - 1);
  const keyed = keyOf(pixels);
  const set = (to: number, red: number, green: number, blue: number, opacity: number) => {
    out[to] = red;
    out[to + 1] = green;
    out[to + 2] = blue;
    out[to + 3] = opacity;
  };
  if (colourType === 3 && palette !== undefined) {
    return ([index = 0], to) => {
      if (3 * index + 2 >= palette.length) throw badImage('is a damaged PNG file');
      const [red = 0, green = 0, blue = 0] = palette.subarray(3 * index, 3 * index + 3);
      set(to, red, green, blue, transparency?.[index] ?? 255);
    };
  }
  if (colourType === 0 || colourType === 4) {
    return ([grey = 0, opacity = 0], to) => {
      const level = grey * scale;
      set(to, level, level, level, colourType === 4 ? opacity * scale : keyed?.[0] === grey ? 0 : 255);
    };
  }
  return ([red = 0, green = 0, blue = 0, opacity = 0], to) => {
    const transparent = keyed !== undefined && keyed[0] === red && keyed[1] === green && keyed[2] === blue;
    set(to, red * scale, green * scale, blue * scale, colourType === 6 ? opacity * scale : transparent ? 0 : 255);
  };
}

/** The one grey or colour that stands for transparent, as 16-bit samples. */
function keyOf({ colourType, transparency }: PngPixels): number[] | undefined {
  if (transparency === undefined || (colourType !== 0 && colourType !== 2)) return undefined;
  const view = new DataView(transparency.buffer, transparency.byteOffset, transparency.byteLength);
  return Array.from({ length: transparency.length >> 1 }, (_, i) => view.getUint16(2 * i));
}
