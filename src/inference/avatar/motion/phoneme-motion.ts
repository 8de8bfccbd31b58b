import { VisavisError } from '../../../errors.js';
import type { AgentState, MotionModel, MotionStream, SpeechMotion, SpeechPosition } from '../../engines.js';
import { MOTION, MOTION_FRAME_LENGTH } from '../motion-frame.js';
import { type Accent, Articulation, restArticulators } from './articulation.js';
import type { AudioMotion, AudioTrack } from './audio-motion.js';
import { pair, writeMouth } from './blendshapes.js';
import { Blink } from './blink.js';
import { Gaze } from './gaze.js';
import { HeadMotion, type Mood } from './head-motion.js';
import { SmoothNoise } from './random.js';

/** Stretches of speech kept at once; the oldest give way. */
const MAX_SPEECH = 64;
/** A position this close to where the voice was expected is no jump. */
const TOLERANCE_MS = 35;
/** How long the mouth takes from where it is to where it should be, after a cut, a jump, or a change of segment. */
const INTERRUPT_MS = 120;
const UNDERRUN_MS = 160;
const JUMP_MS = 80;
/** Time constant of changes between states. */
const MOOD_MS = 260;
const BLINKS_PER_MINUTE = { idle: 16, listening: 15, thinking: 13, speaking: 19 } as const;

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

  open(o: { frameRate: number; seed: number }): MotionStream {
    return new PhonemeMotionStream(o.frameRate, o.seed, this.#listen?.());
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
  readonly #speech = new Map<number, Mouthing>();
  readonly #blink: Blink;
  readonly #gaze: Gaze;
  readonly #head: HeadMotion;
  readonly #brows: SmoothNoise;
  readonly #smile: SmoothNoise;
  readonly #mood: Mood = { listening: 0, thinking: 0, speaking: 0 };
  #state: AgentState = 'idle';
  /** The mouth as shown last, as it should be, and the difference that is fading out. */
  readonly #shown = restArticulators();
  readonly #wanted = restArticulators();
  readonly #offset = restArticulators();
  #fadeMs = 0;
  #fadeLengthMs = 1;
  #last: SpeechPosition | null = null;
  #interrupted = false;

  constructor(frameRate: number, seed: number, ear: AudioMotion | undefined) {
    this.#ear = ear;
    this.#stepMs = 1_000 / frameRate;
    this.#blink = new Blink(seed + 1);
    this.#gaze = new Gaze(seed + 2);
    this.#head = new HeadMotion(seed + 3);
    this.#brows = new SmoothNoise(seed + 4, 1.9);
    this.#smile = new SmoothNoise(seed + 5, 3.7);
  }

  addSpeech(speech: SpeechMotion): void {
    this.#speech.set(speech.segmentId, this.#mouthing(speech));
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
  }

  next(at: SpeechPosition | null, out: Float32Array): void {
    out.fill(0, 0, MOTION_FRAME_LENGTH);
    const speech = at === null ? undefined : this.#speech.get(at.segmentId);
    this.#moveMouth(speech, speech === undefined ? null : at);
    this.#followState(speech !== undefined);
    writeMouth(this.#shown, out);
    this.#moveEyesAndHead(out);
  }

  #moveMouth(speech: Mouthing | undefined, at: SpeechPosition | null): void {
    if (speech === undefined || at === null) this.#wanted.fill(0);
    else speech.at(at.positionMs, this.#wanted);
    const jump = this.#jumpMs(at);
    if (jump > 0) {
      for (let k = 0; k < this.#offset.length; k++) this.#offset[k] = this.#shown[k]! - this.#wanted[k]!;
      this.#fadeMs = 0;
      this.#fadeLengthMs = jump;
    }
    this.#fadeMs += this.#stepMs;
    const t = Math.min(1, this.#fadeMs / this.#fadeLengthMs);
    const keep = 1 - t * t * (3 - 2 * t);
    for (let k = 0; k < this.#shown.length; k++) {
      this.#shown[k] = Math.min(1, Math.max(0, this.#wanted[k]! + this.#offset[k]! * keep));
    }
    if (speech !== undefined && at !== null) this.#passAccents(speech, at.positionMs);
    this.#last = at;
    this.#interrupted = false;
  }

  /** How long the way to the new position must take; 0 when it follows from the last one. */
  #jumpMs(at: SpeechPosition | null): number {
    const last = this.#last;
    if (this.#interrupted) return INTERRUPT_MS;
    if (at === null) return last === null ? 0 : UNDERRUN_MS;
    if (last === null || last.segmentId !== at.segmentId) return JUMP_MS;
    return Math.abs(at.positionMs - last.positionMs - this.#stepMs) > TOLERANCE_MS ? JUMP_MS : 0;
  }

  #passAccents(speech: Mouthing, positionMs: number): void {
    for (const accent of speech.accents) {
      if (accent.atMs <= positionMs && accent.atMs > positionMs - this.#stepMs) this.#head.accent(accent);
    }
  }

  #followState(audible: boolean): void {
    const k = 1 - Math.exp(-this.#stepMs / MOOD_MS);
    const speaking = audible || this.#state === 'speaking' ? 1 : 0;
    this.#mood.listening += ((this.#state === 'listening' ? 1 : 0) * (1 - speaking) - this.#mood.listening) * k;
    this.#mood.thinking += ((this.#state === 'thinking' ? 1 : 0) * (1 - speaking) - this.#mood.thinking) * k;
    this.#mood.speaking += (speaking - this.#mood.speaking) * k;
  }

  #moveEyesAndHead(out: Float32Array): void {
    const { listening, thinking, speaking } = this.#mood;
    const stepS = this.#stepMs / 1_000;
    this.#head.next(this.#stepMs, this.#mood);
    this.#gaze.next(this.#stepMs, { away: thinking, attention: Math.max(listening, 0.6 * speaking) });
    if (this.#gaze.turned) this.#blink.prompt();
    const rate =
      BLINKS_PER_MINUTE.idle +
      (BLINKS_PER_MINUTE.listening - BLINKS_PER_MINUTE.idle) * listening +
      (BLINKS_PER_MINUTE.thinking - BLINKS_PER_MINUTE.idle) * thinking +
      (BLINKS_PER_MINUTE.speaking - BLINKS_PER_MINUTE.idle) * speaking;
    const blink = this.#blink.next(this.#stepMs, rate);
    const brows = this.#brows.next(stepS);
    const smile = Math.max(0, this.#smile.next(stepS));
    const { pitch, yaw, roll, brow, exhale } = this.#head;
    out[MOTION.exhale] = exhale;
    out[MOTION.headPitch] = pitch;
    out[MOTION.headYaw] = yaw;
    out[MOTION.headRoll] = roll;
    // The eyes stay on the visitor while the head sways (vestibulo-ocular reflex); ±1 of gaze is about 30°.
    const gazeX = clampUnit(this.#gaze.x - yaw * 1.9);
    const gazeY = clampUnit(this.#gaze.y - pitch * 1.9);
    out[MOTION.gazeX] = gazeX;
    out[MOTION.gazeY] = gazeY;
    writeLook(gazeX, gazeY, out);
    // Lids follow the eyes down.
    pair(out, MOTION.eyeBlinkLeft, MOTION.eyeBlinkRight, Math.max(blink, 0.25 * Math.max(0, -gazeY)));
    const inner = 0.1 * Math.max(0, brows) + 0.14 * listening + 0.2 * thinking + brow * 0.8;
    out[MOTION.browInnerUp] = clampUnit(inner);
    pair(out, MOTION.browOuterUpLeft, MOTION.browOuterUpRight, clampUnit(inner * 0.8));
    pair(
      out,
      MOTION.browDownLeft,
      MOTION.browDownRight,
      0.08 * Math.max(0, -brows) + 0.18 * thinking * Math.max(0, -brows),
    );
    pair(out, MOTION.eyeSquintLeft, MOTION.eyeSquintRight, 0.12 * smile);
    const calm = 1 - 0.6 * speaking;
    // A portrait that smiles with closed lips would smile through every word.
    pair(out, MOTION.mouthFrownLeft, MOTION.mouthFrownRight, 0.4 * speaking);
    out[MOTION.mouthSmileLeft] = clampUnit(out[MOTION.mouthSmileLeft]! + 0.16 * smile * calm);
    out[MOTION.mouthSmileRight] = clampUnit(out[MOTION.mouthSmileRight]! + 0.13 * smile * calm);
    pair(out, MOTION.cheekSquintLeft, MOTION.cheekSquintRight, 0.12 * smile * calm);
  }
}

function clampUnit(x: number): number {
  return Math.min(1, Math.max(-1, x));
}

/** ARKit's own eye channels for the same gaze, for renderers that use them. */
function writeLook(x: number, y: number, out: Float32Array): void {
  out[MOTION.eyeLookOutLeft] = Math.max(0, x);
  out[MOTION.eyeLookInRight] = Math.max(0, x);
  out[MOTION.eyeLookInLeft] = Math.max(0, -x);
  out[MOTION.eyeLookOutRight] = Math.max(0, -x);
  pair(out, MOTION.eyeLookUpLeft, MOTION.eyeLookUpRight, Math.max(0, y));
  pair(out, MOTION.eyeLookDownLeft, MOTION.eyeLookDownRight, Math.max(0, -y));
}
