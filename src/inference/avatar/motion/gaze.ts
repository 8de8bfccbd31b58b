import { Random } from './random.js';
import { type Temperament, temperamentOf } from './temperament.js';

/** ±1 of gaze, in degrees. */
const RANGE = 30;
/** The main sequence of saccades: how long one of so many degrees takes (Carpenter, "Movements of the Eyes", 1988). */
const SACCADE_MS = 21;
const SACCADE_MS_A_DEGREE = 2.2;
/**
 * How often eyes leave the other's face, ms between (after Andrist et al., "Conversational gaze aversion for humanlike robots", 2014: 4.75 s
 * while speaking, 7.2 s while listening). They stay away for less than measured there: on a screen the avatar has nothing else to look at.
 */
const AWAY_EVERY_MS = { idle: 6_500, listening: 8_500, speaking: 4_750 } as const;
/** Eyes that converge on a visitor before a screen at 60 cm, against those of a portrait whose camera stood at 1.5 m; and on a wall behind. */
const VERGENCE = { near: 1.8 / RANGE, far: -0.8 / RANGE };

/** How many of the large turns go with a blink (Evinger et al., "Not looking while leaping", Exp. Brain Research 1994: more the larger). */
const BLINK_WITH_TURN = 0.35;

/** What the avatar does, 0…1 each. */
export interface GazeMood {
  listening: number;
  thinking: number;
  speaking: number;
}

/**
 * Where the eyes look, −1…1 (positive: the avatar's left, up). Mostly at the visitor, with small fixation changes around
 * the eyes and mouth of the other and now and then a short glance aside; a speaker looks away as a turn begins and back as it ends (Kendon,
 * "Some functions of gaze-direction", Acta Psychologica 1967); thinking looks up and to one side.
 */
export class Gaze {
  readonly #random: Random;
  readonly #temperament: Temperament;
  #fromX = 0;
  #fromY = 0;
  #fromV: number = VERGENCE.near;
  #toX = 0;
  #toY = 0;
  #toV: number = VERGENCE.near;
  #sinceMs = 1_000;
  #saccadeMs = 30;
  #holdMs: number;
  #untilAwayMs: number;
  #wasThinking = false;
  #wasSpeaking = false;
  #side: number;
  x = 0;
  y = 0;
  /** How much more the eyes turn inwards than the portrait's, each, in the same unit. */
  vergence: number = VERGENCE.near;
  /** Set when this step began a large turn of the eyes. */
  turned = false;

  constructor(seed: number, temperament = temperamentOf(undefined)) {
    this.#random = new Random(seed);
    this.#temperament = temperament;
    this.#holdMs = this.#random.between(700, 2_000);
    this.#untilAwayMs = this.#random.logNormal(AWAY_EVERY_MS.idle * temperament.glancePause, 0.4);
    this.#side = this.#random.uniform() < 0.5 ? -1 : 1;
  }

  next(stepMs: number, mood: GazeMood): void {
    this.turned = false;
    this.#sinceMs += stepMs;
    this.#untilAwayMs -= stepMs;
    const isThinking = mood.thinking > 0.5;
    const isSpeaking = mood.speaking > 0.5;
    const began = isSpeaking && !this.#wasSpeaking;
    if (isThinking !== this.#wasThinking) this.#aim(isThinking ? 'thought' : 'face');
    else if (began && this.#random.uniform() < 0.5 * this.#temperament.aside) this.#aim('aside');
    else if (this.#sinceMs > this.#holdMs) this.#choose(isThinking, mood);
    this.#wasThinking = isThinking;
    this.#wasSpeaking = isSpeaking;
    const t = Math.min(1, this.#sinceMs / this.#saccadeMs);
    const k = t * t * (3 - 2 * t);
    this.x = this.#fromX + (this.#toX - this.#fromX) * k;
    this.y = this.#fromY + (this.#toY - this.#fromY) * k;
    // Vergence is slower than saccades: a few tenths of a second (Carpenter 1988).
    this.vergence += (this.#fromV + (this.#toV - this.#fromV) * k - this.vergence) * (1 - Math.exp(-stepMs / 130));
  }

  /** Back to the visitor, if it looks elsewhere: a phrase ends, the visitor begins to speak. */
  attend(): void {
    if (!this.#wasThinking && Math.hypot(this.#toX, this.#toY) > 0.12) this.#aim('face');
  }

  #choose(isThinking: boolean, mood: GazeMood): void {
    if (isThinking) {
      // Now and then a look whether the visitor still waits.
      const isAway = Math.hypot(this.#toX, this.#toY) > 0.15;
      this.#aim(isAway && this.#random.uniform() < 0.3 * this.#temperament.lookBack ? 'face' : 'thought');
    } else if (this.#untilAwayMs <= 0) {
      const every = mood.speaking > 0.5 ? 'speaking' : mood.listening > 0.5 ? 'listening' : 'idle';
      this.#untilAwayMs = this.#random.logNormal(AWAY_EVERY_MS[every] * this.#temperament.glancePause, 0.4);
      this.#aim('aside');
    } else this.#aim('face');
  }

  #aim(at: 'face' | 'aside' | 'thought'): void {
    const random = this.#random;
    this.#fromX = this.x;
    this.#fromY = this.y;
    this.#fromV = this.vergence;
    this.#toV = at === 'face' ? VERGENCE.near : VERGENCE.far;
    if (at === 'face') {
      this.#toX = 0.045 * random.normal();
      this.#toY = 0.03 * random.normal();
      this.#holdMs = random.logNormal(950, 0.5);
    } else if (at === 'aside') {
      const side = random.uniform() < 0.5 ? -1 : 1;
      this.#toX = side * random.between(0.16, 0.42);
      this.#toY = random.between(-0.22, 0.12);
      this.#holdMs = random.between(380, 850);
    } else {
      if (Math.hypot(this.#toX, this.#toY) < 0.2 && random.uniform() < 0.3) this.#side = -this.#side;
      this.#toX = this.#side * random.between(0.32, 0.55);
      this.#toY = random.between(0.18, 0.4);
      this.#holdMs = random.logNormal(850, 0.4);
    }
    const amplitude = Math.hypot(this.#toX - this.x, this.#toY - this.y);
    this.#saccadeMs = SACCADE_MS + SACCADE_MS_A_DEGREE * RANGE * amplitude;
    this.#sinceMs = 0;
    this.turned = amplitude > 0.3 && random.uniform() < BLINK_WITH_TURN;
  }
}
