import { VisavisError } from '../../../errors.js';
import type { SpeechAudio } from '../../engines.js';
import { type AudioMotionNetwork, type AudioMotionState, FRAMES_PER_STEP, LOOKAHEAD_STEPS } from './audio-network.js';
import { AudioTimeline } from './audio-timeline.js';
import { HeardTrack } from './heard-track.js';
import { LogMel, MEL_BANDS, SILENT_MEL } from './log-mel.js';
import { Pauses } from './pauses.js';

/** Audio is taken in by pieces of this length, so that no run of the network holds up a picture. */
const PIECE_MS = 200;
/** Longer audio than this waits in vain: what is pushed then is refused. */
const MAX_WAITING_MS = 180_000;
/** Silence that the network is given after the newest audio: enough for it to answer for the last moment of it. */
const TAIL_FRAMES = LOOKAHEAD_STEPS + FRAMES_PER_STEP + 1;

/** The mouth of a stretch of audio. */
export interface AudioTrack {
  /** Writes the positions of the articulators `ms` after the stretch's beginning; false while the network has not got there. */
  at(ms: number, out: Float32Array): boolean;
}

interface Piece {
  stream: Listening;
  samples: Float32Array;
}

/** One uninterrupted stream of sound. */
interface Listening {
  mel: LogMel;
  timeline: AudioTimeline;
  pauses: Pauses;
  state: AudioMotionState;
  /** A frame that waits for its neighbour. */
  odd: Float32Array;
  /** Mel frames that the network has taken in. */
  frames: number;
  lengthMs: number;
}

/**
 * From audio without phonemes to the mouth, as it comes: what is pushed is heard by the network in pieces, in order, with what came before it
 * in mind. An answer needs at most `LOOKAHEAD_MS` of audio after the moment it is about, and lets lips move in time for up to 150 ms more where they are
 * known; of the newest audio it is
 * given at once as if silence followed, and again when more has come. In pauses the mouth is at rest, whatever the network makes of
 * the room. Deterministic, and independent of how the audio is cut.
 */
export class AudioMotion {
  readonly #network: AudioMotionNetwork;
  readonly #onFailure: (error: VisavisError) => void;
  #stream: Listening | null = null;
  #waiting: Piece[] = [];
  #waitingMs = 0;
  #working: Promise<void> | null = null;

  /** `onFailure` hears of runs that fail; the audio that was waiting is then left out. */
  constructor(network: AudioMotionNetwork, onFailure: (error: VisavisError) => void = () => {}) {
    this.#network = network;
    this.#onFailure = onFailure;
  }

  /**
   * Takes in a stretch of audio and returns its track, which fills as the network gets through. Audio that does not continue the last begins
   * anew. @throws VisavisError `too-large` when more than 180 s wait, `bad-request` for a sample rate below 8 or above 192 kHz.
   */
  push(audio: SpeechAudio): AudioTrack {
    const { samples, sampleRateHz, continues } = audio;
    const last = continues && this.#stream?.mel.sampleRateHz === sampleRateHz ? this.#stream : null;
    const stream = last ?? this.#listen(sampleRateHz);
    const lengthMs = (samples.length * 1_000) / sampleRateHz;
    if (this.#waitingMs + lengthMs > MAX_WAITING_MS) {
      throw new VisavisError('too-large', `more than ${MAX_WAITING_MS / 1_000} s of audio wait for their motion`);
    }
    this.#stream = stream;
    const startMs = stream.lengthMs;
    stream.lengthMs += lengthMs;
    this.#waitingMs += lengthMs;
    const size = Math.round((sampleRateHz * PIECE_MS) / 1_000);
    for (let at = 0; at < samples.length; at += size) {
      this.#waiting.push({ stream, samples: samples.subarray(at, at + size) });
    }
    this.#working ??= this.#work();
    return new HeardTrack(stream.timeline, stream.pauses, startMs);
  }

  /** Forgets what waits; tracks keep what is known. */
  reset(): void {
    this.#stream = null;
    this.#waiting = [];
    this.#waitingMs = 0;
  }

  /** Resolves when everything that was pushed has been heard. */
  async settled(): Promise<void> {
    await this.#working;
  }

  #listen(sampleRateHz: number): Listening {
    let mel: LogMel;
    try {
      mel = new LogMel(sampleRateHz);
    } catch (cause) {
      throw new VisavisError('bad-request', (cause as RangeError).message, { field: 'sampleRateHz', cause });
    }
    const odd = new Float32Array(0);
    const heard = { timeline: new AudioTimeline(), pauses: new Pauses() };
    return { mel, ...heard, state: this.#network.silence, odd, frames: 0, lengthMs: 0 };
  }

  async #work(): Promise<void> {
    // Not within `push`: whoever pushes must not wait for the network.
    await Promise.resolve();
    try {
      for (let piece = this.#waiting.shift(); piece !== undefined; piece = this.#waiting.shift()) {
        await this.#hear(piece);
        this.#waitingMs = Math.max(0, this.#waitingMs - (piece.samples.length * 1_000) / piece.stream.mel.sampleRateHz);
        if (this.#waiting[0]?.stream !== piece.stream) await this.#hearTail(piece.stream);
      }
    } catch (thrown) {
      this.reset();
      this.#onFailure(VisavisError.from(thrown, 'engine-failed'));
    } finally {
      this.#working = null;
    }
  }

  async #hear({ stream, samples }: Piece): Promise<void> {
    const fresh = stream.mel.push(samples);
    stream.pauses.push(fresh);
    const joined = new Float32Array(stream.odd.length + fresh.length);
    joined.set(stream.odd);
    joined.set(fresh, stream.odd.length);
    const frames = joined.length / MEL_BANDS;
    const taken = frames - (frames % FRAMES_PER_STEP);
    stream.odd = joined.slice(taken * MEL_BANDS);
    if (taken === 0) return;
    const rows = await this.#network.run(joined.subarray(0, taken * MEL_BANDS), stream.state);
    stream.state = rows.state;
    write(stream, rows, taken);
    stream.frames += taken;
  }

  /** Answers for the newest moments as if silence followed, without taking the silence in. */
  async #hearTail(stream: Listening): Promise<void> {
    const frames = TAIL_FRAMES + ((TAIL_FRAMES + stream.odd.length / MEL_BANDS) % FRAMES_PER_STEP);
    const tail = new Float32Array(stream.odd.length + frames * MEL_BANDS).fill(SILENT_MEL);
    tail.set(stream.odd);
    write(stream, await this.#network.run(tail, stream.state), tail.length / MEL_BANDS);
  }
}

function write(stream: Listening, rows: { positions: Float32Array; classes: Float32Array }, count: number): void {
  for (let row = 0; row < count; row++) stream.timeline.write(stream.frames + row + 1 - LOOKAHEAD_STEPS, rows, row);
}
