import { describe, expect, it } from 'vitest';
import { dropsBelow, firstVoiced, lastVoiced } from '../../src/bench/waveform.js';

const RATE = 48_000;

/** A recording of `ms` with a 200 Hz tone of `amplitude` between the given times. */
function recording(ms: number, tones: { fromMs: number; toMs: number; amplitude: number }[]): Float32Array {
  const out = new Float32Array((ms * RATE) / 1000);
  for (const { fromMs, toMs, amplitude } of tones) {
    for (let i = (fromMs * RATE) / 1000; i < (toMs * RATE) / 1000; i++) {
      out[i] = (out[i] ?? 0) + amplitude * Math.sin((2 * Math.PI * 200 * i) / RATE);
    }
  }
  return out;
}
const toMs = (frame: number | undefined) => (frame === undefined ? undefined : (frame * 1000) / RATE);

describe('the recording of a turn', () => {
  const wave = recording(3_000, [
    { fromMs: 500, toMs: 1_200, amplitude: 0.3 },
    { fromMs: 1_800, toMs: 2_500, amplitude: 0.1 },
  ]);

  it('ends where the last voiced sample lies, to 5 ms', () => {
    expect(toMs(lastVoiced(wave, RATE, 0, RATE * 1.5))).toBeCloseTo(1_200, -1);
  });

  it('begins where the first voiced sample lies, to 5 ms', () => {
    expect(toMs(firstVoiced(wave, RATE, RATE * 1.25, wave.length))).toBeCloseTo(1_800, -1);
  });

  it('has no beginning in silence, and a click is none', () => {
    const quiet = recording(1_000, [{ fromMs: 300, toMs: 302, amplitude: 0.5 }]);
    expect(firstVoiced(quiet, RATE, 0, quiet.length)).toBeUndefined();
  });
});

describe('a voice that is ducked', () => {
  it('is found where it falls by 12 dB and stays there', () => {
    const wave = recording(3_000, [
      { fromMs: 0, toMs: 1_500, amplitude: 0.3 },
      { fromMs: 1_500, toMs: 3_000, amplitude: 0.05 },
    ]);
    expect(toMs(dropsBelow(wave, RATE, RATE, wave.length, { dropDb: 12, holdMs: 100 }))).toBeCloseTo(1_500, -1);
  });

  it('is not found in a voice that goes on, nor in a pause shorter than the hold', () => {
    const wave = recording(3_000, [
      { fromMs: 0, toMs: 1_500, amplitude: 0.3 },
      { fromMs: 1_560, toMs: 3_000, amplitude: 0.3 },
    ]);
    expect(dropsBelow(wave, RATE, RATE, wave.length, { dropDb: 12, holdMs: 100 })).toBeUndefined();
  });
});
