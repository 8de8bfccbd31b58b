/** Where speech begins and ends in a recording. Pure. */

const STEP_MS = 5;
/** A step is voiced when its RMS is above this (−42 dBFS) and above the threshold relative to the loudest step. */
const FLOOR = 0.008;
const RELATIVE = 0.06;

/** RMS per step of 5 ms. */
export function envelope(samples: Float32Array, rateHz: number): Float32Array {
  const step = (rateHz * STEP_MS) / 1000;
  const out = new Float32Array(Math.floor(samples.length / step));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = i * step; k < (i + 1) * step; k++) sum += (samples[k] ?? 0) ** 2;
    out[i] = Math.sqrt(sum / step);
  }
  return out;
}

function voicedThreshold(levels: Float32Array): number {
  return Math.max(FLOOR, RELATIVE * levels.reduce((a, b) => Math.max(a, b), 0));
}

/** Frame of the last voiced sample within [from, to), or undefined when there is none. Exact to 5 ms. */
export function lastVoiced(samples: Float32Array, rateHz: number, from: number, to: number): number | undefined {
  const levels = envelope(samples.subarray(from, to), rateHz);
  const threshold = voicedThreshold(levels);
  const step = (rateHz * STEP_MS) / 1000;
  for (let i = levels.length - 1; i >= 0; i--) if ((levels[i] ?? 0) >= threshold) return from + (i + 1) * step;
  return undefined;
}

/** Frame of the first voiced sample within [from, to): two steps in a row, so that a click does not count. */
export function firstVoiced(samples: Float32Array, rateHz: number, from: number, to: number): number | undefined {
  const levels = envelope(samples.subarray(from, to), rateHz);
  const step = (rateHz * STEP_MS) / 1000;
  for (let i = 0; i + 1 < levels.length; i++) {
    if ((levels[i] ?? 0) >= FLOOR && (levels[i + 1] ?? 0) >= FLOOR) return from + i * step;
  }
  return undefined;
}

/**
 * Frame at which the level stays at least `dropDb` below that of the 500 ms before `from`, for `holdMs`; undefined when it does
 * not within [from, to).
 */
export function dropsBelow(
  samples: Float32Array,
  rateHz: number,
  from: number,
  to: number,
  o: { dropDb: number; holdMs: number },
): number | undefined {
  const step = (rateHz * STEP_MS) / 1000;
  const before = envelope(samples.subarray(Math.max(0, from - rateHz / 2), from), rateHz);
  const loud = before.toSorted()[Math.floor(before.length * 0.8)] ?? 0;
  const limit = Math.max(FLOOR, loud * 10 ** (-o.dropDb / 20));
  const levels = envelope(samples.subarray(from, to), rateHz);
  const need = Math.ceil(o.holdMs / STEP_MS);
  let run = 0;
  for (let i = 0; i < levels.length; i++) {
    run = (levels[i] ?? 0) < limit ? run + 1 : 0;
    if (run === need) return from + (i + 1 - need) * step;
  }
  return undefined;
}
