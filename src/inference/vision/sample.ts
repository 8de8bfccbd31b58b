import { flattened, type RgbaImage } from './image-format.js';

/** A square of a picture, turned about its centre. Pixels of the picture; `angle` in radians, clockwise as one looks at it. */
export interface Region {
  centreX: number;
  centreY: number;
  side: number;
  angle: number;
}

/** How the pixels of a crop become numbers: `value / 255 * (high - low) + low`, and what lies outside the picture. */
export interface CropRange {
  low: number;
  high: number;
  outside: 'black' | 'edge';
}

/** Source pixels a crop pixel up to which four neighbours are enough; beyond it a smaller copy of the picture is sampled. */
const MAX_STEP = 2;

/**
 * A picture and its halved copies, from which crops of any size are taken without aliasing. Transparent parts are laid on grey. The copies
 * are made when they are first needed and cost a third of the picture's memory.
 */
export class SampledImage {
  readonly width: number;
  readonly height: number;
  readonly #levels: RgbaImage[];

  constructor(image: RgbaImage) {
    this.width = image.width;
    this.height = image.height;
    this.#levels = [flattened(image)];
  }

  /** The picture itself, opaque. */
  get full(): RgbaImage {
    return this.#levels[0]!;
  }

  /** The square around the whole picture. */
  get whole(): Region {
    return { centreX: this.width / 2, centreY: this.height / 2, side: Math.max(this.width, this.height), angle: 0 };
  }

  /** `size`×`size` pixels of a region, RGB, row by row: `size * size * 3` numbers in the given range; bilinear. */
  crop(region: Region, size: number, range: CropRange): Float32Array {
    return this.cropTo(region, size, size, region.side, range);
  }

  /** As `crop`, for a rectangle: `region.side` is its width, `regionHeight` its height, `width * height * 3` numbers come out. */
  cropTo(region: Region, width: number, height: number, regionHeight: number, range: CropRange): Float32Array {
    const level = this.#level(Math.max(region.side / width, regionHeight / height));
    const shrink = 2 ** level;
    const { data, ...size } = this.#at(level);
    const out = new Float32Array(width * height * 3);
    const scale = (range.high - range.low) / 255;
    const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
    const [stepX, stepY] = [region.side / width / shrink, regionHeight / height / shrink];
    const read = (x: number, y: number, k: number): number => {
      const inside = x >= 0 && y >= 0 && x < size.width && y < size.height;
      if (!inside && range.outside === 'black') return 0;
      const column = Math.min(Math.max(x, 0), size.width - 1);
      const row = Math.min(Math.max(y, 0), size.height - 1);
      return data[(row * size.width + column) * 4 + k] ?? 0;
    };
    for (let row = 0, i = 0; row < height; row++) {
      const v = (row + 0.5 - height / 2) * stepY;
      for (let column = 0; column < width; column++) {
        const u = (column + 0.5 - width / 2) * stepX;
        const x = region.centreX / shrink + u * cos - v * sin - 0.5;
        const y = region.centreY / shrink + u * sin + v * cos - 0.5;
        const [left, top] = [Math.floor(x), Math.floor(y)];
        const [right, low] = [x - left, y - top];
        for (let k = 0; k < 3; k++, i++) {
          const above = read(left, top, k) * (1 - right) + read(left + 1, top, k) * right;
          const below = read(left, top + 1, k) * (1 - right) + read(left + 1, top + 1, k) * right;
          out[i] = (above * (1 - low) + below * low) * scale + range.low;
        }
      }
    }
    return out;
  }

  #level(step: number): number {
    return Math.max(0, Math.ceil(Math.log2(step / MAX_STEP)));
  }

  #at(level: number): RgbaImage {
    while (this.#levels.length <= level) {
      const last = this.#levels.at(-1)!;
      if (last.width < 2 || last.height < 2) return last;
      this.#levels.push(halved(last));
    }
    return this.#levels[level]!;
  }
}

/** Each pixel the mean of four; an odd last row or column is left out. */
function halved({ width, height, data }: RgbaImage): RgbaImage {
  const [w, h] = [width >> 1, height >> 1];
  const out = new Uint8Array(w * h * 4);
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = (2 * y * width + 2 * x) * 4;
      const below = at + width * 4;
      for (let k = 0; k < 4; k++, i++) {
        out[i] =
          ((data[at + k] ?? 0) + (data[at + k + 4] ?? 0) + (data[below + k] ?? 0) + (data[below + k + 4] ?? 0) + 2) >>
          2;
      }
    }
  }
  return { width: w, height: h, data: out };
}

/** Where a point of a crop of `size` pixels lies in the picture. */
export function fromCrop(region: Region, size: number, x: number, y: number): [number, number] {
  const [u, v] = [(x / size - 0.5) * region.side, (y / size - 0.5) * region.side];
  const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
  return [region.centreX + u * cos - v * sin, region.centreY + u * sin + v * cos];
}
