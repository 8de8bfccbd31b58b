/**
 * The engine interfaces, one per kind. Only `compose.ts` and the worker entries name concrete engines.
 * Audio is mono Float32 in −1…1; recognition and voice activity run at 16 kHz.
 */

import type { Manner } from './avatar/manner.js';

export const RECOGNITION_RATE_HZ = 16_000;
/** Silero's window: 512 samples at 16 kHz, 32 ms. */
export const VAD_WINDOW = 512;

// ---------------------------------------------------------------- voice activity

/** One stream's voice activity, window by window. */
export interface VoiceActivityStream {
  /** Speech probability 0…1 of the next `VAD_WINDOW` samples at 16 kHz. Calls must not overlap. */
  process(window: Float32Array): Promise<number>;
  /** Forgets all context, as if the stream began anew. */
  reset(): void;
  close(): void;
}

export interface VoiceActivityDetector {
  open(): VoiceActivityStream;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- recognition

export interface Transcript {
  /** Trimmed text; empty for silence and noise. */
  text: string;
  /** Seconds-scale bookkeeping: how much audio the text covers. */
  audioMs: number;
  /** Wall time that the recogniser spent. */
  computeMs: number;
  /** Where the recogniser was to find it out: what was spoken, as a language tag. */
  language?: string;
}

/**
 * Recognition of one speaker's turn. Results are non-destructive: after `final()` more audio may be pushed and the same
 * turn goes on, which is what a speculative start needs.
 */
export interface RecognitionStream {
  /** Appends 16 kHz audio of the current turn. The stream keeps at most `maxTurnMs`; older audio is dropped. */
  push(samples: Float32Array): void;
  /** A quick, possibly less exact text of all audio pushed since `reset()`. Low priority: may be refused with `unavailable`. */
  partial(o: { signal: AbortSignal }): Promise<Transcript>;
  /** The best text of all audio pushed since `reset()`. High priority. Rejects with AbortError when aborted. */
  final(o: { signal: AbortSignal }): Promise<Transcript>;
  /** Begins a new turn. */
  reset(): void;
  close(): void;
}

export interface SpeechRecogniser {
  /** `language`: a tag such as `de` or `pt-BR`, or `auto` where it is to be found out. Throws `bad-request` with the field `language` for one that it does not know. */
  open(o: { language?: string | undefined }): RecognitionStream;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- synthesis

/**
 * One phoneme with its time inside the chunk. `symbol` is IPA as the synthesiser's vocabulary writes it (Kokoro's set), or the punctuation
 * mark that a pause stands for.
 */
export interface TimedPhoneme {
  symbol: string;
  startMs: number;
  endMs: number;
  /** Of the vowel that comes here or next. */
  stress?: 'primary' | 'secondary';
}

/** One word of the text as written (captions), with its time inside the chunk. */
export interface TimedWord {
  text: string;
  startMs: number;
  endMs: number;
}

/** Audio with what belongs to it; all times are relative to the chunk's first sample. */
export interface SpeechChunk {
  samples: Float32Array;
  sampleRateHz: number;
  /** Absent when the engine does not know them (remote voices). */
  phonemes?: TimedPhoneme[];
  words: TimedWord[];
  /** Wall time spent inside the model. */
  computeMs: number;
}

export interface SpeakOptions {
  voice?: string;
  /** 1 = normal rate. */
  speed?: number;
  /** `first` overtakes queued `later` segments of all conversations. */
  priority: 'first' | 'later';
  signal: AbortSignal;
}

export interface SpeechSynthesiser {
  readonly sampleRateHz: number;
  readonly voices: readonly string[];
  /**
   * Speaks one segment (a sentence or clause). Leading silence is trimmed to ≤ 30 ms; trailing silence is kept as the pause
   * the punctuation asks for. Rejects with AbortError when aborted, `engine-failed` when the model fails.
   */
  speak(segment: string, o: SpeakOptions): AsyncIterable<SpeechChunk>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- embeddings

export interface TextEmbedder {
  readonly dimensions: number;
  /** One unit-length vector per text. */
  embed(texts: readonly string[], o?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- agent

export interface Message {
  /** `tool`: what a tool answered for the reply that follows; nobody heard it. */
  role: 'user' | 'assistant' | 'tool';
  text: string;
  /** Only for `assistant`: the reply was cut off, `text` is what was heard. */
  interrupted?: boolean;
  /** Only for `tool`. */
  tool?: ToolCall;
}

export interface ToolCall {
  name: string;
  /** JSON, as the language model wrote it. */
  arguments: string;
}

/** Where something that the agent says comes from. */
export interface Source {
  /** As a reader may be shown it: document and heading. */
  title: string;
  /** From 1, of documents that have pages. */
  page?: number;
  /** http or https, of what came from a web page. */
  url?: string;
}

export type AgentEvent =
  | { type: 'text-delta'; text: string }
  /** More text follows, but not at once: what there is should be spoken. */
  | { type: 'pause' }
  /** What the text so far rests on. */
  | { type: 'sources'; sources: Source[] }
  | { type: 'reply-end'; finishReason: 'stop' | 'length' | 'interrupted' };

export interface ReplyOptions {
  signal: AbortSignal;
  /** Resolves once it is certain that the reply is wanted; until then nothing outside may be changed for it. Absent: it is. */
  committed?: Promise<void>;
  /** A tool was used; called even when the reply is aborted meanwhile, because what a tool did stays done. */
  onToolUse?: (call: ToolCall, result: string) => void;
}

/** Answers the last message of `history`. Rejects with a typed error; text already yielded stays said. */
export interface Agent {
  reply(history: readonly Message[], o: ReplyOptions): AsyncIterable<AgentEvent>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- a model that hears and speaks

/** One answer of a `SpeechDialogue`, as it comes; the chunks carry the words that they say. Read once. */
export interface SpokenAnswer extends AsyncIterable<SpeechChunk> {
  /** The reply was cut off after so much of its audio: the model forgets the rest. Called at most once, after the reply's signal has aborted. */
  cutAt(heardMs: number): void;
}

/**
 * One conversation with a model that hears and speaks itself, in place of recogniser, agent and synthesiser. Who speaks when is not its
 * decision: it answers when it is asked to.
 */
export interface SpeechDialogue {
  /**
   * The model's ear. What is pushed goes to the model; the texts serve turn-taking, captions and history. A turn that nobody answers
   * is forgotten by the model when the next one begins.
   */
  readonly ear: SpeechRecogniser;
  /**
   * Answers the last message of `history`, by what was heard where it was spoken. Rejects while it is read with a typed error; what was
   * yielded stays said. Aborted before `committed`, it leaves no trace in the model.
   */
  answer(history: readonly Message[], o: ReplyOptions): SpokenAnswer;
  /** Something was said that is not the model's own, such as the greeting. */
  note(message: Message): void;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- face

export type AgentState = 'idle' | 'listening' | 'thinking' | 'speaking';

/** Sound that the face itself must listen to. */
export interface SpeechAudio {
  /** Mono, −1…1. */
  samples: Float32Array;
  /** 8 to 192 kHz. */
  sampleRateHz: number;
  /** The sound follows the previous segment's without a gap. */
  continues: boolean;
}

/** What the face must know of a stretch of speech before it is heard. */
export interface SpeechMotion {
  /** The pacer's segment number, which frame requests refer to. */
  segmentId: number;
  durationMs: number;
  phonemes?: TimedPhoneme[];
  /** Only where the phonemes are not known. */
  audio?: SpeechAudio;
  /** RMS loudness per 10 ms, 0…1, for stress and for speech without phonemes. */
  loudness: Float32Array;
  /** Of the words: −1 sad news or an apology … 1 good news or a welcome. Absent: neither. */
  tone?: number;
}

/** Where the voice is at the moment a frame is shown; null while nothing is spoken. */
export interface SpeechPosition {
  segmentId: number;
  positionMs: number;
}

export interface MotionStream {
  addSpeech(speech: SpeechMotion): void;
  setState(state: AgentState): void;
  /** Forgets all speech; the face relaxes from where it is within about 120 ms, never with a jump. */
  interrupt(): void;
  /** Whom the avatar listens to has paused: the moment for a nod. */
  visitorPaused(): void;
  /** Advances by one frame and writes `MOTION_FRAME_LENGTH` values into `out`. Deterministic for a seed. */
  next(at: SpeechPosition | null, out: Float32Array): void;
}

export interface MotionModel {
  /** Without a manner, all are alike. */
  open(o: { frameRate: number; seed: number; manner?: Manner | undefined }): MotionStream;
}

export interface AvatarStream {
  readonly width: number;
  readonly height: number;
  /**
   * Computes what `render` will draw of this motion, and moves on by one frame. Where a stream has it, it is awaited before every `render`, and never called
   * before the last call is settled.
   */
  prepare?(motion: Float32Array): Promise<void>;
  /** Draws one frame as I420 (`width·height·3/2` bytes) into `out`. No allocation. */
  render(motion: Float32Array, out: Uint8Array): void;
  /**
   * Where the surface's landmarks stand in the frame drawn last: x, y of each in pixels, into `out`, as many as fit. For measuring; absent
   * where a renderer has none.
   */
  landmarks?(out: Float32Array): void;
  close(): void;
}
