/**
 * A loudspeaker in a room: what a microphone hears of it. A small loudspeaker (soft clipping, no bass), a direct path and an exponentially
 * decaying reverberation. The same for the same seed. 16 kHz.
 */
const RATE_HZ = 16_000;

export interface Room {
  /** From the samples given to those heard, without the network: the acoustic part is added to it. */
  delayMs: number;
  /** Reverberation time in which the sound falls by 60 dB. */
  rt60Ms: number;
  seed: number;
}

export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Of unit energy; the direct sound first, 10 dB above the reverberation's beginning. */
export function impulseResponse({ rt60Ms, seed }: Pick<Room, 'rt60Ms' | 'seed'>): Float32Array {
  const random = generator(seed);
  const length = Math.round((rt60Ms * RATE_HZ) / 1000);
  const decay = 10 ** (-3 / length);
  const response = new Float32Array(length);
  let level = 0.3;
  for (let i = 40; i < length; i++, level *= decay) response[i] = random() * level * (i % 3 === 0 ? 1 : 0.4);
  response[0] = 1;
  const energy = Math.sqrt(response.reduce((sum, value) => sum + value * value, 0));
  return response.map((value) => value / energy);
}

/** Adds one sample at a time, so that what is played may depend on what was heard. */
export class Loudspeaker {
  readonly #response: Float32Array;
  readonly #past: Float32Array;
  readonly #delay: number;
  #at = 0;
  #bass = 0;

  constructor(room: Room) {
    this.#response = impulseResponse(room);
    this.#delay = Math.round((room.delayMs * RATE_HZ) / 1000);
    this.#past = new Float32Array(this.#response.length + this.#delay);
  }

  /** Plays `samples` and returns what is heard meanwhile. */
  play(samples: Float32Array): Float32Array {
    const past = this.#past;
    const response = this.#response;
    return samples.map((sample) => {
      // A first-order high pass at 250 Hz.
      this.#bass += 0.094 * (sample - this.#bass);
      past[this.#at] = Math.tanh(1.5 * (sample - this.#bass)) / 1.5;
      let sum = 0;
      let at = this.#at - this.#delay;
      if (at < 0) at += past.length;
      for (let i = 0; i < response.length; i++) {
        sum += (response[i] as number) * (past[at] as number);
        if (--at < 0) at += past.length;
      }
      this.#at = (this.#at + 1) % past.length;
      return sum;
    });
  }
}

/** Root mean square of what is louder than a tenth of the peak: the level of speech without its pauses. */
export function activeLevel(samples: Float32Array): number {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let sum = 0;
  let count = 0;
  for (const value of samples) {
    if (Math.abs(value) < peak / 10) continue;
    sum += value * value;
    count++;
  }
  return Math.sqrt(sum / Math.max(1, count));
}
