import { describe, expect, it } from 'vitest';
import { decodePng } from '../../../src/inference/avatar/png.js';
import { encodePng } from '../../support/i420.js';

describe('decodePng', () => {
  it('gives back the pixels that were encoded', () => {
    const rgb = Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => (i * 37) % 256);
    expect(decodePng(encodePng(rgb, 7, 5), { maxSide: 8 })).toEqual({ width: 7, height: 5, data: rgb });
  });

  it('refuses a picture larger than allowed before inflating it', () => {
    expect(() => decodePng(encodePng(new Uint8Array(9 * 3), 9, 1), { maxSide: 8 })).toThrow(/at most 8/);
  });

  it('refuses palettes and 16-bit samples', () => {
    const file = encodePng(new Uint8Array(12), 2, 2);
    file[24] = 16;
    expect(() => decodePng(file, { maxSide: 8 })).toThrow(/8-bit/);
    file[24] = 8;
    file[25] = 3;
    expect(() => decodePng(file, { maxSide: 8 })).toThrow(/RGB/);
  });
});
