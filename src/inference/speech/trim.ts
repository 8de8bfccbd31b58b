import { VisavisError } from '../../errors.js';

/** Silence kept before the voice, in milliseconds; the contract of `SpeechSynthesiser` allows 30. */
const KEPT_LEAD_MS = 20;
/** A 5 ms window counts as voice when it is louder than this share of the segment's own level (−34 dB) … */
const ONSET_RATIO = 0.02;
/** … and never below this absolute level (−66 dBFS). */
const ONSET_FLOOR = 0.0005;
const WINDOW_MS = 5;
const FADE_MS = 3;

/** Level that segments are brought towards, −20 dBFS over the parts with voice, and by how much at most. */
const TARGET_RMS = 0.1;
const MAX_GAIN = 2.5;
const MAX_PEAK = 0.95;

/** Pause after a segment by the mark that it ends with, in milliseconds. */
const PAUSE_MS: Record<string, number> = {
  '': 60,
  ',': 120,
  ';': 180,
  ':': 180,
  '—': 160,
  '…': 300,
  '.': 250,
  '!': 250,
  '?': 250,
};

export interface Finished {
  samples: Float32Array;
  /** Samples cut from the front of the raw audio. */
  trimmedSamples: number;
  /** Where the voice begins in `samples`. */
  voiceStartSample: number;
}

/** Root mean square of every 5 ms window. */
function windowLevels(samples: Float32Array, window: number): Float32Array {
  const levels = new Float32Array(Math.ceil(samples.length / window));
  for (let w = 0; w < levels.length; w++) {
    const end = Math.min(samples.length, (w + 1) * window);
    let sum = 0;
    for (let i = w * window; i < end; i++) sum += samples[i]! * samples[i]!;
    levels[w] = Math.sqrt(sum / (end - w * window));
  }
  return levels;
}

/** RMS over the windows within 26 dB of the loudest: the level of the voice, pauses left out. */
function voiceLevel(levels: Float32Array): number {
  const floor = levels.reduce((a, b) => Math.max(a, b), 0) * 0.05;
  let sum = 0;
  let count = 0;
  for (const level of levels) {
    if (level < floor) continue;
    sum += level * level;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

/** Rejects audio that is not a number anywhere, silent throughout, or clipped for more than one sample in a hundred. */
export function checkAudio(samples: Float32Array): void {
  let clipped = 0;
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]!);
    if (!Number.isFinite(size))
      throw new VisavisError('engine-failed', 'the synthesiser returned audio that is not a number');
    if (size >= 0.999) clipped++;
    if (size > peak) peak = size;
  }
  if (samples.length === 0 || peak < 1e-4) throw new VisavisError('engine-failed', 'the synthesiser returned silence');
  if (clipped * 100 > samples.length) throw new VisavisError('engine-failed', 'the synthesiser returned clipped audio');
}

/**
 * Makes raw synthesiser output fit to be joined: at most 30 ms of silence before the voice, the pause that `endMark` asks
 * for after it, level brought towards −20 dBFS with peaks below 0.95, and 3 ms fades at both ends. The voice begins
 * at the first window of audible energy, looked for no later than `voiceBySample`, where the first phoneme is under way for certain.
 */
export function finishAudio(
  raw: Float32Array,
  o: { sampleRateHz: number; endMark: string; voiceBySample: number },
): Finished {
  checkAudio(raw);
  const perMs = o.sampleRateHz / 1000;
  const window = Math.round(WINDOW_MS * perMs);
  const levels = windowLevels(raw, window);
  const level = voiceLevel(levels);
  const threshold = Math.max(ONSET_FLOOR, level * ONSET_RATIO);
  const latest = Math.max(0, Math.min(levels.length - 1, Math.floor(o.voiceBySample / window)));
  let first = 0;
  while (first < latest && levels[first]! < threshold) first++;
  let last = levels.length - 1;
  while (last > first && levels[last]! < threshold) last--;
  const start = Math.max(0, first * window - Math.round(KEPT_LEAD_MS * perMs));
  const pause = Math.round((PAUSE_MS[o.endMark] ?? PAUSE_MS['']!) * perMs);
  const voiceEnd = Math.min(raw.length, (last + 1) * window);
  const length = voiceEnd - start + pause;
  const samples = new Float32Array(length);
  samples.set(raw.subarray(start, Math.min(raw.length, start + length)));
  scale(samples, level);
  fade(samples, Math.round(FADE_MS * perMs));
  return { samples, trimmedSamples: start, voiceStartSample: first * window - start };
}

function scale(samples: Float32Array, level: number): void {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]!));
  const wanted = Math.min(MAX_GAIN, Math.max(1 / MAX_GAIN, TARGET_RMS / level));
  const gain = Math.min(wanted, MAX_PEAK / peak);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * gain;
}

/** Raised-cosine fade in and out, in place. */
export function fade(samples: Float32Array, length: number): void {
  const size = Math.min(length, samples.length >> 1);
  for (let i = 0; i < size; i++) {
    const weight = 0.5 - 0.5 * Math.cos((Math.PI * i) / size);
    samples[i] = samples[i]! * weight;
    samples[samples.length - 1 - i] = samples[samples.length - 1 - i]! * weight;
  }
}
