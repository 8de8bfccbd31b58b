/** Sounds that are no speech, rooms and noise, made from numbers alone: the same for the same seed. Pure; mono Float32 at `rateHz`. */
import { Random } from '../../inference/avatar/motion/random.js';

export const NOISES = ['laugh', 'cough', 'door'] as const;
export type Noise = (typeof NOISES)[number];

type Uniform = () => number;

function uniform(seed: number): Uniform {
  const random = new Random(seed);
  return () => random.uniform();
}

/** One such sound with its peak at 0.5. */
export function noiseSound(noise: Noise, rateHz: number, seed: number): Float32Array<ArrayBuffer> {
  const random = uniform(seed);
  const out = { laugh, cough, door }[noise](rateHz, random);
  return scaled(out, 0.5 / Math.max(1e-9, peak(out)));
}

/** Four to six "ha": a falling voice through the formants of an open vowel (700, 1220, 2600 Hz: Peterson & Barney 1952), breath before each. */
function laugh(rateHz: number, random: Uniform): Float32Array<ArrayBuffer> {
  const count = 4 + Math.floor(random() * 3);
  const pitch = 160 + random() * 120;
  const out = new Float32Array(Math.round(rateHz * 0.21 * (count + 0.5)));
  for (let k = 0; k < count; k++) {
    const at = Math.round(rateHz * 0.21 * k);
    const voiced = Math.round(rateHz * 0.11);
    const breath = Math.round(rateHz * 0.05);
    const source = new Float32Array(breath + voiced);
    let phase = 0;
    for (let i = 0; i < source.length; i++) {
      const inVoice = (i - breath) / voiced;
      const noise = random() * 2 - 1;
      if (inVoice < 0) source[i] = 0.12 * noise;
      else {
        phase += (pitch * (1.15 - 0.3 * inVoice)) / rateHz;
        source[i] = (2 * (phase % 1) - 1) * Math.sin(Math.PI * inVoice) + 0.08 * noise;
      }
    }
    const vowel = [700, 1_220, 2_600].map((hz, f) => scaled(resonated(source, hz, 90 + 40 * f, rateHz), 1 / (f + 1)));
    const loudness = 1 - 0.6 * (k / count);
    for (let i = 0; i < source.length && at + i < out.length; i++)
      out[at + i] = loudness * vowel.reduce((sum, band) => sum + (band[i] ?? 0), 0);
  }
  return out;
}

/** Two bursts of turbulent air: a sharp onset, then a decay, coloured by the throat. */
function cough(rateHz: number, random: Uniform): Float32Array<ArrayBuffer> {
  const out = new Float32Array(Math.round(rateHz * 0.75));
  for (const [atS, decayS, loudness] of [
    [0.01, 0.07, 1],
    [0.36, 0.09, 0.7],
  ] as const) {
    const source = new Float32Array(Math.round(rateHz * 0.36));
    let before = 0;
    for (let i = 0; i < source.length; i++) {
      const s = i / rateHz;
      const white = random() * 2 - 1;
      // The difference of neighbours: turbulence has little power at low frequencies.
      source[i] = (white - before) * Math.min(1, s / 0.004) * Math.exp(-s / decayS);
      before = white;
    }
    const bands = [450, 1_400, 2_900].map((hz, f) => scaled(resonated(source, hz, 250 + 150 * f, rateHz), 1 / (f + 1)));
    const at = Math.round(atS * rateHz);
    for (let i = 0; i < source.length && at + i < out.length; i++)
      out[at + i] = (out[at + i] ?? 0) + loudness * bands.reduce((sum, band) => sum + (band[i] ?? 0), 0);
  }
  return out;
}

/** A door falls shut: the thump of wood, and the latch after it. */
function door(rateHz: number, random: Uniform): Float32Array<ArrayBuffer> {
  const source = new Float32Array(Math.round(rateHz * 0.9));
  const burst = (atS: number, lengthS: number, loudness: number) => {
    for (let i = 0; i < lengthS * rateHz; i++) {
      const at = Math.round(atS * rateHz) + i;
      source[at] = (source[at] ?? 0) + loudness * (random() * 2 - 1) * (1 - i / (lengthS * rateHz));
    }
  };
  burst(0.01, 0.012, 1);
  burst(0.19 + random() * 0.05, 0.004, 0.5);
  const out = scaled(resonated(source, 85 + random() * 30, 14, rateHz), 3);
  for (const [hz, width, gain] of [
    [210, 30, 1.2],
    [640, 120, 0.5],
    [2_300, 500, 0.3],
  ] as const)
    resonated(source, hz, width, rateHz).forEach((value, i) => {
      out[i] = (out[i] ?? 0) + gain * value;
    });
  return out;
}

/** Noise of a fan: power falls with frequency (three leaky integrators, P. Kellet's pink filter, public domain). RMS 1. */
export function fanNoise(seconds: number, rateHz: number, seed: number): Float32Array<ArrayBuffer> {
  const random = uniform(seed);
  const out = new Float32Array(Math.round(seconds * rateHz));
  let [b0, b1, b2] = [0, 0, 0];
  for (let i = 0; i < out.length; i++) {
    const white = random() * 2 - 1;
    b0 = 0.99765 * b0 + white * 0.099046;
    b1 = 0.963 * b1 + white * 0.2965164;
    b2 = 0.57 * b2 + white * 1.0526913;
    out[i] = b0 + b1 + b2 + white * 0.1848;
  }
  return scaled(out, 1 / Math.max(1e-9, rms(out)));
}

/** Voices of a crowd: the clips one over the other, each from another place on, for `seconds`. RMS 1. */
export function babble(clips: readonly Float32Array[], seconds: number, rateHz: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(Math.round(seconds * rateHz));
  for (const [k, clip] of clips.entries()) {
    if (clip.length === 0) continue;
    const level = 1 / Math.max(1e-9, rms(clip));
    for (let i = 0; i < out.length; i++)
      out[i] = (out[i] ?? 0) + level * (clip[(i + Math.floor((clip.length * k) / clips.length)) % clip.length] ?? 0);
  }
  return scaled(out, 1 / Math.max(1e-9, rms(out)));
}

/**
 * What a loudspeaker and a room make of a click: the direct sound after `delayMs`, then reflections that decay by 60 dB within
 * `reverberationS` (noise with an exponential envelope, J. A. Moorer 1979), 12 dB below it at first. Energy 1.
 */
export function roomResponse(o: {
  delayMs: number;
  reverberationS: number;
  rateHz: number;
  seed: number;
}): Float32Array<ArrayBuffer> {
  const random = uniform(o.seed);
  const delay = Math.round((o.delayMs * o.rateHz) / 1000);
  const out = new Float32Array(delay + Math.round(o.reverberationS * o.rateHz));
  for (let i = delay + Math.round(0.003 * o.rateHz); i < out.length; i++) {
    const s = (i - delay) / o.rateHz;
    out[i] = 0.02 * (random() * 2 - 1) * 10 ** ((-3 * s) / o.reverberationS);
  }
  out[delay] = 1;
  const energy = Math.sqrt(out.reduce((sum, value) => sum + value * value, 0));
  return scaled(out, 1 / energy);
}

/** A two-pole resonator at `hz` with the bandwidth `widthHz`, about unit gain at its peak (Klatt 1980). */
function resonated(source: Float32Array, hz: number, widthHz: number, rateHz: number): Float32Array<ArrayBuffer> {
  const r = Math.exp((-Math.PI * widthHz) / rateHz);
  const a1 = 2 * r * Math.cos((2 * Math.PI * hz) / rateHz);
  const a2 = -r * r;
  const gain = (1 - r) * Math.sqrt(1 - 2 * r * Math.cos((4 * Math.PI * hz) / rateHz) + r * r);
  const out = new Float32Array(source.length);
  let [y1, y2] = [0, 0];
  for (let i = 0; i < source.length; i++) {
    const y = gain * (source[i] ?? 0) + a1 * y1 + a2 * y2;
    out[i] = y;
    y2 = y1;
    y1 = y;
  }
  return out;
}

export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

/** RMS of the 20 ms steps that are within 30 dB of the loudest one: the level while somebody speaks. */
export function activeLevel(samples: Float32Array, rateHz: number): number {
  const step = Math.round(rateHz * 0.02);
  const levels: number[] = [];
  for (let i = 0; i + step <= samples.length; i += step) levels.push(rms(samples.subarray(i, i + step)));
  const loudest = levels.reduce((a, b) => Math.max(a, b), 0);
  const active = levels.filter((level) => level > loudest * 10 ** (-30 / 20));
  return Math.sqrt(active.reduce((sum, level) => sum + level * level, 0) / Math.max(1, active.length));
}

export function scaled(samples: Float32Array, gain: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(samples, (value) => value * gain);
}

function peak(samples: Float32Array): number {
  return samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
