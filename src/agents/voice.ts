/**
 * The avatar's mouth: speech chunks in, paced sound, moving face and as-spoken captions out. It knows to the word what was heard.
 */
import type { AgentState, SpeechChunk, SpeechMotion, SpeechPosition } from '../inference/engines.js';
import { toneOf } from '../inference/text/tone.js';
import { loudnessEnvelope } from '../media/loudness.js';
import { OUTPUT_RATE_HZ, type SpeechSegment } from '../media/output-protocol.js';
import type { PacerEvent } from '../media/pacer-client.js';
import { floatToInt16, resample } from '../media/resample.js';

/** The pacer's side of one conversation. */
export interface SpeechOutput {
  speech(segment: SpeechSegment): void;
  utteranceComplete(utteranceId: number): void;
  gain(gain: number, rampMs: number): void;
  /** Resolves with where the speech was that was being sent; null: none was. */
  clear(fadeMs: number): Promise<{ position: SpeechPosition | null } | undefined>;
}

/** The avatar thread's side of one conversation. */
export interface Face {
  speech(motion: SpeechMotion): void;
  setState(state: AgentState): void;
  interrupt(): void;
  visitorPaused(): void;
}

export type VoiceEvent =
  | { type: 'started'; utteranceId: number; atMs: number }
  /** A further segment of the utterance; after the last one there may have been silence. */
  | { type: 'went-on'; utteranceId: number }
  | { type: 'word'; utteranceId: number; index: number; word: string; atMs: number }
  | { type: 'ended'; utteranceId: number; heard: string; interrupted: boolean };

const FADE_OUT_MS = 20;
/** −20 dB: clearly out of the way, also in its loudest syllables, and still there. */
const DUCKED_GAIN = 0.1;
const DUCK_RAMP_MS = 30;
const RESTORE_RAMP_MS = 150;

interface Utterance {
  id: number;
  words: number;
  spoken: string[];
  heard: string[];
  started: boolean;
  /** Something was queued. */
  any: boolean;
  /** Segments that are not known to be over, the one being sent first. */
  pending: { segmentId: number; durationMs: number }[];
  /** Length of the segments that are over. */
  overMs: number;
  /** When the first of them began; undefined: not yet. */
  sendingSinceMs: number | undefined;
}

export class Voice {
  readonly #output: SpeechOutput;
  readonly #face: Face;
  readonly #onEvent: (event: VoiceEvent) => void;
  readonly #utterances = new Map<number, Utterance>();
  #nextUtterance = 1;
  #nextSegment = 1;
  #ducked = false;
  #saying: readonly string[] = [];

  constructor(output: SpeechOutput, face: Face, onEvent: (event: VoiceEvent) => void) {
    this.#output = output;
    this.#face = face;
    this.#onEvent = onEvent;
  }

  /** True from the first sample sent to the last of what is queued. */
  get audible(): boolean {
    for (const utterance of this.#utterances.values()) if (utterance.started) return true;
    return false;
  }

  /** All words so far of the utterance that is heard, or was last. */
  get saying(): string {
    return this.#saying.join(' ');
  }

  begin(): number {
    const id = this.#nextUtterance++;
    this.#utterances.set(id, {
      id,
      words: 0,
      spoken: [],
      heard: [],
      started: false,
      any: false,
      pending: [],
      overMs: 0,
      sendingSinceMs: undefined,
    });
    return id;
  }

  /** Queues a chunk; returns false when the utterance is over already. */
  speak(utteranceId: number, chunk: SpeechChunk, nowMs: number): boolean {
    const utterance = this.#utterances.get(utteranceId);
    if (utterance === undefined) return false;
    const segmentId = this.#nextSegment++;
    const durationMs = (chunk.samples.length * 1000) / chunk.sampleRateHz;
    this.#face.speech({
      segmentId,
      durationMs,
      phonemes: chunk.phonemes,
      audio: this.#audioOf(utterance, chunk, nowMs),
      loudness: loudnessEnvelope(chunk.samples, chunk.sampleRateHz),
      tone: toneOf(chunk.words.map((word) => word.text).join(' ')),
    });
    this.#output.speech({
      segmentId,
      utteranceId,
      samples: floatToInt16(resample(chunk.samples, chunk.sampleRateHz, OUTPUT_RATE_HZ)),
      words: chunk.words.map((word) => ({
        index: utterance.words++,
        text: word.text,
        startSample: Math.round((word.startMs * OUTPUT_RATE_HZ) / 1000),
      })),
    });
    utterance.any = true;
    for (const { text } of chunk.words) utterance.spoken.push(text);
    utterance.pending.push({ segmentId, durationMs });
    return true;
  }

  /** What the face must hear for itself: speech without phonemes. */
  #audioOf({ id }: Utterance, { samples, sampleRateHz, phonemes }: SpeechChunk, nowMs: number): SpeechMotion['audio'] {
    if (phonemes !== undefined) return undefined;
    return { samples, sampleRateHz, continues: this.backlogMs(id, nowMs) > 0 };
  }

  /** Milliseconds of speech queued and not yet sent. */
  backlogMs(utteranceId: number, nowMs: number): number {
    const utterance = this.#utterances.get(utteranceId);
    if (utterance === undefined) return 0;
    const queuedMs = sumOf(utterance.pending);
    const { sendingSinceMs, pending } = utterance;
    if (sendingSinceMs === undefined) return queuedMs;
    // The voice may have been silent since: only the segment that is being sent can have been sent in part.
    return Math.max(0, queuedMs - Math.min(nowMs - sendingSinceMs, pending[0]?.durationMs ?? 0));
  }

  /** No more chunks follow. An utterance that never got one ends at once. */
  finish(utteranceId: number): void {
    const utterance = this.#utterances.get(utteranceId);
    if (utterance === undefined) return;
    if (!utterance.any) this.#end(utterance, false);
    else this.#output.utteranceComplete(utteranceId);
  }

  /** Lowers the voice while it is unclear whether a sound is an interruption. */
  duck(): void {
    if (this.#ducked) return;
    this.#ducked = true;
    this.#output.gain(DUCKED_GAIN, DUCK_RAMP_MS);
  }

  restore(): void {
    if (!this.#ducked) return;
    this.#ducked = false;
    this.#output.gain(1, RESTORE_RAMP_MS);
  }

  /**
   * Barge-in: the voice fades over 20 ms, the face relaxes from where it is, all queued speech is dropped. `onCut` is told how much of
   * the utterance was sent, as soon as that is known.
   */
  stop(onCut?: { utteranceId: number | undefined; tell: (heardMs: number) => void }): void {
    this.#ducked = false;
    this.#face.interrupt();
    const cut = this.#utterances.get(onCut?.utteranceId ?? Number.NaN);
    this.#output.clear(FADE_OUT_MS).then(
      (at) => cut !== undefined && onCut?.tell(heardMsOf(cut, at?.position ?? null)),
      // A pacer that died reports that itself; there is then nothing left to clear.
      () => {},
    );
    for (const utterance of [...this.#utterances.values()]) this.#end(utterance, true);
  }

  handlePacer(event: PacerEvent): void {
    if (event.type === 'word-sent') {
      const utterance = this.#utterances.get(event.utteranceId);
      if (utterance === undefined) return;
      utterance.heard.push(event.text);
      const { index, text: word, atMs } = event;
      this.#onEvent({ type: 'word', utteranceId: utterance.id, index, word, atMs });
    } else if (event.type === 'segment-started') {
      const utterance = this.#utterances.get(event.utteranceId);
      if (utterance === undefined) return;
      const index = utterance.pending.findIndex(({ segmentId }) => segmentId === event.segmentId);
      if (index >= 0) utterance.overMs += sumOf(utterance.pending.splice(0, index));
      utterance.sendingSinceMs = event.atMs;
      const { id: utteranceId, started } = utterance;
      utterance.started = true;
      this.#saying = utterance.spoken;
      this.#onEvent(started ? { type: 'went-on', utteranceId } : { type: 'started', utteranceId, atMs: event.atMs });
    } else if (event.type === 'utterance-sent') {
      const utterance = this.#utterances.get(event.utteranceId);
      if (utterance !== undefined) this.#end(utterance, false);
    }
  }

  #end(utterance: Utterance, interrupted: boolean): void {
    this.#utterances.delete(utterance.id);
    const heard = utterance.heard.join(' ');
    this.#onEvent({ type: 'ended', utteranceId: utterance.id, heard, interrupted });
  }
}

function sumOf(segments: readonly { durationMs: number }[]): number {
  return segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** How much of an utterance was sent when the voice stood at `position`; without one, all that had begun to be sent. */
function heardMsOf({ started, pending, overMs }: Utterance, position: SpeechPosition | null): number {
  if (!started) return 0;
  const index = pending.findIndex(({ segmentId }) => segmentId === position?.segmentId);
  if (position === null || index < 0) return overMs + (pending[0]?.durationMs ?? 0);
  return overMs + sumOf(pending.slice(0, index)) + position.positionMs;
}
