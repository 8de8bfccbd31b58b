import type { SpeechSegment } from '../../src/media/output-protocol.js';

/** Numbers 0…1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function sine(samples: number, hz: number, rateHz: number, amplitude = 0.5): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: samples }, (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / rateHz));
}

/** A buzz with formant-like harmonics under a syllable-rate envelope: enough like a voice for a speech codec. */
export function voiceLike(samples: number, rateHz: number): Int16Array<ArrayBuffer> {
  return Int16Array.from({ length: samples }, (_, n) => {
    const t = n / rateHz;
    let value = 0;
    for (let h = 1; h <= 20; h++) value += Math.sin(2 * Math.PI * 140 * h * t + h * h) / h;
    return Math.round(5000 * value * (0.55 + 0.45 * Math.sin(2 * Math.PI * 4 * t)));
  });
}

/** A segment whose samples are all `value`. */
export function flatSegment(segmentId: number, utteranceId: number, samples: number, value = 1000): SpeechSegment {
  return { segmentId, utteranceId, samples: new Int16Array(samples).fill(value), words: [] };
}

/** A head-like ellipse that moves over a textured background, as I420. */
export function movingPicture(width: number, height: number, frame: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(width * height * 1.5).fill(128);
  const centreX = width / 2 + 6 * Math.sin(frame / 7);
  const centreY = height / 2 + 3 * Math.sin(frame / 11);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = ((x - centreX) / (width * 0.22)) ** 2 + ((y - centreY) / (height * 0.32)) ** 2;
      const face = 150 + 40 * Math.cos((x - centreX) / 9) * Math.cos((y - centreY) / 7);
      const wall = 90 + 20 * Math.sin(x / 23) + 15 * Math.cos(y / 31);
      const blend = 1 / (1 + Math.exp(12 * (inside - 1)));
      out[y * width + x] = Math.round(face * blend + wall * (1 - blend));
    }
  }
  for (let i = width * height; i < out.length; i++) out[i] = 128 + ((i % (width / 2)) / width) * 30;
  return out;
}

/** Peak signal-to-noise ratio of the luma planes, in dB. */
export function lumaPsnr(a: Uint8Array, b: Uint8Array, pixels: number): number {
  let sum = 0;
  for (let i = 0; i < pixels; i++) sum += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 / Math.max(sum / pixels, 1e-9));
}
