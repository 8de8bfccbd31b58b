import { describe, expect, it } from 'vitest';
import { RealFft } from '../../../src/media/echo/fft.js';
import { noise } from '../../support/speech-audio.js';

describe('the transform of real signals', () => {
  it('is the sum of its definition', () => {
    const fft = new RealFft(16);
    const samples = noise(1, 1, 3);
    const re = new Float32Array(fft.bins);
    const im = new Float32Array(fft.bins);
    fft.forward(samples, re, im);
    for (let k = 0; k < fft.bins; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let n = 0; n < 16; n++) {
        sumRe += (samples[n] ?? 0) * Math.cos((2 * Math.PI * k * n) / 16);
        sumIm -= (samples[n] ?? 0) * Math.sin((2 * Math.PI * k * n) / 16);
      }
      expect(re[k]).toBeCloseTo(sumRe, 5);
      expect(im[k]).toBeCloseTo(sumIm, 5);
    }
  });

  it('comes back to the samples', () => {
    const fft = new RealFft(1024);
    const samples = noise(64, 1);
    const re = new Float32Array(fft.bins);
    const im = new Float32Array(fft.bins);
    const back = new Float32Array(1024);
    fft.forward(samples, re, im);
    fft.inverse(re, im, back);
    let worst = 0;
    for (let i = 0; i < 1024; i++) worst = Math.max(worst, Math.abs((back[i] ?? 0) - (samples[i] ?? 0)));
    expect(worst).toBeLessThan(1e-6);
  });

  it('refuses lengths that are no power of two', () => {
    expect(() => new RealFft(1000)).toThrow(/power of two/);
  });
});
