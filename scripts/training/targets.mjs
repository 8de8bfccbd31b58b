/**
 * What the mouth should do: for every `NAME.json` below a folder `NAME.target` with, for each 10 ms from 0, the positions of the
 * articulators (0…255 for 0…1) that the service's own phoneme-timed articulation gives, then the class that is heard.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { Articulation } from '../../dist/inference/avatar/motion/articulation.js';
import { ARTICULATOR_COUNT } from '../../dist/inference/avatar/motion/visemes.js';
import { loudnessEnvelope } from '../../dist/media/loudness.js';
import { readWav, toMono } from '../../dist/media/wav.js';
import { filesBelow } from '../lib/stamp.mjs';
import { labelTrack } from './classes.mjs';

export const STEP_MS = 10;
export const COLUMNS = ARTICULATOR_COUNT + 1;

/** Name (path without suffix), description and audio of every utterance below `folder`, in order of their names. */
export async function* utterances(folder) {
  const files = (await filesBelow(folder)).filter((path) => path.endsWith('.json')).sort();
  for (const path of files) {
    const about = JSON.parse(await readFile(path, 'utf8'));
    if (about.phonemes === undefined) continue;
    const name = path.slice(0, -'.json'.length);
    const wav = readWav(`${name}.wav`);
    yield { name, about, samples: toMono(wav), sampleRateHz: wav.sampleRateHz };
  }
}

/** As the avatar would move if it knew the phonemes. */
export function articulationOf({ about, samples, sampleRateHz }) {
  return new Articulation({
    segmentId: 0,
    durationMs: (samples.length * 1_000) / sampleRateHz,
    phonemes: about.phonemes,
    loudness: loudnessEnvelope(samples, sampleRateHz),
  });
}

/** Writes the targets and returns how many utterances there are. */
export async function writeTargets(folder) {
  let count = 0;
  for await (const utterance of utterances(folder)) {
    const { name, about, samples, sampleRateHz } = utterance;
    const steps = Math.floor((samples.length * 1_000) / sampleRateHz / STEP_MS) + 1;
    const articulation = articulationOf(utterance);
    const labels = labelTrack(about.phonemes, steps);
    const position = new Float32Array(ARTICULATOR_COUNT);
    const out = new Uint8Array(steps * COLUMNS);
    for (let i = 0; i < steps; i++) {
      articulation.at(i * STEP_MS, position);
      position.forEach((value, k) => {
        out[i * COLUMNS + k] = Math.round(255 * Math.min(1, Math.max(0, value)));
      });
      out[i * COLUMNS + ARTICULATOR_COUNT] = labels[i];
    }
    await writeFile(`${name}.target`, out);
    count++;
  }
  return count;
}
