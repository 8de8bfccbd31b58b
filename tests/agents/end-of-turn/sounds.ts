/** Synthetic voices at 16 kHz. */
const RATE_HZ = 16_000;
const HARMONICS = 12;

/** Harmonics that fall by 6 dB an octave; `pitchHz` and `level` by the time in ms. */
export function voice(o: {
  ms: number;
  pitchHz: (ms: number) => number;
  level?: (ms: number) => number;
}): Float32Array {
  const sound = new Float32Array((o.ms * RATE_HZ) / 1_000);
  let phase = 0;
  for (let i = 0; i < sound.length; i++) {
    const ms = (i * 1_000) / RATE_HZ;
    const hz = o.pitchHz(ms);
    phase += (2 * Math.PI * hz) / RATE_HZ;
    let sum = 0;
    for (let n = 1; n <= HARMONICS && n * hz < 4_000; n++) sum += Math.sin(n * phase) / n;
    sound[i] = 0.15 * (o.level?.(ms) ?? 1) * sum;
  }
  return sound;
}

/** Uniform noise of a fixed sequence. */
export function noise(ms: number, level: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: (ms * RATE_HZ) / 1_000 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return level * ((2 * state) / 2_147_483_647 - 1);
  });
}

/** Loudness of syllables: one bump a syllable, lengths in ms. */
export const syllables = (lengthsMs: readonly number[]) => (ms: number) => {
  let from = 0;
  for (const length of lengthsMs) {
    if (ms < from + length) return 0.05 + 0.95 * Math.sin((Math.PI * (ms - from)) / length) ** 2;
    from += length;
  }
  return 0;
};

/** Windows of 512 samples; a last one that is not full is left out. */
export function windows(...sounds: readonly Float32Array[]): Float32Array[] {
  const all = Float32Array.from(sounds.flatMap((sound) => Array.from(sound)));
  return Array.from({ length: Math.floor(all.length / 512) }, (_, i) => all.subarray(i * 512, (i + 1) * 512));
}
