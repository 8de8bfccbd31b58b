import { BILABIAL_CLASS, CLASS_COUNT, LABIODENTAL_CLASS } from './audio-network.js';
import { MEL_STEP_MS } from './log-mel.js';
import { ARTICULATOR, ARTICULATOR_COUNT, type Articulator } from './visemes.js';

/** Articulators, then how likely the lips' two contacts are. */
const COLUMNS = ARTICULATOR_COUNT + 2;
const BILABIAL = ARTICULATOR_COUNT;
const LABIODENTAL = ARTICULATOR_COUNT + 1;
/** Moments that are kept, the newest: 164 s, more than the voice's queue holds. */
const CAPACITY = 1 << 14;
const FIRST_CAPACITY = 1 << 9;
/** Contacts of the lips: how long before and after the sound they are under way. */
const CONTACT_IN_MS = 70;
const CONTACT_OUT_MS = 100;
/** A contact that is less likely than the first is none, one more likely than the second is complete. */
const UNLIKELY = 0.3;
const CERTAIN = 0.6;

/**
 * Lips round, spread and rise more slowly than the network's mind changes: those articulators are means over so much time before and after a moment,
 * weighted towards it.
 */
const SLOW_MS = 40;
const SLOW: readonly Articulator[] = ['wide', 'round', 'flare', 'raise', 'drop'];
/** A contact that is made less than the first is doubt, not a lip half-way; one made more than the second is complete. */
const DOUBTFUL = 0.2;
const COMPLETE = 0.85;

/** What the network said of one stream of audio, moment by moment, in steps of 10 ms; the oldest of more than 164 s is forgotten. */
export class AudioTimeline {
  #values = new Float32Array(FIRST_CAPACITY * COLUMNS);
  #capacity = FIRST_CAPACITY;
  #known = 0;

  /** Moments from the stream's beginning of which something is known. */
  get known(): number {
    return this.#known;
  }

  /** Writes what was said of moment `step`; positions and classes begin at `row` of the network's rows. Steps must not be left out. */
  write(step: number, rows: { positions: Float32Array; classes: Float32Array }, row: number): void {
    if (step < 0) return;
    if (step > this.#known) throw new RangeError(`moment ${step} after ${this.#known}`);
    if (step >= this.#capacity && this.#capacity < CAPACITY) this.#grow();
    const at = (step % this.#capacity) * COLUMNS;
    for (let k = 0; k < ARTICULATOR_COUNT; k++) this.#values[at + k] = rows.positions[row * ARTICULATOR_COUNT + k]!;
    this.#values[at + BILABIAL] = rows.classes[row * CLASS_COUNT + BILABIAL_CLASS]!;
    this.#values[at + LABIODENTAL] = rows.classes[row * CLASS_COUNT + LABIODENTAL_CLASS]!;
    this.#known = Math.max(this.#known, step + 1);
  }

  /**
   * Writes the articulators' positions at `ms` from the stream's beginning: those of jaw and tongue between moments linearly, those of the lips' shape
   * evened out, contacts made or not; beyond the last as there. False, and
   * nothing written, when nothing is known or it was forgotten.
   */
  at(ms: number, out: Float32Array): boolean {
    const oldest = Math.max(0, this.#known - this.#capacity);
    const x = Math.min(Math.max(0, ms / MEL_STEP_MS), this.#known - 1);
    const step = Math.floor(x);
    if (this.#known === 0 || step < oldest) return false;
    const share = x - step;
    const a = (step % this.#capacity) * COLUMNS;
    const b = (Math.min(this.#known - 1, step + 1) % this.#capacity) * COLUMNS;
    for (let k = 0; k < ARTICULATOR_COUNT; k++) {
      out[k] = this.#values[a + k]! * (1 - share) + this.#values[b + k]! * share;
    }
    for (const name of SLOW) out[ARTICULATOR[name]] = this.#mean(x, ARTICULATOR[name], oldest);
    const close = Math.max(decided(out[ARTICULATOR.close]!), this.#contact(ms, BILABIAL, oldest));
    const tuck = Math.max(decided(out[ARTICULATOR.tuck]!), this.#contact(ms, LABIODENTAL, oldest));
    out[ARTICULATOR.close] = close;
    out[ARTICULATOR.tuck] = tuck * (1 - close);
    return true;
  }

  #mean(x: number, column: number, oldest: number): number {
    const reach = SLOW_MS / MEL_STEP_MS;
    const first = Math.max(oldest, Math.ceil(x - reach));
    const last = Math.min(this.#known - 1, Math.floor(x + reach));
    let sum = 0;
    let weights = 1e-9;
    for (let step = first; step <= last; step++) {
      const weight = 1 - Math.abs(step - x) / reach;
      sum += weight * this.#values[(step % this.#capacity) * COLUMNS + column]!;
      weights += weight;
    }
    return Math.min(1, sum / weights);
  }

  /** 1 while the lips touch for certain, rising and falling smoothly around. What lies ahead counts as far as it is known. */
  #contact(ms: number, column: number, oldest: number): number {
    const from = Math.max(oldest, Math.ceil((ms - CONTACT_OUT_MS) / MEL_STEP_MS));
    const to = Math.min(this.#known - 1, Math.floor((ms + CONTACT_IN_MS) / MEL_STEP_MS));
    let most = 0;
    for (let step = from; step <= to; step++) {
      const likely = this.#values[(step % this.#capacity) * COLUMNS + column]!;
      if (likely <= UNLIKELY) continue;
      const ahead = step * MEL_STEP_MS - ms;
      const near = 1 - (ahead > 0 ? ahead / CONTACT_IN_MS : -ahead / CONTACT_OUT_MS);
      most = Math.max(most, smooth(Math.min(1, (likely - UNLIKELY) / (CERTAIN - UNLIKELY))) * smooth(near));
    }
    return most;
  }

  #grow(): void {
    this.#capacity = Math.min(CAPACITY, this.#capacity * 2);
    const grown = new Float32Array(this.#capacity * COLUMNS);
    grown.set(this.#values);
    this.#values = grown;
  }
}

function decided(contact: number): number {
  return Math.min(1, Math.max(0, (contact - DOUBTFUL) / (COMPLETE - DOUBTFUL)));
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}
