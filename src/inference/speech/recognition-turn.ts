import { throwIfAborted } from '../../abort.js';
import { RECOGNITION_RATE_HZ, type Transcript } from '../engines.js';
import { TurnAudio } from './recognition-audio.js';
import { quietestPoint } from './recognition-guard.js';

export const MAX_TURN_MS = 30_000;
const MAX_TURN = (MAX_TURN_MS / 1000) * RECOGNITION_RATE_HZ;

/** A longer stretch is cut: recognisers of this size lose words, and cost grows with the square of the length. */
const LONGEST_PIECE = 15 * RECOGNITION_RATE_HZ;
const SHORTEST_PIECE = 8 * RECOGNITION_RATE_HZ;
/** A finished turn of this many characters is not prolonged any further. */
const MAX_FINISHED_CHARACTERS = 8_000;

export type Pass = 'partial' | 'final';

/** Runs one model once. `final` asks for the best model, `partial` for the fast one. */
export type Decode = (
  samples: Float32Array,
  pass: Pass,
) => Promise<{ text: string; computeMs: number; language?: string | undefined }>;

/**
 * The audio of one turn and what is known of its text, apart from where the models run.
 *
 * Up to 15 s are decoded whole. A longer turn is cut at its quietest 100 ms between 8 and 15 s; the text of everything
 * before the cut is decoded once, by the best model, and kept, so that a final pass over a long turn costs no more than
 * one over its last piece. A repeated request with no new samples is answered from memory.
 */
export class RecognitionTurn {
  readonly #audio = new TurnAudio(MAX_TURN);
  #finishedText = '';
  #finishedEnd = 0;
  #turn = 0;
  #last: Partial<Record<Pass, Transcript & { end: number }>> = {};

  /** Samples pushed since `reset()`. */
  get sampleCount(): number {
    return this.#audio.end;
  }

  push(samples: Float32Array): void {
    this.#audio.push(samples);
  }

  reset(): void {
    this.#turn += 1;
    this.#audio.reset();
    this.#finishedText = '';
    this.#finishedEnd = 0;
    this.#last = {};
  }

  /** All kept audio, for a successor that has none of it. */
  keptAudio(): Float32Array {
    return this.#audio.read(this.#audio.start, this.#audio.end);
  }

  /** The text of all audio up to now; audio that arrives meanwhile is not in it. */
  async transcribe(pass: Pass, decode: Decode, signal?: AbortSignal): Promise<Transcript> {
    throwIfAborted(signal);
    const end = this.#audio.end;
    const cached = this.cached(pass);
    if (cached) return cached;
    const turn = this.#turn;
    let computeMs = 0;
    let text = this.#finishedText;
    let from = this.#finishedEnd;
    while (end - Math.max(from, this.#audio.start) > LONGEST_PIECE) {
      from = Math.max(from, this.#audio.start);
      const window = this.#audio.read(from, from + LONGEST_PIECE);
      const cut = quietestPoint(window, SHORTEST_PIECE, window.length);
      const piece = await decode(window.subarray(0, cut), 'final');
      throwIfAborted(signal);
      computeMs += piece.computeMs;
      text = join(text, piece.text);
      from += cut;
      if (turn === this.#turn && from > this.#finishedEnd) this.#finish(text, from);
    }
    const rest = await decode(this.#audio.read(from, end), pass);
    throwIfAborted(signal);
    const transcript = {
      text: join(text, rest.text),
      audioMs: (end / RECOGNITION_RATE_HZ) * 1000,
      computeMs: computeMs + rest.computeMs,
      ...(rest.language !== undefined && { language: rest.language }),
    };
    if (turn === this.#turn) this.#last[pass] = { ...transcript, end };
    return transcript;
  }

  /** What an earlier pass found for exactly the present audio; a final text also answers for a partial one. */
  cached(pass: Pass): Transcript | null {
    const known = [this.#last.final, pass === 'partial' ? this.#last.partial : undefined];
    const hit = known.find((transcript) => transcript?.end === this.#audio.end);
    if (hit === undefined) return null;
    const { text, audioMs, language } = hit;
    return { text, audioMs, computeMs: 0, ...(language !== undefined && { language }) };
  }

  #finish(text: string, end: number): void {
    this.#finishedEnd = end;
    if (text.length <= MAX_FINISHED_CHARACTERS) this.#finishedText = text;
  }
}

function join(before: string, after: string): string {
  return before === '' || after === '' ? before + after : `${before} ${after}`;
}
