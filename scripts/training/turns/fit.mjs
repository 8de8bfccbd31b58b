/** Fits the end-of-turn network: small networks with one hidden layer, Adam, weight decay. Plain JavaScript, deterministic for a seed. */
import { FEATURES, featuresOf } from '../../../dist/agents/end-of-turn/model.js';
import { Random } from '../../../dist/inference/avatar/motion/random.js';

const BATCH = 32;
const RATE = 3e-3;
/** Chosen by trying on lines of the training script that were left out. */
export const SHAPE = { members: 5, hidden: 6, epochs: 20, decay: 0.5 };
/** Share of the examples whose voice is blotted out, so that the words are learnt as well. */
const BLOTTED = 0.15;

/** Examples `{ x, y }` of the turns: every pause whose words are known, twice with the recogniser's text and once with what was really said. */
export function examplesOf(turns) {
  const examples = [];
  for (const { parts, pauses, asked } of turns) {
    for (const { part, prosody } of pauses) {
      const y = part >= 0 && parts[part].nextMs === null ? 1 : 0;
      const texts = part < 0 ? [] : [parts[part].text, parts[part].text, parts[part].written];
      for (const text of texts) if (text !== '') examples.push({ x: featuresOf({ prosody, text, asked }), y });
    }
  }
  return examples;
}

/** `mask`: which features are looked at. */
export function fitNetwork(turns, { seed, mask = () => true, shape = SHAPE }) {
  const examples = examplesOf(turns);
  const size = FEATURES.length;
  const mean = new Array(size).fill(0);
  const scale = new Array(size).fill(0);
  for (const { x } of examples) for (let i = 0; i < size; i++) mean[i] += x[i] / examples.length;
  for (const { x } of examples) for (let i = 0; i < size; i++) scale[i] += (x[i] - mean[i]) ** 2 / examples.length;
  // A rare flag must not become a large number.
  for (let i = 0; i < size; i++) scale[i] = Math.max(0.2, Math.sqrt(scale[i]));
  const inputs = examples.map(({ x }) =>
    Float64Array.from(x, (value, i) => (mask(FEATURES[i]) ? (value - mean[i]) / scale[i] : 0)),
  );
  const labels = examples.map(({ y }) => y);
  const members = Array.from({ length: shape.members }, (_, member) =>
    trainMember(inputs, labels, seed * 101 + member, shape),
  );
  for (const { hidden } of members) {
    for (const row of hidden) for (let i = 0; i < size; i++) if (!mask(FEATURES[i])) row[i] = 0;
  }
  return {
    format: 'visavis-end-of-turn',
    version: 1,
    features: [...FEATURES],
    mean: mean.map(rounded),
    scale: scale.map(rounded),
    members,
  };
}

const rounded = (value) => Math.round(value * 1e4) / 1e4;

function trainMember(inputs, labels, seed, { hidden, epochs, decay }) {
  const random = new Random(seed);
  const size = inputs[0].length;
  const count = hidden * (size + 1) + hidden + 1;
  const weights = Float64Array.from({ length: count }, () => random.normal() * 0.1);
  const gradient = new Float64Array(count);
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  const order = inputs.map((_, i) => i);
  const activity = new Float64Array(hidden);
  const x = new Float64Array(size);
  const output = hidden * (size + 1);
  const voice = FEATURES.filter((name) => name.startsWith('voice:')).length;
  const steps = epochs * Math.ceil(inputs.length / BATCH);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (let from = 0; from < order.length; from += BATCH) {
      const batch = order.slice(from, from + BATCH);
      gradient.fill(0);
      for (const example of batch) {
        x.set(inputs[example]);
        if (random.uniform() < BLOTTED) x.fill(0, 0, voice);
        let logit = weights[count - 1];
        for (let h = 0; h < hidden; h++) {
          const row = h * (size + 1);
          let sum = weights[row + size];
          for (let i = 0; i < size; i++) sum += weights[row + i] * x[i];
          activity[h] = Math.tanh(sum);
          logit += weights[output + h] * activity[h];
        }
        const error = (1 / (1 + Math.exp(-logit)) - labels[example]) / batch.length;
        gradient[count - 1] += error;
        for (let h = 0; h < hidden; h++) {
          gradient[output + h] += error * activity[h];
          const inner = error * weights[output + h] * (1 - activity[h] ** 2);
          const row = h * (size + 1);
          for (let i = 0; i < size; i++) gradient[row + i] += inner * x[i];
          gradient[row + size] += inner;
        }
      }
      step++;
      const rate = RATE * (0.5 + 0.5 * Math.cos((Math.PI * step) / steps));
      for (let i = 0; i < count; i++) {
        first[i] = 0.9 * first[i] + 0.1 * gradient[i];
        second[i] = 0.999 * second[i] + 0.001 * gradient[i] ** 2;
        const move = first[i] / (1 - 0.9 ** step) / (Math.sqrt(second[i] / (1 - 0.999 ** step)) + 1e-8);
        weights[i] -= rate * (move + decay * weights[i]);
      }
    }
  }
  const rows = Array.from({ length: hidden }, (_, h) =>
    Array.from(weights.subarray(h * (size + 1), (h + 1) * (size + 1)), rounded),
  );
  return { hidden: rows, output: Array.from(weights.subarray(output), rounded) };
}
