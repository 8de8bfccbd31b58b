import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import type { AskedKind } from './asked.js';
import { PROSODY_FEATURES } from './prosody.js';
import { describeWords, WORD_FEATURES } from './words.js';

export const FEATURES: readonly string[] = [
  ...PROSODY_FEATURES.map((name) => `voice:${name}`),
  ...WORD_FEATURES.map((name) => `words:${name}`),
];

const numbers = z.array(z.number());
const schema = z.strictObject({
  format: z.literal('visavis-end-of-turn'),
  version: z.literal(1),
  features: z.array(z.string()),
  /** What is subtracted from each feature, and what it is then divided by. */
  mean: numbers,
  scale: z.array(z.number().positive()),
  /** Networks with one hidden layer (tanh) whose logits are averaged: `hidden` one row a unit with the bias last, `output` with the bias last. */
  members: z.array(z.strictObject({ hidden: z.array(numbers), output: numbers })).min(1),
});
export type EndOfTurnWeights = z.infer<typeof schema>;

/** What is known at a pause: the voice before it (`PROSODY_FEATURES`), the turn's words so far, what was asked before. */
export interface PauseFacts {
  prosody: ArrayLike<number>;
  text: string;
  asked: AskedKind;
}

/** The features in the order of `FEATURES`. */
export function featuresOf({ prosody, text, asked }: PauseFacts): Float64Array {
  const out = new Float64Array(FEATURES.length);
  for (let i = 0; i < PROSODY_FEATURES.length; i++) out[i] = prosody[i] ?? 0;
  const words = describeWords(text, asked);
  WORD_FEATURES.forEach((name, i) => {
    out[PROSODY_FEATURES.length + i] = words[name] ?? 0;
  });
  return out;
}

/** How likely a pause is the end of a turn, by a small network over the voice and the words before it. Pure. */
export class EndOfTurnModel {
  readonly #weights: EndOfTurnWeights;

  private constructor(weights: EndOfTurnWeights) {
    this.#weights = weights;
  }

  /** Of the text of `assets/turns/end-of-turn.json`. Throws `unavailable` that names the field for anything else. */
  static parse(json: string): EndOfTurnModel {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (cause) {
      throw new VisavisError('unavailable', 'the end-of-turn model is no JSON', { cause });
    }
    const result = schema.safeParse(value);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw new VisavisError('unavailable', `the end-of-turn model: ${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { features, mean, scale, members } = result.data;
    const different = FEATURES.findIndex((name, i) => features[i] !== name);
    if (different >= 0 || features.length !== FEATURES.length) {
      const at = different >= 0 ? different : FEATURES.length;
      throw new VisavisError(
        'unavailable',
        `the end-of-turn model: features.${at}: expected ${FEATURES[at] ?? 'no more'}, got ${features[at] ?? 'no more'}`,
      );
    }
    const size = FEATURES.length;
    const fits = members.every(
      ({ hidden, output }) => output.length === hidden.length + 1 && hidden.every((row) => row.length === size + 1),
    );
    if (mean.length !== size || scale.length !== size || !fits) {
      throw new VisavisError('unavailable', `the end-of-turn model: expected weights for ${size} features`);
    }
    return new EndOfTurnModel(result.data);
  }

  /** Probability that the turn is over, of `featuresOf`. */
  probability(features: ArrayLike<number>): number {
    const { mean, scale, members } = this.#weights;
    let logit = 0;
    for (const { hidden, output } of members) {
      let sum = output.at(-1)!;
      hidden.forEach((row, unit) => {
        let inner = row.at(-1)!;
        for (let i = 0; i < mean.length; i++) inner += row[i]! * ((features[i]! - mean[i]!) / scale[i]!);
        sum += output[unit]! * Math.tanh(inner);
      });
      logit += sum / members.length;
    }
    return 1 / (1 + Math.exp(-logit));
  }
}
