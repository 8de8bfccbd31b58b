import type { Person } from './person.js';
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
        const p = (Math.imul(v >> FRACTION_BITS, strideY) + (u >> FRACTION_BITS)) | 0;
        const gu = ONE - fu;
        const upper = Math.imul(texY[p]!, gu) + Math.imul(texY[p + 1]!, fu);
        const lower = Math.imul(texY[p + strideY]!, gu) + Math.imul(texY[p + strideY + 1]!, fu);
        out[at] = (Math.imul(upper, ONE - fv) + Math.imul(lower, fv) + ROUND) >> (2 * FRACTION_BITS);
      }
    }
    let at = row * width + x0;
    const end = row * width + x1;
    let chroma = (row >> 1) * half + (x0 >> 1);
    for (; at < end; at += 2, chroma++) {
      // A chroma sample sits in the middle of its four pixels (two opposite ones tell where) and the chroma
      // texture has half the density.
      let u = ((mapU[at]! + mapU[at + width + 1]!) >> 2) - (ONE >> 2);
      let v = ((mapV[at]! + mapV[at + width + 1]!) >> 2) - (ONE >> 2);
      if (u < 0) u = 0;
      if (v < 0) v = 0;
      const fu = u & MASK;
      const fv = v & MASK;
      const p = (Math.imul(v >> FRACTION_BITS, strideC) + (u >> FRACTION_BITS)) | 0;
      const g11 = Math.imul(fu, fv);
      const g10 = (fu << FRACTION_BITS) - g11;
      const g01 = (fv << FRACTION_BITS) - g11;
      const g00 = ONE * ONE - g10 - g01 - g11;
      out[planeU + chroma] =
        (Math.imul(texU[p]!, g00) +
          Math.imul(texU[p + 1]!, g10) +
          Math.imul(texU[p + strideC]!, g01) +
          Math.imul(texU[p + strideC + 1]!, g11) +
          ROUND) >>
        (2 * FRACTION_BITS);
      out[planeV + chroma] =
        (Math.imul(texV[p]!, g00) +
          Math.imul(texV[p + 1]!, g10) +
          Math.imul(texV[p + strideC]!, g01) +
          Math.imul(texV[p + strideC + 1]!, g11) +
          ROUND) >>
        (2 * FRACTION_BITS);
    }
  }
}

/**
 * As `sampleMap`, over what the picture holds already: a person whose samples carry their coverage (`Person`). Where nothing
 * of the person is, the picture stays as it is to the bit.
 */
export function sampleOver(
  person: Person,
  map: WarpMap,
  out: Uint8Array,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
): void {
  const { u: mapU, v: mapV, width, height } = map;
  const { y: texY, u: texU, v: texV, alpha, alphaC } = person;
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
        const p = (Math.imul(v >> FRACTION_BITS, strideY) + (u >> FRACTION_BITS)) | 0;
        const a00 = alpha[p]!;
        const a10 = alpha[p + 1]!;
        const a01 = alpha[p + strideY]!;
        const a11 = alpha[p + strideY + 1]!;
        const covered = a00 + a10 + a01 + a11;
        if (covered === 0) continue;
        const fu = u & MASK;
        const fv = v & MASK;
        const gu = ONE - fu;
        const upper = Math.imul(texY[p]!, gu) + Math.imul(texY[p + 1]!, fu);
        const lower = Math.imul(texY[p + strideY]!, gu) + Math.imul(texY[p + strideY + 1]!, fu);
        const own = (Math.imul(upper, ONE - fv) + Math.imul(lower, fv) + ROUND) >> (2 * FRACTION_BITS);
        if (covered === 1020) {
          out[at] = own;
          continue;
        }
        const above = Math.imul(a00, gu) + Math.imul(a10, fu);
        const below = Math.imul(a01, gu) + Math.imul(a11, fu);
        const a = (Math.imul(above, ONE - fv) + Math.imul(below, fv) + ROUND) >> (2 * FRACTION_BITS);
        out[at] = own + divide255(Math.imul(255 - a, out[at]!));
      }
    }
    let at = row * width + x0;
    const end = row * width + x1;
    let chroma = (row >> 1) * half + (x0 >> 1);
    for (; at < end; at += 2, chroma++) {
      let u = ((mapU[at]! + mapU[at + width + 1]!) >> 2) - (ONE >> 2);
      let v = ((mapV[at]! + mapV[at + width + 1]!) >> 2) - (ONE >> 2);
      if (u < 0) u = 0;
      if (v < 0) v = 0;
      const fu = u & MASK;
      const fv = v & MASK;
      const p = (Math.imul(v >> FRACTION_BITS, strideC) + (u >> FRACTION_BITS)) | 0;
      const a00 = alphaC[p]!;
      const a10 = alphaC[p + 1]!;
      const a01 = alphaC[p + strideC]!;
      const a11 = alphaC[p + strideC + 1]!;
      if (a00 + a10 + a01 + a11 === 0) continue;
      const g11 = Math.imul(fu, fv);
      const g10 = (fu << FRACTION_BITS) - g11;
      const g01 = (fv << FRACTION_BITS) - g11;
      const g00 = ONE * ONE - g10 - g01 - g11;
      const a =
        (Math.imul(a00, g00) + Math.imul(a10, g10) + Math.imul(a01, g01) + Math.imul(a11, g11) + ROUND) >>
        (2 * FRACTION_BITS);
      const ownU =
        (Math.imul(texU[p]!, g00) +
          Math.imul(texU[p + 1]!, g10) +
          Math.imul(texU[p + strideC]!, g01) +
          Math.imul(texU[p + strideC + 1]!, g11) +
          ROUND) >>
        (2 * FRACTION_BITS);
      const ownV =
        (Math.imul(texV[p]!, g00) +
          Math.imul(texV[p + 1]!, g10) +
          Math.imul(texV[p + strideC]!, g01) +
          Math.imul(texV[p + strideC + 1]!, g11) +
          ROUND) >>
        (2 * FRACTION_BITS);
      out[planeU + chroma] = ownU + divide255(Math.imul(255 - a, out[planeU + chroma]!));
      out[planeV + chroma] = ownV + divide255(Math.imul(255 - a, out[planeV + chroma]!));
    }
  }
}

/** Rounded quotient of 0…65535 by 255. */
function divide255(value: number): number {
  return (value + 128 + ((value + 128) >> 8)) >> 8;
}
