import type { AgentState } from '../../engines.js';
import { MOTION } from '../motion-frame.js';
import type { Accent } from './articulation.js';
import { pair } from './blendshapes.js';
import { Blink } from './blink.js';
import { Gaze } from './gaze.js';
import { HeadMotion } from './head-motion.js';
import type { Mood } from './posture.js';
import type { PhraseEnd } from './prosody.js';
import { SmoothNoise } from './random.js';
import { type Temperament, temperamentOf } from './temperament.js';

/** Time constants of changes between states, and of a tone of voice. */
const MOOD_MS = 260;
const TONE_MS = 420;
/**
 * Means from Bentivoglio et al., "Analysis of blink rate patterns in normal subjects" (Movement Disorders 1997): 17 at rest, 26 in
 * conversation; fewer while attention or thought is held (Doughty, Optometry and Vision Science 2001).
 */
const BLINKS_PER_MINUTE = { idle: 16, listening: 15, thinking: 12, speaking: 21 } as const;
/** Gaze for a radian of the head's turn: the eyes stay on their aim while the head moves (vestibulo-ocular reflex); ±1 of gaze is 30°. */
const COUNTER_TURN = 180 / Math.PI / 30;
/** With this chance a blink falls on the end of a phrase (Nakano & Kitazawa, "Eyeblink entrainment at breakpoints of speech", 2010). */
const BLINK_AT_END = 0.45;

/** All of the face but speech: head, eyes, lids, brows, breath, and the smile or concern that goes with what is said. */
export class FaceLife {
  readonly #stepMs: number;
  readonly #temperament: Temperament;
  readonly #blink: Blink;
  readonly #gaze: Gaze;
  readonly #head: HeadMotion;
  readonly #brows: SmoothNoise;
  readonly #smile: SmoothNoise;
  readonly #mood: Mood = { listening: 0, thinking: 0, speaking: 0 };
  #tone = 0;
  #startled = 0;
  #chance: SmoothNoise;

  constructor(stepMs: number, seed: number, temperament = temperamentOf(undefined)) {
    this.#stepMs = stepMs;
    this.#temperament = temperament;
    this.#blink = new Blink(seed + 1);
    this.#gaze = new Gaze(seed + 2, temperament);
    this.#head = new HeadMotion(seed + 3, temperament);
    this.#brows = new SmoothNoise(seed + 4, 1.9);
    this.#smile = new SmoothNoise(seed + 5, 3.7);
    this.#chance = new SmoothNoise(seed + 6, 0.3);
  }

  accent(accent: Accent): void {
    this.#head.accent(accent);
  }

  phraseEnd(end: PhraseEnd): void {
    this.#head.phraseEnd(end, this.#mood);
    if (end.kind !== 'pause') this.#gaze.attend();
    if (Math.abs(this.#chance.next(0.29)) < BLINK_AT_END) this.#blink.prompt();
  }

  visitorPaused(): void {
    this.#head.visitorPaused();
  }

  interrupt(): void {
    this.#head.interrupt();
    this.#gaze.attend();
    this.#startled = 1;
  }

  /** `tone`: of the words being said, −1 (sad news) … 1 (good). Writes every channel but the mouth's own, and adds to the mouth. */
  next(state: AgentState, audible: boolean, tone: number, out: Float32Array): void {
    this.#follow(state, audible, tone);
    const stepS = this.#stepMs / 1_000;
    const { listening, thinking, speaking } = this.#mood;
    this.#gaze.next(this.#stepMs, this.#mood);
    this.#head.next(this.#stepMs, this.#mood, this.#gaze.x, this.#gaze.y);
    const { pitch, yaw, roll, exhale } = this.#head;
    out[MOTION.exhale] = exhale;
    out[MOTION.headPitch] = pitch;
    out[MOTION.headYaw] = yaw;
    out[MOTION.headRoll] = roll;
    const gazeX = clampUnit(this.#gaze.x - yaw * COUNTER_TURN);
    const gazeY = clampUnit(this.#gaze.y - pitch * COUNTER_TURN);
    out[MOTION.gazeX] = gazeX;
    out[MOTION.gazeY] = gazeY;
    writeLook(gazeX, gazeY, this.#gaze.vergence, out);
    if (this.#gaze.turned) this.#blink.prompt();
    const rate =
      BLINKS_PER_MINUTE.idle +
      (BLINKS_PER_MINUTE.listening - BLINKS_PER_MINUTE.idle) * listening +
      (BLINKS_PER_MINUTE.thinking - BLINKS_PER_MINUTE.idle) * thinking +
      (BLINKS_PER_MINUTE.speaking - BLINKS_PER_MINUTE.idle) * speaking;
    const blink = this.#blink.next(this.#stepMs, rate * this.#temperament.blinks);
    // Lids follow the eyes down.
    pair(out, MOTION.eyeBlinkLeft, MOTION.eyeBlinkRight, Math.max(blink, 0.25 * Math.max(0, -gazeY)));
    this.#express(this.#brows.next(stepS), this.#temperament.smile * Math.max(0, this.#smile.next(stepS)), out);
  }

  #follow(state: AgentState, audible: boolean, tone: number): void {
    const k = 1 - Math.exp(-this.#stepMs / MOOD_MS);
    const speaking = audible || state === 'speaking' ? 1 : 0;
    this.#mood.listening += ((state === 'listening' ? 1 : 0) * (1 - speaking) - this.#mood.listening) * k;
    this.#mood.thinking += ((state === 'thinking' ? 1 : 0) * (1 - speaking) - this.#mood.thinking) * k;
    this.#mood.speaking += (speaking - this.#mood.speaking) * k;
    this.#tone += (Math.min(1, Math.max(-1, tone)) - this.#tone) * (1 - Math.exp(-this.#stepMs / TONE_MS));
    this.#startled *= Math.exp(-this.#stepMs / 420);
  }

  #express(brows: number, smile: number, out: Float32Array): void {
    const { listening, thinking, speaking } = this.#mood;
    const { brows: play, tone, restSmile } = this.#temperament;
    const glad = Math.min(1, tone * Math.max(0, this.#tone));
    const concern = Math.min(1, tone * Math.max(0, -this.#tone));
    const startled = 0.3 * this.#startled * (1 - this.#startled) * 4;
    const inner =
      0.1 * play * Math.max(0, brows) +
      0.14 * listening +
      0.2 * thinking +
      0.8 * play * this.#head.brow +
      startled +
      0.1 * glad;
    out[MOTION.browInnerUp] = clampUnit(inner + 0.42 * concern);
    pair(out, MOTION.browOuterUpLeft, MOTION.browOuterUpRight, clampUnit(inner * 0.8));
    const down = 0.08 * play * Math.max(0, -brows) + 0.18 * thinking * Math.max(0, -brows) + 0.16 * concern;
    pair(out, MOTION.browDownLeft, MOTION.browDownRight, down);
    const calm = 1 - 0.6 * speaking;
    pair(out, MOTION.eyeSquintLeft, MOTION.eyeSquintRight, clampUnit(0.12 * smile + 0.16 * glad));
    // A portrait that smiles with closed lips would smile through every word.
    pair(out, MOTION.mouthFrownLeft, MOTION.mouthFrownRight, clampUnit(0.4 * speaking * (1 - glad) + 0.22 * concern));
    out[MOTION.mouthSmileLeft] = clampUnit(
      out[MOTION.mouthSmileLeft]! + (0.16 * smile + restSmile) * calm + 0.26 * glad,
    );
    out[MOTION.mouthSmileRight] = clampUnit(
      out[MOTION.mouthSmileRight]! + (0.13 * smile + 0.9 * restSmile) * calm + 0.24 * glad,
    );
    pair(
      out,
      MOTION.cheekSquintLeft,
      MOTION.cheekSquintRight,
      clampUnit((0.12 * smile + 0.7 * restSmile) * calm + 0.2 * glad),
    );
  }
}

function clampUnit(x: number): number {
  return Math.min(1, Math.max(-1, x));
}

/** ARKit's own eye channels for the same gaze; only they tell one eye from the other. */
function writeLook(x: number, y: number, vergence: number, out: Float32Array): void {
  const left = clampUnit(x - vergence);
  const right = clampUnit(x + vergence);
  out[MOTION.eyeLookOutLeft] = Math.max(0, left);
  out[MOTION.eyeLookInLeft] = Math.max(0, -left);
  out[MOTION.eyeLookInRight] = Math.max(0, right);
  out[MOTION.eyeLookOutRight] = Math.max(0, -right);
  pair(out, MOTION.eyeLookUpLeft, MOTION.eyeLookUpRight, Math.max(0, y));
  pair(out, MOTION.eyeLookDownLeft, MOTION.eyeLookDownRight, Math.max(0, -y));
}
