import { VisavisError } from '../../../errors.js';
import type { AgentState, MotionModel, MotionStream, SpeechMotion, SpeechPosition } from '../../engines.js';
import type { Manner } from '../manner.js';
import { MOTION_FRAME_LENGTH } from '../motion-frame.js';
import { type Accent, Articulation, restArticulators } from './articulation.js';
import type { AudioMotion, AudioTrack } from './audio-motion.js';
import { writeMouth } from './blendshapes.js';
import { FaceLife } from './face-life.js';
import { type PhraseEnd, phraseEnds } from './prosody.js';
import { temperamentOf } from './temperament.js';
import { ARTICULATOR } from './visemes.js';

/** Stretches of speech kept at once; the oldest give way. */
const MAX_SPEECH = 64;
/** A position this close to where the voice was expected is no jump. */
const TOLERANCE_MS = 35;
/** How long the mouth takes from where it is to where it should be, after a cut, a jump, or a change of segment. */
const INTERRUPT_MS = 120;
const UNDERRUN_MS = 160;
const JUMP_MS = 80;
const LONGEST_JUMP_MS = 160;
/** More of an articulator than this share of its range in a frame looks like a jump. */
const EASY = { jaw: 0.14, round: 0.4, flare: 0.3 } as const;

/** The jaw opens no faster, in 1/ms: what fades out and what begins must not add up to a jump. */
const FASTEST_OPENING = 0.1 / 40;

/** What is known of a stretch of speech. */
interface Known {
  mouthing: Mouthing;
  ends: readonly PhraseEnd[];
  tone: number;
}

/**
 * A face driven by timed phonemes, and alive without them: it blinks, breathes, looks and sways by itself, nods when it
 * listens, looks away for a moment when it thinks. Every sequence is deterministic for its seed and no two minutes are alike.
 */
export class PhonemeMotion implements MotionModel {
  readonly #listen: (() => AudioMotion) | undefined;

  /** `listen` gives every stream its ear for speech without phonemes; where there is none, the jaw follows the loudness of such speech. */
  constructor(listen?: () => AudioMotion) {
    this.#listen = listen;
  }

  open(o: { frameRate: number; seed: number; manner?: Manner | undefined }): MotionStream {
    return new PhonemeMotionStream(o, this.#listen?.());
  }
}

/** The mouth during one stretch of speech. */
interface Mouthing {
  readonly accents: readonly Accent[];
  at(ms: number, out: Float32Array): void;
}

class PhonemeMotionStream implements MotionStream {
  readonly #stepMs: number;
  readonly #ear: AudioMotion | undefined;
  readonly #speech = new Map<number, Known>();
  readonly #life: FaceLife;
  #state: AgentState = 'idle';
  /** The mouth as shown last, as it should be, and the difference that is fading out. */
  readonly #shown = restArticulators();
  readonly #wanted = restArticulators();
  readonly #offset = restArticulators();
  #fadeMs = 0;
  #fadeLengthMs = 1;
  #last: SpeechPosition | null = null;
  #interrupted = false;

  constructor(
    { frameRate, seed, manner }: { frameRate: number; seed: number; manner?: Manner | undefined },
    ear: AudioMotion | undefined,
  ) {
    this.#ear = ear;
    this.#stepMs = 1_000 / frameRate;
    this.#life = new FaceLife(this.#stepMs, seed, temperamentOf(manner));
  }

  addSpeech(speech: SpeechMotion): void {
    this.#speech.set(speech.segmentId, {
      mouthing: this.#mouthing(speech),
      ends: phraseEnds(speech),
      tone: speech.tone ?? 0,
    });
    for (const id of this.#speech.keys()) {
      if (this.#speech.size <= MAX_SPEECH) break;
      this.#speech.delete(id);
    }
  }

  #mouthing(speech: SpeechMotion): Mouthing {
    const articulation = new Articulation(speech);
    if (this.#ear === undefined || speech.audio === undefined || (speech.phonemes?.length ?? 0) > 0)
      return articulation;
    let heard: AudioTrack;
    try {
      heard = this.#ear.push(speech.audio);
    } catch (thrown) {
      if (thrown instanceof VisavisError) return articulation;
      throw thrown;
    }
    return {
      accents: articulation.accents,
      at: (ms, out) => {
        if (!heard.at(ms, out)) articulation.at(ms, out);
      },
    };
  }

  setState(state: AgentState): void {
    this.#state = state;
  }

  interrupt(): void {
    this.#speech.clear();
    this.#ear?.reset();
    this.#interrupted = true;
    this.#life.interrupt();
  }

  visitorPaused(): void {
    this.#life.visitorPaused();
  }

  next(at: SpeechPosition | null, out: Float32Array): void {
    out.fill(0, 0, MOTION_FRAME_LENGTH);
    const speech = at === null ? undefined : this.#speech.get(at.segmentId);
    this.#moveMouth(speech, speech === undefined ? null : at);
    writeMouth(this.#shown, out);
    this.#life.next(this.#state, speech !== undefined, speech?.tone ?? 0, out);
  }

  #moveMouth(speech: Known | undefined, at: SpeechPosition | null): void {
    if (speech === undefined || at === null) this.#wanted.fill(0);
    else speech.mouthing.at(at.positionMs, this.#wanted);
    const jump = this.#jumpMs(at);
    if (jump > 0) {
      for (let k = 0; k < this.#offset.length; k++) this.#offset[k] = this.#shown[k]! - this.#wanted[k]!;
      this.#fadeMs = 0;
      this.#fadeLengthMs = jump === JUMP_MS ? this.#easyMs() : jump;
    }
    this.#fadeMs += this.#stepMs;
    const t = Math.min(1, this.#fadeMs / this.#fadeLengthMs);
    // Evenly: any other course has a faster part.
    const keep = 1 - t;
    const widest = this.#shown[ARTICULATOR.jaw]! + FASTEST_OPENING * this.#stepMs;
    for (let k = 0; k < this.#shown.length; k++) {
      const most = k === ARTICULATOR.jaw ? Math.min(1, widest) : 1;
      this.#shown[k] = Math.min(most, Math.max(0, this.#wanted[k]! + this.#offset[k]! * keep));
    }
    if (speech !== undefined && at !== null) this.#passAccents(speech, at.positionMs);
    this.#last = at;
    this.#interrupted = false;
  }

  /** How long the difference that is fading out must take to look like no jump: lips that only close are free to do so at once. */
  #easyMs(): number {
    const jaw = Math.abs(this.#offset[ARTICULATOR.jaw]!) / EASY.jaw;
    const round = Math.abs(this.#offset[ARTICULATOR.round]!) / EASY.round;
    const flare = Math.abs(this.#offset[ARTICULATOR.flare]!) / EASY.flare;
    return Math.min(LONGEST_JUMP_MS, Math.max(JUMP_MS, this.#stepMs * Math.max(jaw, round, flare)));
  }

  /** How long the way to the new position must take; 0 when it follows from the last one. */
  #jumpMs(at: SpeechPosition | null): number {
    const last = this.#last;
    if (this.#interrupted) return INTERRUPT_MS;
    if (at === null) return last === null ? 0 : UNDERRUN_MS;
    if (last === null || last.segmentId !== at.segmentId) return JUMP_MS;
    return Math.abs(at.positionMs - last.positionMs - this.#stepMs) > TOLERANCE_MS ? JUMP_MS : 0;
  }

  #passAccents(speech: Known, positionMs: number): void {
    const passed = (atMs: number) => atMs <= positionMs && atMs > positionMs - this.#stepMs;
    for (const accent of speech.mouthing.accents) if (passed(accent.atMs)) this.#life.accent(accent);
    for (const end of speech.ends) if (passed(end.atMs)) this.#life.phraseEnd(end);
  }
}
