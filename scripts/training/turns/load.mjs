/** A spoken turn from its files, with pauses that begin as people's do: the voice dies away. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../../dist/inference/avatar/motion/random.js';
import { readWav, toMono } from '../../../dist/media/wav.js';
import { RATE_HZ } from './speak.mjs';

/**
 * Synthesisers run through many commas without a pause. A part that was cut there stops as loud as it was, as no speaker does, and a network
 * would know it by that alone. It gets the decay that the ends of the same voices' turns have: this many dB within this time.
 */
const DECAY_DB = { low: 20, high: 32 };
const DECAY_MS = { low: 120, high: 260 };
/** A part counts as cut in full voice when it is louder than this, against the loudest of the turn, this long before its end. */
const FULL_VOICE = { db: -22, beforeMs: 60 };

const samplesOf = (ms) => Math.round((ms * RATE_HZ) / 1_000);

function levelDb(sound, fromMs) {
  let sum = 0;
  const from = Math.max(0, samplesOf(fromMs));
  for (let i = from; i < from + 160; i++) sum += (sound[i] ?? 0) ** 2;
  return 10 * Math.log10(sum / 160 + 1e-12);
}

export async function loadTurn(folder, id) {
  const { turn, truth } = JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8'));
  const sound = toMono(readWav(join(folder, `${id}.wav`)));
  const random = new Random(turn.seed + 1);
  let loudest = -120;
  for (let ms = 0; samplesOf(ms) < sound.length; ms += 10) loudest = Math.max(loudest, levelDb(sound, ms));
  for (const { endMs } of truth.slice(0, -1)) {
    const db = random.between(DECAY_DB.low, DECAY_DB.high);
    const ms = random.between(DECAY_MS.low, DECAY_MS.high);
    if (levelDb(sound, endMs - FULL_VOICE.beforeMs) < loudest + FULL_VOICE.db) continue;
    const length = samplesOf(ms);
    const from = samplesOf(endMs) - length;
    for (let i = 0; i < length; i++) sound[from + i] *= 10 ** ((-db * i) / length / 20);
    for (let i = 0; i < 160; i++) sound[from + length + i] *= 10 ** (-db / 20) * (1 - i / 160) + i / 160;
  }
  return { turn, truth, sound };
}
