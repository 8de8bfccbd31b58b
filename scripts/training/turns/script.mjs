/**
 * Scripted turns `{ id, split, engine, voice, speed, asked, parts, pausesMs, noiseDb, gainDb, seed }`: what is said, by whom, and how long
 * the speaker pauses between the parts. Deterministic for a seed.
 */
import { Random } from '../../../dist/inference/avatar/motion/random.js';
import { installedKokoroVoices, PIPER_SPEAKERS } from '../../../dist/inference/speech/voices.js';
import * as more from './phrases-more.mjs';
import * as test from './phrases-test.mjs';
import * as train from './phrases-train.mjs';

const KOKORO_TEST = new Set(['af_sarah', 'am_eric', 'bf_emma', 'bm_lewis', 'am_puck', 'af_nova']);
/** Of 904 speakers; the others are not heard at all. */
const PIPER_VOICES = { train: 300, test: 150 };
/** A place where one may pause is paused at this often. */
const PAUSED_SHARE = 0.55;
/** A pause without a mark of its own begins with one of these, so that the synthesiser itself makes the sound of stopping. */
const STOPS = [',', ',', '…', ' —'];
const FILLERS = ['um', 'uh'];
const FILLER_SHARE = 0.15;
/**
 * Pauses inside a turn are log-normal (Campione and Véronis 2002, "A large-scale comparative study of silent pause duration"); this median and
 * spread, and how much speakers differ, are ours. None is shorter than 200 ms: what is shorter passes for a stop consonant.
 */
export const PAUSES = { medianMs: 520, spread: 0.5, speakerSpread: 0.25, leastMs: 200, mostMs: 2_500 };

const pick = (random, list) => list[Math.floor(random.uniform() * list.length)];

function shuffled(random, list) {
  return list
    .map((value) => ({ value, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

/** The parts of one line, as they are to be spoken. */
function partsOf(line, lists, random) {
  const filled = line.replace(/%(\w+)/g, (_, name) => pick(random, lists[name]));
  const capital = filled.charAt(0).toUpperCase() + filled.slice(1);
  const parts = [];
  for (const part of capital.split('|').map((text) => text.trim())) {
    const isPause = parts.length > 0 && random.uniform() < PAUSED_SHARE;
    if (isPause || parts.length === 0) parts.push(part);
    else parts[parts.length - 1] += ` ${part}`;
  }
  return parts.map((part, i) => {
    if (i === parts.length - 1 || /[.?!]$/.test(part)) return part;
    if (random.uniform() < FILLER_SHARE) return `${part.replace(/,$/, '')}, ${pick(random, FILLERS)},`;
    return /,$/.test(part) ? part : part + pick(random, STOPS);
  });
}

const PHRASES = { train, more, test };

/** `counts`: turns by split and engine, of the phrases of that `name` (by default the split's). */
export function writeScript({ seed, counts }) {
  const random = new Random(seed);
  const speakers = shuffled(
    random,
    Array.from({ length: PIPER_SPEAKERS }, (_, i) => `libritts-${i}`),
  );
  const english = installedKokoroVoices().filter((voice) => /^[ab]/.test(voice));
  const voices = {
    piper: {
      train: speakers.slice(0, PIPER_VOICES.train),
      test: speakers.slice(PIPER_VOICES.train, PIPER_VOICES.train + PIPER_VOICES.test),
    },
    kokoro: {
      train: english.filter((voice) => !KOKORO_TEST.has(voice)),
      test: english.filter((voice) => KOKORO_TEST.has(voice)),
    },
  };
  const habits = new Map();
  const turns = [];
  for (const { split, engine, count, name = split } of counts) {
    const { LISTS, TURNS } = PHRASES[name];
    const lines = TURNS.flatMap((group) => group.lines.map((line) => ({ asked: group.asked, line })));
    let order = [];
    for (let n = 0; n < count; n++) {
      if (order.length === 0) order = shuffled(random, lines);
      const { asked, line } = order.pop();
      const voice = pick(random, voices[engine][split]);
      if (!habits.has(voice)) habits.set(voice, random.logNormal(1, PAUSES.speakerSpread));
      const parts = partsOf(line, LISTS, random);
      turns.push({
        id: `${name}-${engine}-${n}`,
        // What was written alike belongs together when the network is tried on lines that it has not seen.
        line,
        ...{ split, engine, voice, asked: pick(random, asked), parts },
        pausesMs: parts
          .slice(1)
          .map(() => clamp(random.logNormal(PAUSES.medianMs * habits.get(voice), PAUSES.spread), PAUSES)),
        speed: random.between(0.85, 1.2),
        noiseDb: random.between(-75, -48),
        gainDb: random.between(-12, 3),
        seed: seed * 7919 + turns.length,
      });
    }
  }
  return turns;
}

const clamp = (ms, { leastMs, mostMs }) => Math.round(Math.min(mostMs, Math.max(leastMs, ms)));
