/** How long speakers pause inside a turn, and what a wait is worth. Pure. */

export interface PauseHabits {
  /** Of the pauses inside turns, log-normal: median in ms, standard deviation of the logarithm. */
  medianMs: number;
  spread: number;
}

/**
 * Of all speakers. Pauses in speech are log-normal (Campione and Véronis 2002, "A large-scale comparative study of silent pause duration"); median
 * and spread are ours, and those of the script that the estimate was made and judged with.
 */
export const USUAL_PAUSES: PauseHabits = { medianMs: 520, spread: 0.56 };

/** How many pauses the habits of all speakers count as, against those that this one has made. */
const PRIOR_PAUSES = 5;
/** Shorter silences belong to the words (stops, breaths); longer ones are taken for this. */
const RANGE_MS = { least: 160, most: 3_000 };
/** A speaker who paused often enough is known this far and no further: habits change. */
const MOST_KNOWN = 20;

/** One speaker's pauses so far, beginning with what is usual. */
export class SpeakerPauses {
  readonly #usual: PauseHabits;
  #sum = 0;
  #count = 0;

  constructor(usual: PauseHabits = USUAL_PAUSES) {
    this.#usual = usual;
  }

  /** The speaker went on after this much silence. */
  note(ms: number): void {
    if (ms < RANGE_MS.least) return;
    if (this.#count === MOST_KNOWN) {
      this.#sum *= 1 - 1 / MOST_KNOWN;
      this.#count -= 1;
    }
    this.#sum += Math.log(Math.min(RANGE_MS.most, ms) / this.#usual.medianMs);
    this.#count += 1;
  }

  /** What is to be expected of this speaker. */
  get habits(): PauseHabits {
    const shift = this.#sum / (this.#count + PRIOR_PAUSES);
    return { medianMs: this.#usual.medianMs * Math.exp(shift), spread: this.#usual.spread };
  }
}

/** Share of the pauses that are longer than `ms`. */
export function longerShare(ms: number, { medianMs, spread }: PauseHabits): number {
  return ms <= 0 ? 1 : 0.5 * erfc(Math.log(ms / medianMs) / (spread * Math.SQRT2));
}

const STEP_MS = 16;

/**
 * The silence after which the turn of somebody who stopped with this `probability` of an end is best taken to be over: the wait t for which
 * probability · t + (1 − probability) · cutOffMs · share of pauses longer than t is least. `cutOffMs`: how much needless waiting one cut-off is
 * as bad as. Between `leastMs` and `mostMs`.
 */
export function bestWaitMs(o: {
  probability: number;
  habits: PauseHabits;
  cutOffMs: number;
  leastMs: number;
  mostMs: number;
}): number {
  let best = o.leastMs;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let ms = o.leastMs; ms <= o.mostMs; ms += STEP_MS) {
    const cost = o.probability * ms + (1 - o.probability) * o.cutOffMs * longerShare(ms, o.habits);
    if (cost >= bestCost) continue;
    best = ms;
    bestCost = cost;
  }
  return best;
}

/**
 * `bestWaitMs` for one speaker. Somebody who pauses longer than is usual is never waited for less than is usual, although it would cost least not to
 * wait for such pauses at all.
 */
export function speakerWaitMs(o: Parameters<typeof bestWaitMs>[0]): number {
  const own = bestWaitMs(o);
  return o.habits.medianMs <= USUAL_PAUSES.medianMs ? own : Math.max(own, bestWaitMs({ ...o, habits: USUAL_PAUSES }));
}

/** Complementary error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
function erfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const value = poly * Math.exp(-x * x);
  return x >= 0 ? value : 2 - value;
}
