import { Random } from './random.js';

/** How strongly each state of the avatar shows, 0…1, changing smoothly. */
export interface Mood {
  listening: number;
  thinking: number;
  speaking: number;
}

/** Of the head in degrees. */
interface Angles {
  pitch: number;
  yaw: number;
  roll: number;
}

/** How a state holds the head: spread of its angles, how long it holds one posture and how long it takes to the next. */
interface Manner {
  pitch: number;
  yaw: number;
  roll: number;
  holdMs: number;
  moveMs: number;
}

const IDLE: Manner = { pitch: 1.1, yaw: 2.4, roll: 1.3, holdMs: 4_600, moveMs: 1_050 };
const LISTENING: Manner = { pitch: 0.9, yaw: 1.8, roll: 1.9, holdMs: 3_600, moveMs: 850 };
const THINKING: Manner = { pitch: 1.2, yaw: 2.2, roll: 1.6, holdMs: 2_000, moveMs: 800 };
const SPEAKING: Manner = { pitch: 1.5, yaw: 3.4, roll: 2.0, holdMs: 2_400, moveMs: 620 };
/** A head held straighter than this many spreads from the middle: farther looks odd in a conversation. */
const FARTHEST = 1.7;

/**
 * The head's posture: held for a while, then carried to another with the smooth velocity of aimed movements (minimum jerk: Flash & Hogan,
 * "The coordination of arm movements", J. Neuroscience 1985). People who speak change it mostly where phrases join (Hadar et al.,
 * "Head movement correlates of juncture and stress", Language and Speech 1984).
 */
export class Posture {
  readonly #random: Random;
  readonly #from: Angles = { pitch: 0, yaw: 0, roll: 0 };
  readonly #to: Angles = { pitch: 0, yaw: 0, roll: 0 };
  #sinceMs = 0;
  #moveMs = 1;
  #holdMs: number;
  pitch = 0;
  yaw = 0;
  roll = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#holdMs = this.#random.between(600, 2_500);
  }

  next(stepMs: number, mood: Mood): void {
    this.#sinceMs += stepMs;
    if (this.#sinceMs > this.#moveMs + this.#holdMs) this.shift(mood);
    const t = Math.min(1, this.#sinceMs / this.#moveMs);
    const k = t * t * t * (10 - 15 * t + 6 * t * t);
    this.pitch = this.#from.pitch + (this.#to.pitch - this.#from.pitch) * k;
    this.yaw = this.#from.yaw + (this.#to.yaw - this.#from.yaw) * k;
    this.roll = this.#from.roll + (this.#to.roll - this.#from.roll) * k;
  }

  /** Begins the way to another posture now, unless it is on one. */
  shift(mood: Mood): void {
    if (this.#sinceMs < this.#moveMs) return;
    const manner = mannerOf(mood);
    const random = this.#random;
    this.#from.pitch = this.pitch;
    this.#from.yaw = this.yaw;
    this.#from.roll = this.roll;
    this.#to.pitch = manner.pitch * bounded(random);
    // Often to the other side: a head that creeps to one side and stays looks stiff.
    const side = random.uniform() < 0.65 ? -Math.sign(this.yaw || 1) : Math.sign(this.yaw || 1);
    this.#to.yaw = manner.yaw * side * Math.abs(bounded(random));
    this.#to.roll = manner.roll * bounded(random);
    this.#sinceMs = 0;
    this.#moveMs = manner.moveMs * random.between(0.8, 1.35);
    this.#holdMs = random.logNormal(manner.holdMs, 0.45);
  }

  /** Lets go of the posture: back towards the middle from where it is. */
  relax(): void {
    this.#from.pitch = this.pitch;
    this.#from.yaw = this.yaw;
    this.#from.roll = this.roll;
    this.#to.pitch = 0.3;
    this.#to.yaw = 0.25 * this.yaw;
    this.#to.roll = 0.25 * this.roll;
    this.#sinceMs = 0;
    this.#moveMs = 700;
    this.#holdMs = this.#random.logNormal(1_600, 0.3);
  }
}

function mannerOf({ listening, thinking, speaking }: Mood): Manner {
  const most = Math.max(listening, thinking, speaking);
  if (most < 0.5) return IDLE;
  if (most === speaking) return SPEAKING;
  return most === thinking ? THINKING : LISTENING;
}

function bounded(random: Random): number {
  return Math.min(FARTHEST, Math.max(-FARTHEST, random.normal()));
}
