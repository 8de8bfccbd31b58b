/** RMS loudness of mono audio in steps of 10 ms; one value per step, 0…1 for samples in −1…1. */
export function loudnessEnvelope(samples: Float32Array, sampleRateHz: number): Float32Array {
  const step = Math.round(sampleRateHz / 100);
  const out = new Float32Array(Math.ceil(samples.length / step));
  for (let i = 0; i < out.length; i++) {
    const end = Math.min(samples.length, (i + 1) * step);
    let sum = 0;
    for (let k = i * step; k < end; k++) {
      const value = samples[k] ?? 0;
      sum += value * value;
    }
    out[i] = Math.sqrt(sum / Math.max(1, end - i * step));
  }
  return out;
}
