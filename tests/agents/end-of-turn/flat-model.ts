import { EndOfTurnModel, type EndOfTurnWeights, FEATURES } from '../../../src/agents/end-of-turn/model.js';

/** Weights of a network that says the same of everything: this logit. */
export function flatWeights(logit: number): EndOfTurnWeights {
  const size = FEATURES.length;
  return {
    format: 'visavis-end-of-turn',
    version: 1,
    features: [...FEATURES],
    mean: new Array<number>(size).fill(0),
    scale: new Array<number>(size).fill(1),
    members: [{ hidden: [new Array<number>(size + 1).fill(0)], output: [0, logit] }],
  };
}

export const flatModel = (logit: number) => EndOfTurnModel.parse(JSON.stringify(flatWeights(logit)));
