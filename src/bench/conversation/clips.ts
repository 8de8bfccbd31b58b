/** From phrases to what comes out of a visitor's mouth: pauses of exactly the scripted length between them. Pure; mono Float32. */
import { activeLevel, scaled } from './sounds.js';

export const CLIP_RATE_HZ = 48_000;
/** RMS of a visitor's voice while speaking, −24 dBFS: a headset or a laptop at arm's length. */
export const VISITOR_LEVEL = 10 ** (-24 / 20);
/** Steps below this share of the loudest are silence at the edge of a phrase (−40 dB). */
const EDGE_SHARE = 0.01;
const STEP_MS = 5;
const FADE_MS = 5;

export interface Clip {
  /** 48 kHz. */
  samples: Float32Array<ArrayBuffer>;
  /** Where within it nothing is said although more is to come, in ms from its first sample. */
  pauses: { fromMs: number; toMs: number }[];
}

/** Phrases (all at `rateHz` 48 kHz) with silences of `pausesMs` between them, at the visitor's level. */
export function assemble(phrases: readonly Float32Array[], pausesMs: readonly number[]): Clip {
  const trimmed = phrases.map((phrase) => faded(withoutEdges(phrase)));
  const pauses: Clip['pauses'] = [];
  const silence = (ms: number) => Math.round((ms * CLIP_RATE_HZ) / 1000);
  const length = trimmed.reduce(
    (n, phrase, i) => n + phrase.length + silence(i < trimmed.length - 1 ? (pausesMs[i] ?? 0) : 0),
    0,
  );
  const samples = new Float32Array(length);
  let at = 0;
  for (const [i, phrase] of trimmed.entries()) {
    samples.set(phrase, at);
    at += phrase.length;
    if (i === trimmed.length - 1) break;
    const fromMs = (at * 1000) / CLIP_RATE_HZ;
    at += silence(pausesMs[i] ?? 0);
    pauses.push({ fromMs, toMs: (at * 1000) / CLIP_RATE_HZ });
  }
  const level = activeLevel(samples, CLIP_RATE_HZ);
  return { samples: level === 0 ? samples : scaled(samples, VISITOR_LEVEL / level), pauses };
}

/** One breath of speech cut where `words` says: at the ends of the given words (indices), each piece with its own melody left as it was. */
export function cutAt(speech: Float32Array, rateHz: number, endsMs: readonly number[]): Float32Array[] {
  const at = [0, ...endsMs.map((ms) => Math.min(speech.length, Math.round((ms * rateHz) / 1000))), speech.length];
  return at.slice(1).map((to, i) => speech.slice(at[i], to));
}

function withoutEdges(samples: Float32Array): Float32Array {
  const step = (CLIP_RATE_HZ * STEP_MS) / 1000;
  const levels: number[] = [];
  for (let i = 0; i < samples.length; i += step) {
    let most = 0;
    for (let k = i; k < Math.min(samples.length, i + step); k++) most = Math.max(most, Math.abs(samples[k] ?? 0));
    levels.push(most);
  }
  const limit = EDGE_SHARE * levels.reduce((a, b) => Math.max(a, b), 0);
  const first = levels.findIndex((level) => level > limit);
  if (first < 0) return samples.slice(0, 0);
  const last = levels.findLastIndex((level) => level > limit);
  return samples.slice(first * step, Math.min(samples.length, (last + 1) * step));
}

function faded(samples: Float32Array): Float32Array {
  const ramp = Math.min(samples.length >> 1, (CLIP_RATE_HZ * FADE_MS) / 1000);
  const out = samples.slice();
  for (let i = 0; i < ramp; i++) {
    out[i] = (out[i] ?? 0) * (i / ramp);
    out[out.length - 1 - i] = (out[out.length - 1 - i] ?? 0) * (i / ramp);
  }
  return out;
}
