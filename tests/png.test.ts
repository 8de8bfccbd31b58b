import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodeGreyPng, encodePng, encodeRgbPng, unfilterScanline } from '../src/png.js';

const SIDE = 16;
/** Rows that rise to the right, that repeat the one above, that rise both ways, and noise: each suits another filter. */
function samples(channels: number): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(SIDE * SIDE * channels);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / channels) % SIDE;
    const y = Math.floor(i / channels / SIDE);
    const k = i % channels;
    data[i] = y < 4 ? x * 9 + k : y < 8 ? (x * 67 + k) % 251 : y < 12 ? x * 5 + y * 7 + k : (i * i * 31) % 256;
  }
  return { width: SIDE, height: SIDE, data };
}

/** The scanlines of a file that `src/png.ts` wrote: its chunks are a header of 13 bytes, one IDAT and the end. */
function scanlines(file: Buffer): Uint8Array {
  const at = 8 + 12 + 13;
  expect(file.toString('latin1', at + 4, at + 8)).toBe('IDAT');
  return inflateSync(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
}

describe('an encoded PNG', () => {
  it.each([
    ['grey', 1, encodeGreyPng],
    ['RGB', 3, encodeRgbPng],
    ['RGB with opacity', 4, encodePng],
  ])('of %s gives every sample back, at either effort', (_, channels, encode) => {
    const image = samples(channels);
    const stride = SIDE * channels;
    for (const effort of ['small', 'fast'] as const) {
      const raw = scanlines(encode(image, effort));
      const rows = Array.from({ length: SIDE }, (_row, y) => {
        expect(unfilterScanline(raw, y * (stride + 1), stride, channels, y === 0)).toBe(true);
        return [...raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1))];
      });
      expect(rows.flat()).toEqual([...image.data]);
    }
  });

  it('tries several filters where it shall be small, and one where it shall be fast', () => {
    const filters = (file: Buffer) =>
      new Set(Array.from({ length: SIDE }, (_, y) => scanlines(file)[y * (3 * SIDE + 1)]));
    expect(filters(encodeRgbPng(samples(3))).size).toBeGreaterThan(2);
    expect([...filters(encodeRgbPng(samples(3), 'fast'))]).toEqual([1]);
  });
});

describe('unfilterScanline', () => {
  it('leaves a row alone whose filter does not exist, and says so', () => {
    const raw = Uint8Array.of(5, 1, 2, 3);
    expect(unfilterScanline(raw, 0, 3, 1, true)).toBe(false);
    expect([...raw]).toEqual([5, 1, 2, 3]);
  });

  it.each([
    ['Sub', 1, [10, 30, 60]],
    ['Up', 2, [11, 22, 33]],
    ['Average', 3, [10, 26, 44]],
    ['Paeth', 4, [11, 31, 61]],
  ])('undoes %s', (_, filter, row) => {
    const raw = Uint8Array.of(0, 1, 2, 3, filter, 10, 20, 30);
    expect(unfilterScanline(raw, 4, 3, 1, false)).toBe(true);
    expect([...raw.subarray(5)]).toEqual(row);
  });
});
