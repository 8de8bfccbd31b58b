import { PITCH_SPAN, PitchEstimator } from './pitch.js';
import { VoiceRange } from './voice-range.js';

const RATE_HZ = 16_000;
/** Two frames in every voice-activity window. */
const HOP = 256;
const HOP_S = HOP / RATE_HZ;
/** 4 s: what is looked back on at a pause. */
const FRAMES = 250;
/** Speech ends with the last frame that is not softer than the loudest of the last 4 s by more than this. */
const END_BELOW_DB = 30;
const FLOOR_DB = -90;
/** A syllable's nucleus stands out of the dips on both sides of it (de Jong and Wempe 2009: 2 dB; coarser frames here). */
const NUCLEUS_DIP_DB = 3;
const NUCLEUS_EDGE_DB = 6;

/** How the voice sounds at a pause; every feature is near −2…2, and 0 where it cannot be known. */
export const PROSODY_FEATURES = [
  'levelEnd',
  'levelFinalSyllable',
  'levelSlope',
  'levelDrop',
  'pitchKnown',
  'pitchEnd',
  'pitchAboveFloor',
  'pitchSlope',
  'pitchChange',
  'pitchSpan',
  'aperiodicEnd',
  'voicedShare',
  'finalVoicedS',
  'finalNucleusS',
  'sinceNucleusS',
  'lastSpacing',
  'syllablesPerS',
  'stretchS',
] as const;

/**
 * Follows the pitch and loudness of one speaker, 16 ms at a time, and describes the last words of a stretch of speech: how far pitch and level
 * have fallen, how much the last syllable is drawn out, how fast was spoken. Pure; allocates nothing per window, at a pause one array.
 */
export class ProsodyTracker {
  readonly #estimator = new PitchEstimator();
  readonly #range = new VoiceRange();
  readonly #audio = new Float32Array(PITCH_SPAN + 512);
  readonly #level = new Float32Array(FRAMES);
  /** Semitones above 55 Hz; NaN: no pitch. */
  readonly #pitch = new Float32Array(FRAMES);
  readonly #aperiodicity = new Float32Array(FRAMES);
  /** Frames since the turn began. */
  #count = 0;
  /** Frame after which the present stretch of speech began. */
  #stretchFrom = 0;

  /** A new turn; what is known of the speaker's voice stays. */
  beginTurn(): void {
    this.#count = 0;
    this.#stretchFrom = 0;
    this.#audio.fill(0);
  }

  /** The speaker goes on after a pause. */
  goOn(): void {
    this.#stretchFrom = this.#count;
  }

  /** The next 512 samples at 16 kHz. */
  push(window: Float32Array): void {
    const audio = this.#audio;
    audio.copyWithin(0, 512);
    audio.set(window.subarray(0, 512), PITCH_SPAN);
    for (let end = PITCH_SPAN + HOP; end <= audio.length; end += HOP) this.#frame(end);
  }

  #frame(end: number): void {
    const audio = this.#audio;
    let power = 0;
    for (let i = end - HOP; i < end; i++) power += audio[i]! * audio[i]!;
    const slot = this.#count % FRAMES;
    const level = Math.max(FLOOR_DB, 10 * Math.log10(power / HOP + 1e-12));
    this.#level[slot] = level;
    this.#pitch[slot] = Number.NaN;
    this.#aperiodicity[slot] = 1;
    if (level > FLOOR_DB + 20) {
      const { hz, aperiodicity } = this.#estimator.estimate(audio, end);
      this.#aperiodicity[slot] = aperiodicity;
      if (hz > 0) {
        const semitones = 12 * Math.log2(hz / 55);
        this.#pitch[slot] = semitones;
        if (aperiodicity < 0.2) this.#range.note(semitones);
      }
    }
    this.#count += 1;
  }

  /** The features in the order of `PROSODY_FEATURES`, of the speech up to now. */
  describe(): Float32Array {
    const out = new Float32Array(PROSODY_FEATURES.length);
    const first = Math.max(0, this.#count - FRAMES);
    const loudest = this.#loudest(first);
    let end = this.#count;
    while (end > first && this.#at(this.#level, end - 1) < loudest - END_BELOW_DB) end--;
    if (end - first < 8) return out;
    const mean = this.#mean(first, end, loudest - END_BELOW_DB);
    const put = (name: (typeof PROSODY_FEATURES)[number], value: number) => {
      out[PROSODY_FEATURES.indexOf(name)] = Math.max(-4, Math.min(4, value));
    };
    put('levelEnd', (this.#mean(end - 4, end) - mean) / 10);
    put('levelFinalSyllable', (this.#mean(Math.max(first, end - 14), end) - mean) / 10);
    put('levelSlope', this.#slope(this.#level, Math.max(first, end - 16), end) / 60);
    put('levelDrop', (this.#mean(end - 4, end) - this.#mean(Math.max(first, end - 30), end - 10)) / 15);
    this.#describePitch(first, end, put);
    this.#describeRhythm(first, end, put);
    put('stretchS', Math.log1p((end - Math.min(end, this.#stretchFrom)) * HOP_S) - 1);
    return out;
  }

  #describePitch(first: number, end: number, put: (name: (typeof PROSODY_FEATURES)[number], value: number) => void) {
    const known: number[] = [];
    const frames: number[] = [];
    for (let i = end - 1; i >= Math.max(first, end - 60); i--) {
      const pitch = this.#at(this.#pitch, i);
      if (Number.isNaN(pitch)) continue;
      known.push(pitch);
      frames.push(i);
    }
    let voiced = 0;
    let aperiodic = 0;
    const from = Math.max(first, end - 20);
    for (let i = from; i < end; i++) {
      aperiodic += this.#at(this.#aperiodicity, i);
      if (!Number.isNaN(this.#at(this.#pitch, i))) voiced++;
    }
    put('aperiodicEnd', aperiodic / (end - from));
    put('voicedShare', voiced / (end - from));
    if (known.length < 6 || frames[0]! < end - 40) return;
    const last = median(known.slice(0, 5));
    put('pitchKnown', 1);
    put('pitchEnd', (last - this.#range.quantile(0.5)) / 6);
    put('pitchAboveFloor', (last - this.#range.quantile(0.1)) / 6);
    put('pitchSpan', (this.#range.quantile(0.9) - this.#range.quantile(0.1)) / 12);
    const recent = frames.filter((frame) => frame >= frames[0]! - 16).length;
    put('pitchSlope', slopeOf(frames.slice(0, recent), known.slice(0, recent)) / HOP_S / 25);
    const before = known.filter((_, i) => frames[i]! < frames[0]! - 12);
    put('pitchChange', before.length < 3 ? 0 : (last - median(before)) / 6);
    let run = 0;
    while (run < frames.length && frames[run]! >= frames[0]! - run - 1) run++;
    put('finalVoicedS', (run * HOP_S) / 0.2);
  }

  /** Syllable nuclei by loudness: how long the last one is, how far it is back, and how that compares with those before. */
  #describeRhythm(first: number, end: number, put: (name: (typeof PROSODY_FEATURES)[number], value: number) => void) {
    const from = Math.max(first, end - 190);
    const peaks: number[] = [];
    let peak = from;
    let valley = from;
    let rising = true;
    for (let i = from; i < end; i++) {
      const level = this.#smooth(i, from, end);
      if (rising) {
        if (level > this.#smooth(peak, from, end)) peak = i;
        else if (level < this.#smooth(peak, from, end) - NUCLEUS_DIP_DB) {
          peaks.push(peak);
          rising = false;
          valley = i;
        }
      } else if (level < this.#smooth(valley, from, end)) valley = i;
      else if (level > this.#smooth(valley, from, end) + NUCLEUS_DIP_DB) {
        rising = true;
        peak = i;
      }
    }
    if (rising) peaks.push(peak);
    const last = peaks.at(-1);
    if (last === undefined) return;
    const edge = this.#smooth(last, from, end) - NUCLEUS_EDGE_DB;
    let [low, high] = [last, last];
    while (low > from && this.#smooth(low - 1, from, end) >= edge) low--;
    while (high < end - 1 && this.#smooth(high + 1, from, end) >= edge) high++;
    put('finalNucleusS', ((high - low + 1) * HOP_S) / 0.2);
    put('sinceNucleusS', ((end - last) * HOP_S) / 0.2);
    if (peaks.length < 3) return;
    const spacings = peaks.slice(1).map((at, i) => at - peaks[i]!);
    const usual = median(spacings);
    put('lastSpacing', Math.log(spacings.at(-1)! / usual));
    put('syllablesPerS', 1 / (usual * HOP_S) / 4 - 1);
  }

  #at(values: Float32Array, frame: number): number {
    return values[frame % FRAMES]!;
  }

  #smooth(i: number, from: number, end: number): number {
    const before = this.#at(this.#level, Math.max(from, i - 1));
    return (before + 2 * this.#at(this.#level, i) + this.#at(this.#level, Math.min(end - 1, i + 1))) / 4;
  }

  #loudest(first: number): number {
    let loudest = FLOOR_DB;
    for (let i = first; i < this.#count; i++) loudest = Math.max(loudest, this.#at(this.#level, i));
    return loudest;
  }

  /** Mean level of the frames that are louder than `above`. */
  #mean(from: number, to: number, above = FLOOR_DB - 1): number {
    let sum = 0;
    let count = 0;
    for (let i = from; i < to; i++) {
      const level = this.#at(this.#level, i);
      if (level <= above) continue;
      sum += level;
      count++;
    }
    return count === 0 ? FLOOR_DB : sum / count;
  }

  /** dB a second. */
  #slope(values: Float32Array, from: number, to: number): number {
    const frames = Array.from({ length: to - from }, (_, i) => from + i);
    return (
      slopeOf(
        frames,
        frames.map((frame) => this.#at(values, frame)),
      ) / HOP_S
    );
  }
}

/** Least-squares slope. */
function slopeOf(xs: readonly number[], ys: readonly number[]): number {
  const meanX = xs.reduce((a, b) => a + b, 0) / xs.length;
  const meanY = ys.reduce((a, b) => a + b, 0) / ys.length;
  let product = 0;
  let square = 0;
  xs.forEach((x, i) => {
    product += (x - meanX) * (ys[i]! - meanY);
    square += (x - meanX) ** 2;
  });
  return square === 0 ? 0 : product / square;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
