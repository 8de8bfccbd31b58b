import type { Accent } from './articulation.js';
import { Follower } from './follower.js';
import { type Mood, Posture } from './posture.js';
import type { PhraseEnd } from './prosody.js';
import { Random, SmoothNoise } from './random.js';
import { type Temperament, temperamentOf } from './temperament.js';

export type { Mood } from './posture.js';

const DEGREE = Math.PI / 180;
/** Rate of the head's follower in 1/s: a nod of half a second keeps most of its depth. */
const RATE = 17;
/** Heads in talk seldom turn faster (Hadar et al., "Kinematics of head movements accompanying speech", Human Movement Science 1983). */
const FASTEST = 24 * DEGREE;
/** Share of a turn of the eyes that the head takes over, beyond what eyes do alone (Stahl, Exp. Brain Research 1999: up to about 15°). */
const HEAD_SHARE = { yaw: 0.42, pitch: 0.3 };
const EYES_ALONE = 4;
/** ±1 of gaze, in degrees. */
const GAZE_RANGE = 30;
const NODS_APART_MS = 1_500;

interface Gesture {
  sinceMs: number;
  lengthMs: number;
  pitch: number;
  roll: number;
  /** Times down and back; 0.5: only one way and back slowly. */
  cycles: number;
}

/** Posture, sway, breath, nods and accents of the head, in radians. */
export class HeadMotion {
  readonly #random: Random;
  readonly #temperament: Temperament;
  readonly #posture: Posture;
  readonly #sway: { slow: SmoothNoise; quick: SmoothNoise }[];
  readonly #pitch = new Follower(RATE, FASTEST);
  readonly #yaw = new Follower(RATE, FASTEST);
  readonly #roll = new Follower(RATE, FASTEST);
  readonly #lookYaw = new Follower(9, FASTEST);
  readonly #lookPitch = new Follower(9, FASTEST);
  #breath = 0;
  #breathS: number;
  #nod: Gesture | null = null;
  #accent: Gesture | null = null;
  #sinceAccentMs = 5_000;
  #sinceNodMs = 5_000;
  #untilNodMs: number;
  #browAccent = 0;
  /** Degrees; tilts to one side for as long as someone speaks. */
  #listeningTilt: number;
  #wasListening = false;
  pitch = 0;
  yaw = 0;
  roll = 0;
  /** 0…1: brows that rise with an accent. */
  brow = 0;
  /** 0: shoulders raised, 1: breathed out. */
  exhale = 0;

  constructor(seed: number, temperament = temperamentOf(undefined)) {
    this.#random = new Random(seed);
    this.#temperament = temperament;
    this.#posture = new Posture(seed * 13 + 5);
    this.#sway = [1, 2, 3].map((k) => ({
      slow: new SmoothNoise(seed * 31 + k, 2.6 + 0.5 * k),
      quick: new SmoothNoise(seed * 67 + k, 0.75 + 0.1 * k),
    }));
    this.#breathS = this.#random.between(3.4, 4.4);
    this.#untilNodMs = this.#random.between(2_000, 4_500);
    this.#listeningTilt = this.#random.between(-2.6, 2.6);
  }

  /** A stressed syllable is being said: the head beats time, mostly down (McClave, J. Pragmatics 2000; Graf et al., "Visual prosody", 2002). */
  accent({ strength }: Accent): void {
    if (this.#sinceAccentMs < 420 || this.#random.uniform() > this.#temperament.beats * (0.35 + 0.4 * strength)) return;
    this.#sinceAccentMs = 0;
    const down = this.#random.uniform() < 0.78 ? -1 : 0.6;
    this.#accent = {
      sinceMs: 0,
      lengthMs: this.#random.between(400, 560),
      pitch: down * this.#random.between(1.8, 3) * strength,
      roll: this.#random.normal() * 0.5,
      cycles: 0.5,
    };
    if (this.#random.uniform() < 0.45) this.#browAccent = 0.5 * strength;
  }

  /** A phrase is about to end: statements end with a nod, questions with a raised and tilted head, and at every joint the posture may change. */
  phraseEnd(end: PhraseEnd, mood: Mood): void {
    if (end.kind !== 'pause' || this.#random.uniform() < 0.75) this.#posture.shift(mood);
    if (end.kind === 'pause') return;
    const question = end.kind === 'question';
    if (question) this.#browAccent = 0.55;
    this.#sinceAccentMs = 0;
    this.#accent = {
      sinceMs: 0,
      lengthMs: question ? 900 : this.#random.between(560, 720),
      pitch: question ? 1.6 : -this.#random.between(2.2, 3.6),
      roll: question ? Math.sign(this.#random.normal()) * 2.2 : 0,
      cycles: 0.5,
    };
  }

  /** Whom it listens to has paused: the moment of "mm-hm" (Dittmann & Llewellyn 1968: listeners nod at the joints of the speaker's phrases). */
  visitorPaused(): void {
    if (this.#sinceNodMs > NODS_APART_MS && this.#random.uniform() < 0.75) this.#beginNod();
  }

  /** Lets go of what it was doing, from where it is. */
  interrupt(): void {
    this.#accent = null;
    this.#posture.relax();
  }

  /** `gazeX`, `gazeY`: where the eyes look in the room, ±1. The head follows them partly, a little later. */
  next(stepMs: number, mood: Mood, gazeX: number, gazeY: number): void {
    const stepS = stepMs / 1_000;
    const depth = this.#temperament.nod;
    const sway = swayOf(this.#temperament, mood);
    const lively = sway * (0.55 + 0.35 * mood.speaking - 0.15 * mood.thinking);
    const [p, y, r] = this.#sway.map(
      ({ slow, quick }) => slow.next(stepS) + quick.next(stepS) * (0.12 + 0.22 * mood.speaking),
    );
    this.#posture.next(stepMs, mood);
    this.#breathe(stepS);
    this.#listen(stepMs, mood);
    this.#sinceAccentMs += stepMs;
    this.#accent = advance(this.#accent, stepMs);
    const tilt = this.#listeningTilt * mood.listening;
    const breathing = 0.2 * Math.sin(2 * Math.PI * this.#breath);
    const nod = depth * shape(this.#nod) * (this.#nod?.pitch ?? 0);
    const beat = Math.min(1, depth) * shape(this.#accent);
    const beatPitch = beat * (this.#accent?.pitch ?? 0);
    const beatRoll = beat * (this.#accent?.roll ?? 0);
    const lookYaw = this.#lookYaw.next(stepS, HEAD_SHARE.yaw * beyond(gazeX * GAZE_RANGE));
    const lookPitch = this.#lookPitch.next(stepS, HEAD_SHARE.pitch * beyond(gazeY * GAZE_RANGE));
    const posture = this.#posture;
    const pitch = sway * posture.pitch + lively * p! + breathing + nod + beatPitch + lookPitch + 0.4 * mood.thinking;
    const yaw = sway * posture.yaw + 1.5 * lively * y! + lookYaw;
    const roll = sway * posture.roll + 0.9 * lively * r! + beatRoll + tilt - 0.25 * lookYaw;
    this.pitch = this.#pitch.next(stepS, pitch * DEGREE);
    this.yaw = this.#yaw.next(stepS, yaw * DEGREE);
    this.roll = this.#roll.next(stepS, roll * DEGREE);
    this.#browAccent *= Math.exp(-stepMs / 220);
    this.brow += (this.#browAccent - this.brow) * (1 - Math.exp(-stepMs / 60));
  }

  #breathe(stepS: number): void {
    this.#breath += stepS / this.#breathS;
    if (this.#breath >= 1) {
      this.#breath -= 1;
      this.#breathS = this.#random.between(3.4, 4.4);
    }
    this.exhale = exhaled(this.#breath);
  }

  #listen(stepMs: number, mood: Mood): void {
    const isListening = mood.listening > 0.3;
    if (isListening && !this.#wasListening) this.#listeningTilt = this.#random.between(-3, 3);
    this.#wasListening = isListening;
    this.#untilNodMs -= stepMs * mood.listening;
    this.#sinceNodMs += stepMs;
    if (this.#untilNodMs <= 0 && this.#nod === null) this.#beginNod();
    this.#nod = advance(this.#nod, stepMs);
  }

  #beginNod(): void {
    const random = this.#random;
    const cycles = random.uniform() < 0.55 ? 2 : 1;
    this.#sinceNodMs = 0;
    this.#nod = {
      sinceMs: 0,
      lengthMs: cycles * random.between(440, 580),
      pitch: -random.between(2.4, 4),
      roll: 0,
      cycles,
    };
    this.#untilNodMs = random.logNormal(4_200 * this.#temperament.nodPause, 0.45);
  }
}

/**
 * How far the air is out at a phase of one breath. At rest a person breathes in for about two fifths of the time, lets the air go quickly at
 * first, and then waits a little.
 */
function exhaled(phase: number): number {
  const t = phase < 0.4 ? 1 - phase / 0.4 : Math.min(1, (phase - 0.4) / 0.48);
  return t * t * (3 - 2 * t);
}

function swayOf({ sway }: Temperament, { speaking }: Mood): number {
  return sway <= 1 ? sway : 1 + (sway - 1) * (1 - 0.8 * speaking);
}

/** What of an angle in degrees the eyes do not do alone. */
function beyond(angle: number): number {
  return Math.sign(angle) * Math.max(0, Math.abs(angle) - EYES_ALONE);
}

function advance(gesture: Gesture | null, stepMs: number): Gesture | null {
  if (gesture === null) return null;
  gesture.sinceMs += stepMs;
  return gesture.sinceMs >= gesture.lengthMs ? null : gesture;
}

/** Out and back, each later one smaller, starting and ending at rest. */
function shape(gesture: Gesture | null): number {
  if (gesture === null) return 0;
  const t = gesture.sinceMs / gesture.lengthMs;
  if (gesture.cycles === 0.5) return Math.sin(Math.PI * t ** 0.8) ** 2;
  return Math.sin(Math.PI * gesture.cycles * t) ** 2 * (1 - 0.45 * t);
}
