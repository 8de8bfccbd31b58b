import { RECOGNITION_RATE_HZ, VAD_WINDOW } from '../../inference/engines.js';
import { COMPARED_MS, DelayFinder, MAX_DELAY_MS } from './delay-finder.js';
import { type EchoBlock, EchoFilter, PATH_BLOCKS } from './echo-filter.js';
import type { PlayedSpeech } from './played-speech.js';

const SAMPLES_PER_MS = RECOGNITION_RATE_HZ / 1000;
const WINDOW_MS = VAD_WINDOW / SAMPLES_PER_MS;
const COMPARED = COMPARED_MS * SAMPLES_PER_MS;
const MAX_DELAY = MAX_DELAY_MS * SAMPLES_PER_MS;
/** Of the microphone's past that a new path is learned from: a power of two, 2 s. */
const KEPT = 32_768;
/** Windows that arrive so much earlier or later than the first say that the microphone's clock is another. */
const MAX_EARLY_MS = 40;
const MAX_LATE_MS = 500;
/** The path begins this long before its strongest part. */
const HEAD_MS = 48;
/** Peaks of the correlation that are an echo at once, and when two in a row agree. */
const SURE_SHARPNESS = 11;
const LIKELY_SHARPNESS = 7.5;
const AGREES_MS = 4;
/** Windows of sound that are withheld at most until the first comparisons are done; later sounds are let through at once. */
const MAX_WITHHELD = 6;
/** Softer than this is silence whatever the room: −62 dB. */
const LEAST_POWER = 6e-7;
/** Of the noise floor that is sound. */
const ABOVE_FLOOR = 4;
/** Comparisons in vain, after which only every eighth window is compared. */
const PATIENT_AFTER = 12;
/**
 * What may be left of the echo in a window without anybody: −7 dB of it (small loudspeakers distort), or what the filter expects. Of an echo
 * that ends, reverberation stays longer than the path that is learned: it falls by 4 dB with each window.
 */
const LEFT_OF_ECHO = 0.2;
const LEFT_OF_EXPECTED = 2;
const REVERBERATES = 0.4;
/**
 * A path is young for this many windows of reference, and until it takes three quarters of the echo away; as long the levels of microphone
 * and reference say more than what is left.
 */
const YOUNG_WINDOWS = 100;
const YOUNG_SHARE = 0.25;
/** Of the echo's usual power in a young path's window that nobody else need have added. */
const YOUNG_LEVEL = 3;
/** How soon the loudness of an echo is learned. */
const GAIN_SMOOTHING = 0.04;
/** The place of a known path is looked up again this often. */
const CHECK_EVERY_WINDOWS = 48;
/** A path that takes nothing away for so many windows of loud reference is none. */
const USELESS_AFTER = 150;

export interface EchoVerdict {
  /** Without the echo; the input itself where there is none. */
  samples: Float32Array;
  /** Nobody but the avatar is to be heard in it, or it is not yet known. */
  isEcho: boolean;
}

/**
 * Takes the avatar's own voice out of one visitor's microphone. While none is found there it costs a copy of each window; when the
 * microphone hears something while the avatar is to be heard, its delay is looked for, and from then on an adaptive filter subtracts it.
 * Pure: time is a parameter. One per microphone.
 */
export class EchoCanceller {
  readonly #played: PlayedSpeech;
  readonly #ring = new Float32Array(KEPT);
  #finder: DelayFinder | undefined;
  #filter: EchoFilter | undefined;
  readonly #microphone = new Float32Array(COMPARED);
  readonly #reference = new Float32Array(COMPARED + MAX_DELAY);
  readonly #block = new Float32Array(VAD_WINDOW);
  /** Wall-clock sample of the microphone's sample 0, fixed until the stream is interrupted. */
  #anchor: number | undefined;
  #next = 0;
  #floor = LEAST_POWER;
  #delay: number | undefined;
  #candidateMs: number | undefined;
  #searches = 0;
  #active = 0;
  #withheld = 0;
  #isTrusted = false;
  #sinceCheck = 0;
  #useless = 0;
  #reverberation = 0;
  #age = 0;
  /** Power of the echo in that of the reference, and the reference's as it dies away in the room. */
  #gain = 0;
  #loudness = 0;
  /** Share of the echo that the filter leaves, where nobody else seems to speak. */
  #share = 1;
  #computeMs = 0;

  constructor(played: PlayedSpeech) {
    this.#played = played;
  }

  /** From what was played to when it came back, in ms; undefined: no echo is known. */
  get delayMs(): number | undefined {
    return this.#delay === undefined ? undefined : this.#delay / SAMPLES_PER_MS;
  }

  /** Time spent on it since the beginning. */
  get computeMs(): number {
    return this.#computeMs;
  }

  /**
   * The next `VAD_WINDOW` samples; `mediaMs`: the first sample's time by the microphone's own clock; `atMs`: the wall clock's at the
   * arrival of the last.
   */
  process(window: Float32Array, mediaMs: number, atMs: number): EchoVerdict {
    this.#follow(mediaMs, atMs);
    const first = this.#next;
    this.#next += VAD_WINDOW;
    const at = first % KEPT;
    this.#ring.set(window, at);
    const from = (this.#anchor ?? 0) + first;
    if (!this.#played.soundsWithin(from - MAX_DELAY, from + VAD_WINDOW)) {
      this.#listen(window);
      this.#withheld = 0;
      return { samples: window, isEcho: false };
    }
    const begun = performance.now();
    const verdict = this.#delay === undefined ? this.#search(window, from) : this.#cancel(window, from);
    this.#computeMs += performance.now() - begun;
    return verdict;
  }

  /** Keeps both clocks together; whatever breaks the microphone's makes the delay unknown. */
  #follow(mediaMs: number, atMs: number): void {
    const sample = Math.round(mediaMs * SAMPLES_PER_MS);
    const anchor = Math.round((atMs - mediaMs - WINDOW_MS) * SAMPLES_PER_MS);
    if (this.#anchor === undefined) {
      this.#next = sample - (sample % VAD_WINDOW);
      this.#anchor = anchor;
      return;
    }
    // Packets come late, never early: the earliest arrival is the true one. Half a second of lateness is not the same stream any more.
    const lateMs = (anchor - this.#anchor) / SAMPLES_PER_MS;
    const isBroken = Math.abs(sample - this.#next) > VAD_WINDOW || lateMs < -MAX_EARLY_MS || lateMs > MAX_LATE_MS;
    if (!isBroken) return;
    this.#next = sample - (sample % VAD_WINDOW);
    this.#anchor = anchor;
    this.#ring.fill(0);
    this.#lose();
    this.#isTrusted = false;
  }

  #lose(): void {
    this.#delay = undefined;
    this.#candidateMs = undefined;
    this.#searches = 0;
    this.#active = 0;
    this.#withheld = 0;
  }

  /** Whether the window is louder than the room; the floor rises slowly and falls at once. */
  #listen(window: Float32Array): boolean {
    let power = 0;
    for (const sample of window) power += sample * sample;
    power /= window.length;
    const isSound = power > Math.max(LEAST_POWER, this.#floor * ABOVE_FLOOR);
    this.#floor = Math.max(1e-9, Math.min(power, this.#floor * 1.02));
    return isSound;
  }

  #search(window: Float32Array, from: number): EchoVerdict {
    const isSound = this.#listen(window);
    if (!isSound) {
      if (this.#withheld > 0 && !this.#isTrusted) return { samples: window, isEcho: true };
      return { samples: window, isEcho: false };
    }
    this.#active++;
    const every = this.#searches < PATIENT_AFTER ? 2 : 8;
    if (this.#active % every === 0 && this.#find(from + VAD_WINDOW)) return this.#learnPast(from);
    if (this.#isTrusted) return { samples: window, isEcho: false };
    this.#withheld++;
    if (this.#withheld >= MAX_WITHHELD) this.#isTrusted = true;
    return { samples: window, isEcho: true };
  }

  /** Looks for the delay of what the microphone heard until `end`. */
  #find(end: number): boolean {
    this.#finder ??= new DelayFinder();
    this.#past(end - COMPARED, this.#microphone);
    this.#played.read(end - COMPARED - MAX_DELAY, this.#reference);
    const { delayMs, sharpness } = this.#finder.find(this.#microphone, this.#reference);
    this.#searches++;
    const agrees = this.#candidateMs !== undefined && Math.abs(this.#candidateMs - delayMs) <= AGREES_MS;
    this.#candidateMs = sharpness >= LIKELY_SHARPNESS ? delayMs : undefined;
    if (sharpness < SURE_SHARPNESS && !(agrees && sharpness >= LIKELY_SHARPNESS)) return false;
    const start = Math.max(0, Math.round((delayMs - HEAD_MS) * SAMPLES_PER_MS));
    const isMoved = this.#delay !== undefined && Math.abs(start - this.#delay) > (HEAD_MS / 2) * SAMPLES_PER_MS;
    if (this.#delay !== undefined && !isMoved) return false;
    this.#delay = start;
    this.#candidateMs = undefined;
    return true;
  }

  /** A path that was just found is learned at once from what is remembered; `from`: the present window, cleaned and returned. */
  #learnPast(from: number): EchoVerdict {
    this.#filter ??= new EchoFilter();
    this.#filter.reset();
    this.#useless = 0;
    this.#sinceCheck = 0;
    this.#age = 0;
    this.#share = 1;
    let heard = 0;
    let reference = 1e-9;
    const blocks = COMPARED / VAD_WINDOW;
    const past = new Float32Array(VAD_WINDOW);
    let result: EchoBlock | undefined;
    for (let block = 1 - blocks - PATH_BLOCKS; block <= 0; block++) {
      const at = from + block * VAD_WINDOW;
      this.#past(at, past);
      this.#played.read(at - (this.#delay ?? 0), this.#block);
      result = this.#filter.process(past, this.#block, past, block > -blocks);
      heard += result.microphone;
      reference += result.reference;
    }
    this.#gain = heard / reference;
    return { samples: past, isEcho: result === undefined || this.#isExplained(result) };
  }

  #cancel(window: Float32Array, from: number): EchoVerdict {
    if (++this.#sinceCheck >= CHECK_EVERY_WINDOWS && this.#listen(window)) {
      this.#sinceCheck = 0;
      if (this.#find(from + VAD_WINDOW)) return this.#learnPast(from);
    }
    this.#played.read(from - (this.#delay ?? 0), this.#block);
    const out = new Float32Array(VAD_WINDOW);
    const result = (this.#filter as EchoFilter).process(window, this.#block, out);
    this.#judgePath(result);
    // A path that is not known well yet adds more than it takes away.
    return { samples: result.rest > result.microphone ? window : out, isEcho: this.#isExplained(result) };
  }

  #judgePath({ echo, microphone, rest, expected }: EchoBlock): void {
    const helps = rest < 0.8 * microphone;
    if (helps) this.#useless = 0;
    else if (Math.max(echo, expected) > 0.01 * microphone && ++this.#useless > USELESS_AFTER) {
      this.#lose();
      this.#isTrusted = true;
    }
  }

  /** What the microphone heard from `from` (wall-clock sample) on. */
  #past(from: number, out: Float32Array): void {
    const first = from - (this.#anchor ?? 0);
    for (let i = 0; i < out.length; i++) {
      const sample = first + i;
      out[i] = sample < Math.max(0, this.#next - KEPT) ? 0 : (this.#ring[sample % KEPT] as number);
    }
  }

  #isExplained({ microphone, reference, echo, rest, expected }: EchoBlock): boolean {
    this.#reverberation = Math.max(echo, this.#reverberation * REVERBERATES);
    this.#loudness = Math.max(reference, this.#loudness * REVERBERATES);
    const left = Math.max(LEFT_OF_ECHO * this.#reverberation, LEFT_OF_EXPECTED * expected);
    if (reference > 0.1 * this.#loudness && reference > 1e-6) this.#age++;
    const usual = this.#gain * this.#loudness;
    const isUsual = Math.min(rest, microphone) < YOUNG_LEVEL * usual;
    // Whoever speaks over the echo must not pass for a louder echo.
    if (isUsual && reference > 0.3 * this.#loudness && reference > 1e-6) {
      this.#gain += GAIN_SMOOTHING * (microphone / reference - this.#gain);
      this.#share += GAIN_SMOOTHING * (Math.min(1, rest / (microphone + 1e-12)) - this.#share);
    }
    const isYoung = this.#age < YOUNG_WINDOWS || this.#share > YOUNG_SHARE;
    return rest < left || (isYoung && isUsual);
  }
}
