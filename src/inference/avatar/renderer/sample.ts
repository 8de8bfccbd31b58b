import type { Texture } from './texture.js';
import { FRACTION_BITS, type WarpMap } from './warp-map.js';

const ONE = 1 << FRACTION_BITS;
const MASK = ONE - 1;
const ROUND = 1 << (2 * FRACTION_BITS - 1);

/**
 * Draws the rectangle [x0, x1) × [y0, y1) (even bounds) of an I420 picture: every pixel takes the bilinear sample that the
 * map names. Map places must lie inside the texture less one sample. No allocation.
 */
export function sampleMap(
  texture: Texture,
  map: WarpMap,
  out: Uint8Array,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
): void {
  const { u: mapU, v: mapV, width, height } = map;
  const { y: texY, u: texU, v: texV } = texture;
  const strideY = width * 2;
  const strideC = width;
  const half = width >> 1;
  const planeU = width * height;
  const planeV = planeU + half * (height >> 1);
  for (let row = y0; row < y1; row += 2) {
    for (let line = row; line < row + 2; line++) {
      const end = line * width + x1;
      for (let at = line * width + x0; at < end; at++) {
        const u = mapU[at]!;
        const v = mapV[at]!;
        const fu = u & MASK;
        const fv = v & MASK;
        const p = (v >> FRACTION_BITS) * strideY + (u >> FRACTION_BITS);
        const upper = texY[p]! * (ONE - fu) + texY[p + 1]! * fu;
        const lower = texY[p + strideY]! * (ONE - fu) + texY[p + strideY + 1]! * fu;
        out[at] = (upper * (ONE - fv) + lower * fv + ROUND) >> (2 * FRACTION_BITS);
      }
    }
    let at = row * width + x0;
    const end = row * width + x1;
    let chroma = (row >> 1) * half + (x0 >> 1);
    for (; at < end; at += 2, chroma++) {
      // A chroma sample sits in the middle of its four pixels and the chroma texture has half the density.
      let u = ((mapU[at]! + mapU[at + 1]! + mapU[at + width]! + mapU[at + width + 1]!) >> 3) - (ONE >> 2);
      let v = ((mapV[at]! + mapV[at + 1]! + mapV[at + width]! + mapV[at + width + 1]!) >> 3) - (ONE >> 2);
      if (u < 0) u = 0;
      if (v < 0) v = 0;
      const fu = u & MASK;
      const fv = v & MASK;
      const p = (v >> FRACTION_BITS) * strideC + (u >> FRACTION_BITS);
      const g11 = fu * fv;
      const g10 = (fu << FRACTION_BITS) - g11;
      const g01 = (fv << FRACTION_BITS) - g11;
      const g00 = ONE * ONE - g10 - g01 - g11;
      out[planeU + chroma] =
        (texU[p]! * g00 + texU[p + 1]! * g10 + texU[p + strideC]! * g01 + texU[p + strideC + 1]! * g11 + ROUND) >>
        (2 * FRACTION_BITS);
      out[planeV + chroma] =
        (texV[p]! * g00 + texV[p + 1]! * g10 + texV[p + strideC]! * g01 + texV[p + strideC + 1]! * g11 + ROUND) >>
        (2 * FRACTION_BITS);
    }
  }
}
