/** The other way from audio to the mouth, kept to be measured against: most likely sounds with their times, moved by the articulation. */
import { CLASSES } from './classes.mjs';

/** Log-probability that a change of sound costs; chosen on training voices. */
const CHANGE_COST = 3;

/** The most likely sequence of sounds (Viterbi) for class probabilities `[steps × classes]` at steps of 10 ms, as timed phonemes. */
export function decode(probabilities, steps) {
  const count = CLASSES.length;
  let score = new Float64Array(count);
  const from = new Uint8Array(steps * count);
  for (let t = 0; t < steps; t++) {
    let best = 0;
    for (let c = 1; c < count; c++) if (score[c] > score[best]) best = c;
    const next = new Float64Array(count);
    for (let c = 0; c < count; c++) {
      const changed = score[best] - CHANGE_COST;
      const stays = score[c] >= changed;
      from[t * count + c] = stays ? c : best;
      next[c] = (stays ? score[c] : changed) + Math.log(probabilities[t * count + c] + 1e-4);
    }
    score = next;
  }
  let c = score.indexOf(Math.max(...score));
  const path = new Uint8Array(steps);
  for (let t = steps - 1; t >= 0; t--) {
    path[t] = c;
    c = from[t * count + c];
  }
  const phonemes = [];
  for (let t = 0; t < steps; ) {
    let end = t;
    while (end < steps && path[end] === path[t]) end++;
    if (path[t] !== 0) phonemes.push({ symbol: CLASSES[path[t]][0], startMs: t * 10, endMs: end * 10 });
    t = end;
  }
  return phonemes;
}
