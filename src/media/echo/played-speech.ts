import { RECOGNITION_RATE_HZ } from '../../inference/engines.js';
import { OUTPUT_RATE_HZ, type SpeechSegment } from '../output-protocol.js';

const RATIO = OUTPUT_RATE_HZ / RECOGNITION_RATE_HZ;
const SAMPLES_PER_MS = RECOGNITION_RATE_HZ / 1000;
/** What can be read lies at most this far back: a power of two, 4 s. */
const KEPT_SAMPLES = 65_536;
/** Taps on either side of the decimating filter's centre. */
const HALF_TAPS = 18;
/** 48 kHz → 16 kHz: windowed sinc (Blackman), cut off at 7 kHz. */
const TAPS = Float32Array.from({ length: 2 * HALF_TAPS + 1 }, (_, i) => {
  const n = i - HALF_TAPS;
  const cutoff = 7_000 / OUTPUT_RATE_HZ;
  const sinc = n === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * n) / (Math.PI * n);
  const phase = (Math.PI * (n + HALF_TAPS + 1)) / (HALF_TAPS + 1);
  return sinc * (0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase));
});
/** The pacer takes a change with its next packet: half of 20 ms later on average. */
const TAKEN_AFTER_SAMPLES = 10 * SAMPLES_PER_MS;
const MAX_WAITING = 4_096;

interface Played {
  samples: Int16Array;
  /** Of the first sample and after the last, in samples of 16 kHz since the epoch. */
  from: number;
  to: number;
  /** The speech was cleared: it fades out before `to`. */
  fade: number;
}

interface GainChange {
  at: number;
  from: number;
  to: number;
  length: number;
}

/**
 * What the avatar's voice sounds like on the wall clock, as it is sent: the reference that an echo is held against. Times are wall-clock
 * milliseconds; samples 16 kHz mono, −1…1, counted since the epoch. Nothing is computed before somebody reads. One per conversation.
 */
export class PlayedSpeech {
  readonly #waiting = new Map<number, Int16Array>();
  #played: Played[] = [];
  #gains: GainChange[] = [];
  #gain = 1;
  readonly #ring = new Float32Array(KEPT_SAMPLES);
  #renderedTo = 0;
  #soundUntil = 0;

  /** Before the segment is handed on: its samples are copied. */
  speech({ segmentId, samples }: Pick<SpeechSegment, 'segmentId' | 'samples'>): void {
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(segmentId, samples.slice());
  }

  /** The segment's first sample is sent at `atMs`. */
  started(segmentId: number, atMs: number): void {
    const samples = this.#waiting.get(segmentId);
    if (samples === undefined) return;
    this.#waiting.delete(segmentId);
    const last = this.#played.at(-1);
    let from = Math.round(atMs * SAMPLES_PER_MS);
    // Segments that follow each other are sent without a gap; the time of a late packet is not the time of its sound.
    if (last !== undefined && last.fade === 0 && Math.abs(from - last.to) < 30 * SAMPLES_PER_MS) from = last.to;
    const to = from + Math.ceil(samples.length / RATIO);
    this.#played = this.#played.filter((segment) => segment.to > from - KEPT_SAMPLES);
    this.#played.push({ samples, from, to, fade: 0 });
    this.#soundUntil = Math.max(this.#soundUntil, to);
  }

  gain(gain: number, rampMs: number, nowMs: number): void {
    const at = Math.round(nowMs * SAMPLES_PER_MS) + TAKEN_AFTER_SAMPLES;
    this.#gains = this.#gains.filter((change) => change.at > at - 2 * KEPT_SAMPLES);
    this.#gains.push({ at, from: this.#gain, to: gain, length: Math.max(1, Math.round(rampMs * SAMPLES_PER_MS)) });
    this.#gain = gain;
  }

  clear(fadeMs: number, nowMs: number): void {
    this.#waiting.clear();
    const at = Math.round(nowMs * SAMPLES_PER_MS) + TAKEN_AFTER_SAMPLES;
    const fade = Math.max(1, Math.round(fadeMs * SAMPLES_PER_MS));
    for (const segment of this.#played) {
      if (segment.to <= at + fade) continue;
      segment.to = Math.max(segment.from, at + fade);
      segment.fade = fade;
    }
    this.#soundUntil = Math.min(this.#soundUntil, at + fade);
    if (this.#gain !== 1) this.#gains.push({ at: at + fade, from: 1, to: 1, length: 1 });
    this.#gain = 1;
  }

  /** Something was to be heard within these samples, or may have been. */
  soundsWithin(from: number, to: number): boolean {
    if (from >= this.#soundUntil) return false;
    return this.#played.some((segment) => segment.from < to && segment.to > from);
  }

  /** The samples from `from` on into `out`, at most 4 s; they must not lie in the future. */
  read(from: number, out: Float32Array): void {
    const to = from + out.length;
    if (to > this.#renderedTo) this.#render(Math.max(this.#renderedTo, to - KEPT_SAMPLES), to);
    const oldest = this.#renderedTo - KEPT_SAMPLES;
    for (let i = 0; i < out.length; i++) out[i] = from + i < oldest ? 0 : (this.#ring[indexOf(from + i)] as number);
  }

  #render(from: number, to: number): void {
    for (let i = from; i < to; i++) this.#ring[indexOf(i)] = 0;
    for (const segment of this.#played) {
      const end = Math.min(to, segment.to);
      for (let i = Math.max(from, segment.from); i < end; i++) {
        const left = segment.to - i;
        const fading = left < segment.fade ? left / segment.fade : 1;
        this.#ring[indexOf(i)] = decimated(segment.samples, (i - segment.from) * RATIO) * this.#gainAt(i) * fading;
      }
    }
    this.#renderedTo = to;
  }

  #gainAt(sample: number): number {
    for (let i = this.#gains.length - 1; i >= 0; i--) {
      const change = this.#gains[i] as GainChange;
      if (sample < change.at) continue;
      const share = Math.min(1, (sample - change.at) / change.length);
      return change.from + (change.to - change.from) * share;
    }
    return this.#gains[0]?.from ?? 1;
  }
}

/** Sample counts since the epoch need more than 32 bits. */
function indexOf(sample: number): number {
  return sample % KEPT_SAMPLES;
}

function decimated(samples: Int16Array, centre: number): number {
  let sum = 0;
  const first = Math.max(0, HALF_TAPS - centre);
  const last = Math.min(2 * HALF_TAPS, samples.length - 1 - centre + HALF_TAPS);
  for (let k = first; k <= last; k++) sum += (TAPS[k] as number) * (samples[centre + k - HALF_TAPS] as number);
  return sum / 32_768;
}

/** What `PlayedSpeech` is told of a conversation's output. */
interface Output {
  speech(segment: SpeechSegment): void;
  gain(gain: number, rampMs: number): void;
}

/** `output`, with all that changes its sound noted in `played`; `now`: the wall clock in ms. */
export function reported<T extends Output & { clear(fadeMs: number): unknown; utteranceComplete(id: number): void }>(
  output: T,
  played: PlayedSpeech,
  now: () => number = () => performance.timeOrigin + performance.now(),
): Pick<T, 'clear' | 'utteranceComplete'> & Output {
  return {
    speech: (segment) => {
      played.speech(segment);
      output.speech(segment);
    },
    utteranceComplete: (utteranceId) => output.utteranceComplete(utteranceId),
    gain: (gain, rampMs) => {
      played.gain(gain, rampMs, now());
      output.gain(gain, rampMs);
    },
    clear: (fadeMs) => {
      played.clear(fadeMs, now());
      return output.clear(fadeMs) as ReturnType<T['clear']>;
    },
  };
}
