import { askedKind } from './asked.js';
import { type EndOfTurnModel, FEATURES, featuresOf } from './model.js';
import { ProsodyTracker } from './prosody.js';

/** What the turn machine is told of a pause. */
export interface PauseEstimate {
  /** That the turn is over. */
  probability: number;
  /** What it rests on, by name; those that are 0 are left out. */
  features: Record<string, number>;
}

const DECIMALS = 1e3;

/** One microphone's end-of-turn estimates. Pure: given the same sound and words it says the same. */
export class EndOfTurnEstimator {
  readonly #model: EndOfTurnModel;
  readonly #tracker = new ProsodyTracker();
  #prosody: Float32Array | undefined;

  constructor(model: EndOfTurnModel) {
    this.#model = model;
  }

  /** A turn begins; `heard`: its windows so far. */
  beginTurn(heard: readonly Float32Array[]): void {
    this.#prosody = undefined;
    this.#tracker.beginTurn();
    for (const window of heard) this.#tracker.push(window);
  }

  /** The turn's next 512 samples at 16 kHz. */
  push(window: Float32Array): void {
    this.#tracker.push(window);
  }

  /** The speaker pauses now: how the voice came to it is kept until the words are known. */
  pause(): void {
    this.#prosody = this.#tracker.describe();
  }

  /** The speaker goes on. */
  goOn(): void {
    this.#prosody = undefined;
    this.#tracker.goOn();
  }

  /** The words up to the present pause have become known; `said`: the avatar's last words. Undefined when nobody pauses, and without words. */
  estimate(text: string, said: string): PauseEstimate | undefined {
    if (this.#prosody === undefined || text === '') return undefined;
    const features = featuresOf({ prosody: this.#prosody, text, asked: askedKind(said) });
    const named: Record<string, number> = {};
    FEATURES.forEach((name, i) => {
      const value = Math.round(features[i]! * DECIMALS) / DECIMALS;
      if (value !== 0) named[name] = value;
    });
    return { probability: this.#model.probability(features), features: named };
  }
}
