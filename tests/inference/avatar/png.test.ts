import { describe, expect, it } from 'vitest';
import { decodeGreyPng, decodePng } from '../../../src/inference/avatar/png.js';
import { encodeGreyPng, encodeRgbPng } from '../../../src/png.js';

describe('decodePng', () => {
  it('gives back the pixels that were encoded', () => {
    const rgb = Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => (i * 37) % 256);
    expect(decodePng(encodeRgbPng({ width: 7, height: 5, data: rgb }), { maxSide: 8 })).toEqual({
      width: 7,
      height: 5,
      data: rgb,
    });
  });

  it('refuses a picture larger than allowed before inflating it', () => {
    expect(() => decodePng(encodeRgbPng({ width: 9, height: 1, data: new Uint8Array(27) }), { maxSide: 8 })).toThrow(
      /at most 8/,
    );
  });

  it('refuses palettes and 16-bit samples', () => {
    const file = encodeRgbPng({ width: 2, height: 2, data: new Uint8Array(12) });
    file[24] = 16;
    expect(() => decodePng(file, { maxSide: 8 })).toThrow(/8-bit/);
    file[24] = 8;
    file[25] = 3;
    expect(() => decodePng(file, { maxSide: 8 })).toThrow(/RGB/);
  });
});

describe('decodeGreyPng', () => {
  it('gives back the pixels that were encoded, whatever filter a row has', () => {
    // Rows that rise to the right, that repeat the one above, that rise both ways, and noise: each suits another filter.
    const data = Uint8Array.from({ length: 16 * 16 }, (_, i) => {
      const [x, y] = [i % 16, i >> 4];
      if (y < 4) return x * 9;
      if (y < 8) return (x * 67) % 251;
      return y < 12 ? x * 5 + y * 7 : (i * i * 31) % 256;
    });
    const file = encodeGreyPng({ width: 16, height: 16, data });
    expect(decodeGreyPng(file, { maxSide: 16 })).toEqual({ width: 16, height: 16, data });
    const rgb = Uint8Array.from({ length: 16 * 5 * 3 }, (_, i) => (i * i) % 256);
    expect(decodePng(encodeRgbPng({ width: 16, height: 5, data: rgb }), { maxSide: 16 }).data).toEqual(rgb);
  });

  it('refuses colour, naming the file', () => {
    const file = encodeRgbPng({ width: 2, height: 2, data: new Uint8Array(12) });
    expect(() => decodeGreyPng(file, { maxSide: 8, field: 'matte' })).toThrow(/the matte must be 8-bit grey/);
  });
});
