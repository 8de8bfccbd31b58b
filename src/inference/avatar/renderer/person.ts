import type { GreyImage, RgbImage } from '../png.js';
import { buildTexture, type Fit, resampleGrey, type Texture } from './texture.js';

/** Studio range (ITU-R BT.601-7, section 2.5.3). */
const BLACK = 16;
const WHITE = 235;

/**
 * A person without what is behind: every sample of the texture holds only the person's share of the light (colour times
 * coverage), so that `person + (1 − coverage) · background` is the picture, wherever the person has moved to and with whatever behind.
 */
export interface Person extends Texture {
  /** Coverage 0…255 as dense as `y`. */
  alpha: Uint8Array;
  /** Coverage 0…255 as dense as `u` and `v`. */
  alphaC: Uint8Array;
}

/** The layers of a portrait. Runs once per avatar. */
export interface Layers {
  person: Person;
  /** The background as an I420 picture of the output's size. */
  background: Uint8Array;
}

/** As far from the person, in parts of the picture's shorter side, single hairs and glow that a matte did not find are looked for. */
const FRINGE = 1 / 24;
/** Levels by which the portrait may differ there from the background: grain. */
const GRAIN = 3;

/**
 * Takes the background out of the portrait. Where coverage and background cannot explain the portrait's colour (hair darker than what is
 * behind it may not give light back), the coverage is raised until they do, so that at rest the portrait itself is seen. The same goes for what
 * differs from the background next to the person where the matte has nothing: it goes with the head, and no outline of the head stays behind.
 */
export function buildLayers(
  images: { portrait: RgbImage; matte: GreyImage; background: RgbImage },
  fit: Fit,
  width: number,
  height: number,
): Layers {
  const texture = buildTexture(images.portrait, fit, width, height);
  const behind = buildTexture(images.background, fit, width, height);
  const alpha = resampleGrey(images.matte, fit, width * 2, height * 2, 2);
  const near = nearTo(alpha, 2 * width, 2 * height, Math.round(FRINGE * 2 * Math.min(width, height)));
  const { y } = texture;
  for (let i = 0; i < alpha.length; i++) {
    const own = y[i]!;
    const wall = behind.y[i]!;
    if (alpha[i] === 0 && (near[i] === 0 || Math.abs(own - wall) <= GRAIN)) {
      y[i] = 0;
      behind.y[i] = own;
      continue;
    }
    const range = own < wall ? wall - BLACK : WHITE - wall;
    const a = Math.max(alpha[i]!, Math.min(255, Math.ceil((255 * Math.abs(own - wall)) / Math.max(1, range))));
    alpha[i] = a;
    y[i] = Math.max(0, own - Math.round(((255 - a) * wall) / 255));
  }
  const alphaC = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) {
      const at = row * 4 * width + x * 2;
      const sum = alpha[at]! + alpha[at + 1]! + alpha[at + 2 * width]! + alpha[at + 2 * width + 1]!;
      const i = row * width + x;
      const a = (sum + 2) >> 2;
      alphaC[i] = a;
      for (const plane of ['u', 'v'] as const) {
        if (a === 0) behind[plane][i] = texture[plane][i]!;
        texture[plane][i] = Math.max(0, texture[plane][i]! - Math.round(((255 - a) * behind[plane][i]!) / 255));
      }
    }
  }
  return { person: { ...texture, alpha, alphaC }, background: halve(behind) };
}

/** 1 within `reach` samples, along both axes, of a sample that is not 0. */
function nearTo(alpha: Uint8Array, width: number, height: number, reach: number): Uint8Array {
  const across = new Uint8Array(alpha.length);
  for (let row = 0; row < height; row++) spread(alpha, across, row * width, 1, width, reach);
  const out = new Uint8Array(alpha.length);
  for (let column = 0; column < width; column++) spread(across, out, column, width, height, reach);
  return out;
}

/** Marks a line's samples up to `reach` on either side of one that is not 0. */
function spread(from: Uint8Array, to: Uint8Array, start: number, stride: number, count: number, reach: number): void {
  for (const [first, step] of [
    [start, stride],
    [start + (count - 1) * stride, -stride],
  ] as const) {
    let since = reach + 1;
    for (let k = 0, at = first; k < count; k++, at += step) {
      since = from[at] === 0 ? since + 1 : 0;
      if (since <= reach) to[at] = 1;
    }
  }
}

/** The texture as a picture of the output's size. */
function halve({ width, height, y, u, v }: Texture): Uint8Array {
  const out = new Uint8Array((width * height * 3) / 2);
  const mean = (plane: Uint8Array, stride: number, x: number, row: number) => {
    const at = 2 * row * stride + 2 * x;
    return (plane[at]! + plane[at + 1]! + plane[at + stride]! + plane[at + stride + 1]! + 2) >> 2;
  };
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) out[row * width + x] = mean(y, 2 * width, x, row);
  }
  const [halfWidth, size] = [width / 2, (width * height) / 4];
  for (let row = 0; row < height / 2; row++) {
    for (let x = 0; x < halfWidth; x++) {
      out[width * height + row * halfWidth + x] = mean(u, width, x, row);
      out[width * height + size + row * halfWidth + x] = mean(v, width, x, row);
    }
  }
  return out;
}
