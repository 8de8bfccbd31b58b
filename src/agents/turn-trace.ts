/**
 * A recording of one microphone's turns as lines of JSON: a header, every input of the turn machine with what it decided, and notes of what
 * the avatar did meanwhile. Times are the microphone's media time in ms. It holds what people said, and is to be kept accordingly.
 */
import type { AgentState } from '../inference/engines.js';
import type { TurnTaking } from '../turn-taking.js';
import type { TurnDecision, TurnInput, TurnSettings } from './turn.js';

export const TRACE_FORMAT = 'visavis-turn-trace';
export const TRACE_VERSION = 1;

export interface TraceHeader {
  type: typeof TRACE_FORMAT;
  version: typeof TRACE_VERSION;
  /** ISO 8601; media time 0. */
  startedAt: string;
  conversationId: string;
  participantId: string;
  turnTaking: TurnTaking;
  settings: TurnSettings;
}

/** What else was going on, for people who look at the recording; the turn machine does not see it. */
export type TraceNote =
  | { type: 'state'; state: AgentState }
  /** Speech that is ready to be sent. */
  | { type: 'planned'; utteranceId: number; segmentId: number; durationMs: number; text: string }
  /** Its first sample is sent. */
  | { type: 'playing'; utteranceId: number; segmentId: number }
  | { type: 'heard'; utteranceId: number; word: string }
  | { type: 'spoken'; utteranceId: number; interrupted: boolean }
  /** The voice's gain from now on: below 1 while it is ducked. */
  | { type: 'gain'; gain: number }
  /** Text of a turn that ended. */
  | { type: 'understood'; text: string };

export type TraceLine =
  | TurnInput
  /** What the input of the line before led to; absent when nothing. */
  | { type: 'decisions'; atMs: number; decisions: TurnDecision[] }
  | (TraceNote & { atMs: number })
  /** The recording ends here because it has become too large. */
  | { type: 'cut'; atMs: number };

/** Takes one microphone's trace; nothing here may throw or wait. */
export interface TurnTrace {
  input(input: TurnInput, decisions: readonly TurnDecision[]): void;
  note(note: TraceNote): void;
  close(): void;
}

/** Where the traces of one conversation go. */
export interface TurnTraces {
  open(participantId: string, settings: TurnSettings): TurnTrace;
}

export interface TraceSink {
  write(text: string): void;
  close(): void;
}

/** Writes a trace of at most `maxBytes`. `now`: wall clock in ms, by which notes find their place between the inputs. */
export class TurnTraceWriter implements TurnTrace {
  readonly #sink: TraceSink;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;
  #isOver = false;
  #last = { mediaMs: 0, wallMs: 0 };

  constructor(header: TraceHeader, o: { sink: TraceSink; maxBytes: number; now: () => number }) {
    this.#sink = o.sink;
    this.#maxBytes = o.maxBytes;
    this.#now = o.now;
    this.#last = { mediaMs: 0, wallMs: o.now() };
    this.#write(header);
  }

  input(input: TurnInput, decisions: readonly TurnDecision[]): void {
    this.#last = { mediaMs: input.atMs, wallMs: this.#now() };
    this.#write(input);
    if (decisions.length > 0) this.#write({ type: 'decisions', atMs: input.atMs, decisions: [...decisions] });
  }

  note(note: TraceNote): void {
    const { type, ...rest } = note;
    const atMs = Math.round(this.#last.mediaMs + Math.max(0, this.#now() - this.#last.wallMs));
    this.#write({ type, atMs, ...rest } as TraceLine);
  }

  close(): void {
    if (!this.#isOver) this.#sink.close();
    this.#isOver = true;
  }

  #write(line: TraceHeader | TraceLine): void {
    if (this.#isOver) return;
    const text = `${JSON.stringify(line)}\n`;
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes <= this.#maxBytes) {
      this.#sink.write(text);
      return;
    }
    this.#sink.write(`${JSON.stringify({ type: 'cut', atMs: Math.round(this.#last.mediaMs) } satisfies TraceLine)}\n`);
    this.close();
  }
}
