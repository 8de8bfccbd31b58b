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

/**
 * Takes the background out of the portrait. Where coverage and background cannot explain the portrait's colour (hair darker than what is
 * behind it may not give light back), the coverage is raised until they do, so that at rest the portrait itself is seen.
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
  const { y } = texture;
  for (let i = 0; i < alpha.length; i++) {
    const own = y[i]!;
    const wall = behind.y[i]!;
    let a = alpha[i]!;
    if (a === 0) {
      y[i] = 0;
      behind.y[i] = own;
      continue;
    }
    if (own < wall) a = Math.max(a, Math.min(255, Math.ceil((255 * (wall - own)) / Math.max(1, wall - BLACK))));
    else a = Math.max(a, Math.min(255, Math.ceil((255 * (own - wall)) / Math.max(1, WHITE - wall))));
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
