import type { Accent } from './articulation.js';
import { Random, SmoothNoise } from './random.js';

const DEGREE = Math.PI / 180;

/** How strongly each state of the avatar shows in the head, 0…1, changing smoothly. */
export interface Mood {
  listening: number;
  thinking: number;
  speaking: number;
}

interface Gesture {
  sinceMs: number;
  lengthMs: number;
  pitch: number;
  cycles: number;
}

/** Slow sway, breathing, nods and accents of the head, in radians. */
export class HeadMotion {
  readonly #random: Random;
  readonly #sway: { slow: SmoothNoise; quick: SmoothNoise }[];
  #breath = 0;
  #breathS: number;
  #nod: Gesture | null = null;
  #accent: Gesture | null = null;
  #sinceAccentMs = 5_000;
  #untilNodMs: number;
  #browAccent = 0;
  pitch = 0;
  yaw = 0;
  roll = 0;
  /** 0…1: brows that rise with an accent. */
  brow = 0;
  /** 0: shoulders raised, 1: breathed out. */
  exhale = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#sway = [1, 2, 3].map((k) => ({
      slow: new SmoothNoise(seed * 31 + k, 2.6 + 0.5 * k),
      quick: new SmoothNoise(seed * 67 + k, 0.75 + 0.1 * k),
    }));
    this.#breathS = this.#random.between(3.4, 4.4);
    this.#untilNodMs = this.#random.between(1_200, 3_000);
  }

  /** A stressed syllable is being said. */
  accent({ strength }: Accent): void {
    if (this.#sinceAccentMs < 450 || this.#random.uniform() > 0.3 + 0.4 * strength) return;
    this.#sinceAccentMs = 0;
    const down = this.#random.uniform() < 0.75 ? -1 : 0.7;
    this.#accent = {
      sinceMs: 0,
      lengthMs: this.#random.between(380, 520),
      pitch: down * 1.5 * strength * DEGREE,
      cycles: 0.5,
    };
    if (this.#random.uniform() < 0.5) this.#browAccent = 0.5 * strength;
  }

  next(stepMs: number, mood: Mood): void {
    const stepS = stepMs / 1_000;
    const lively = 1 + 0.7 * mood.speaking - 0.3 * mood.thinking;
    const [p, y, r] = this.#sway.map(
      ({ slow, quick }) => slow.next(stepS) + quick.next(stepS) * (0.12 + 0.22 * mood.speaking),
    );
    this.#breath += stepS / this.#breathS;
    if (this.#breath >= 1) {
      this.#breath -= 1;
      this.#breathS = this.#random.between(3.4, 4.4);
    }
    this.#untilNodMs -= stepMs * mood.listening;
    if (this.#untilNodMs <= 0 && this.#nod === null) this.#beginNod();
    this.#sinceAccentMs += stepMs;
    this.#nod = advance(this.#nod, stepMs);
    this.#accent = advance(this.#accent, stepMs);
    const breathing = 0.22 * Math.sin(2 * Math.PI * this.#breath);
    this.exhale = exhaled(this.#breath);
    const gestures = (gesturePitch(this.#nod) * mood.listening + gesturePitch(this.#accent)) / DEGREE;
    this.pitch = DEGREE * (0.75 * lively * p! + breathing + gestures + 0.5 * mood.listening + 1.1 * mood.thinking);
    this.yaw =
      DEGREE * (1.25 * lively * y! + 1.1 * mood.thinking * Math.sign(r! + 0.01) * Math.min(1, Math.abs(r!) * 4));
    this.roll = DEGREE * (0.9 * lively * r! + 1.1 * mood.listening * Math.tanh(y! * 2));
    this.#browAccent *= Math.exp(-stepMs / 220);
    this.brow += (this.#browAccent - this.brow) * (1 - Math.exp(-stepMs / 60));
  }

  #beginNod(): void {
    const random = this.#random;
    const cycles = random.uniform() < 0.55 ? 2 : 1;
    this.#nod = {
      sinceMs: 0,
      lengthMs: cycles * random.between(420, 560),
      pitch: -random.between(1.3, 2.3) * DEGREE,
      cycles,
    };
    this.#untilNodMs = random.logNormal(3_400, 0.45);
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

function advance(gesture: Gesture | null, stepMs: number): Gesture | null {
  if (gesture === null) return null;
  gesture.sinceMs += stepMs;
  return gesture.sinceMs >= gesture.lengthMs ? null : gesture;
}

/** Down and back, each later nod smaller, starting and ending at rest. */
function gesturePitch(gesture: Gesture | null): number {
  if (gesture === null) return 0;
  const t = gesture.sinceMs / gesture.lengthMs;
  if (gesture.cycles === 0.5) return gesture.pitch * Math.sin(Math.PI * t) ** 2;
  return gesture.pitch * Math.sin(Math.PI * gesture.cycles * t) ** 2 * (1 - 0.45 * t);
}
