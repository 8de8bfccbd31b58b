import { readFileSync } from 'node:fs';

export const RATE_HZ = 16_000;
export const SPOKEN_TEXT = 'What are your opening hours on Saturday?';

/** `SPOKEN_TEXT` as 16 kHz samples (see `tests/fixtures/README.md`). */
export function spokenQuestion(): Float32Array {
  const wav = readFileSync(new URL('../fixtures/opening-hours.wav', import.meta.url));
  const samples = new Float32Array((wav.length - 44) / 2);
  for (let i = 0; i < samples.length; i += 1) samples[i] = wav.readInt16LE(44 + 2 * i) / 32_768;
  return samples;
}

export function silence(ms: number): Float32Array {
  return new Float32Array(Math.round((ms * RATE_HZ) / 1000));
}

export function tone(ms: number, hz: number, amplitude = 0.3): Float32Array {
  return silence(ms).map((_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / RATE_HZ));
}

/** White noise, the same for the same seed (a linear congruential generator). */
export function noise(ms: number, amplitude: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return silence(ms).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return amplitude * (state / 2 ** 31 - 1);
  });
}

export function concat(...parts: Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Lower-case words without punctuation, for comparing what was said with what was heard. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9']+/g) ?? [];
}
