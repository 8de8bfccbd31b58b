/**
 * How well the mouth follows voices that the network never heard: against the service's own phoneme-timed motion, in the pictures' coefficients,
 * at 25 frames a second. `evaluate(FOLDER, MODEL)` gives one record per voice.
 */
import { AudioMotion } from '../../dist/inference/avatar/motion/audio-motion.js';
import { AudioMotionModel } from '../../dist/inference/avatar/motion/audio-motion-model.js';
import { LOOKAHEAD_MS, LOOKAHEAD_STEPS } from '../../dist/inference/avatar/motion/audio-network.js';
import { writeMouth } from '../../dist/inference/avatar/motion/blendshapes.js';
import { LogMel, MEL_BANDS } from '../../dist/inference/avatar/motion/log-mel.js';
import { ARTICULATOR, ARTICULATOR_COUNT } from '../../dist/inference/avatar/motion/visemes.js';
import { FRAME_RATE, MOTION, MOTION_FRAME_LENGTH } from '../../dist/inference/avatar/motion-frame.js';
import { CLASSES } from './classes.mjs';
import { decode } from './decode.mjs';
import { articulationOf, utterances } from './targets.mjs';

const FRAME_MS = 1_000 / FRAME_RATE;
/** Lips count as closed from here on. */
const CLOSED = 0.8;
/** A closure may come this much before or after the sound: half a frame. */
const TOLERANCE_MS = 20;
/** Frames whose true opening is below this are a mouth at rest: closing it more is no mistake. */
const AT_REST = 0.02;
const BILABIALS = new Set('pbm');

/** What is compared, from a frame's coefficients. */
const MEASURES = {
  opening: (f) => f[MOTION.jawOpen] - f[MOTION.mouthClose] + 0.2 * f[MOTION.mouthLowerDownLeft],
  jaw: (f) => f[MOTION.jawOpen],
  pucker: (f) => f[MOTION.mouthPucker],
  stretch: (f) => f[MOTION.mouthStretchLeft],
};

/** The ways to move the mouth; each gives, per utterance, a function from milliseconds to articulators. */
const WAYS = {
  /** As the avatar does in a live stream: at every frame it has heard 60 ms more than is to be seen. */
  async live(utterance, network) {
    const motion = new AudioMotion(network);
    const { samples, sampleRateHz } = utterance;
    const frames = [];
    const perFrame = Math.round((sampleRateHz * FRAME_MS) / 1_000);
    const ahead = Math.round((sampleRateHz * LOOKAHEAD_MS) / 1_000);
    const tracks = [];
    for (let at = 0, frame = 0; frame * perFrame < samples.length; frame++) {
      const until = Math.min(samples.length, frame * perFrame + ahead);
      if (until > at) {
        const piece = samples.subarray(at, until);
        tracks.push({
          startMs: (at * 1_000) / sampleRateHz,
          track: motion.push({ samples: piece, sampleRateHz, continues: at > 0 }),
        });
        await motion.settled();
        at = until;
      }
      const out = new Float32Array(ARTICULATOR_COUNT);
      const ms = frame * FRAME_MS;
      const { startMs, track } = tracks.findLast((candidate) => candidate.startMs <= ms);
      track.at(ms - startMs, out);
      frames.push(out);
    }
    return (ms, out) => out.set(frames[Math.round(ms / FRAME_MS)]);
  },
  /** Speech that comes faster than it is spoken: what lies ahead is known. */
  async ahead({ samples, sampleRateHz }, network) {
    const motion = new AudioMotion(network);
    const track = motion.push({ samples, sampleRateHz, continues: false });
    await motion.settled();
    return (ms, out) => track.at(ms, out);
  },
  /** The network's positions alone, without its classes. */
  async positions(utterance, network) {
    const { positions, steps } = await answers(utterance, network);
    return (ms, out) => {
      const step = Math.min(steps - 1, Math.round(ms / 10));
      for (let k = 0; k < ARTICULATOR_COUNT; k++) out[k] = positions[step * ARTICULATOR_COUNT + k];
    };
  },
  /** The network's classes, decoded with the whole utterance known, moved by the articulation. */
  async decoded(utterance, network) {
    const { classes, steps } = await answers(utterance, network);
    const articulation = articulationOf({ ...utterance, about: { phonemes: decode(classes, steps) } });
    return (ms, out) => articulation.at(ms, out);
  },
  /** What there is without a network. */
  async loudness(utterance) {
    const articulation = articulationOf({ ...utterance, about: { phonemes: [] } });
    return (ms, out) => articulation.at(ms, out);
  },
};
export const WAY_NAMES = Object.keys(WAYS);

/** All rows of one utterance, row t about moment 10·t ms. */
async function answers({ samples, sampleRateHz }, network) {
  const padded = new Float32Array(samples.length + sampleRateHz / 5);
  padded.set(samples);
  const mel = new LogMel(sampleRateHz).push(padded);
  const frames = Math.floor(mel.length / MEL_BANDS / 2) * 2;
  const rows = await network.run(mel.subarray(0, frames * MEL_BANDS), network.silence);
  const skipped = LOOKAHEAD_STEPS - 1;
  return {
    positions: rows.positions.subarray(skipped * ARTICULATOR_COUNT),
    classes: rows.classes.subarray(skipped * CLASSES.length),
    steps: frames - skipped,
  };
}

function framesOf(at, durationMs) {
  const frames = [];
  const position = new Float32Array(ARTICULATOR_COUNT);
  for (let ms = 0; ms < durationMs; ms += FRAME_MS) {
    position.fill(0);
    at(ms, position);
    const coefficients = new Float32Array(MOTION_FRAME_LENGTH);
    writeMouth(position, coefficients);
    const values = Object.values(MEASURES).map((measure) => measure(coefficients));
    frames.push({ values, close: position[ARTICULATOR.close] });
  }
  return frames;
}

function correlation(a, b) {
  const mean = (x) => x.reduce((s, v) => s + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - ma) * (b[i] - mb);
    aa += (value - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  });
  return ab / Math.sqrt(aa * bb + 1e-12);
}

/** Closures of the lips that should be, those that were found; closures that were made, and those that were right. */
function closures(frames, truth, bilabials) {
  const near = (ms, { startMs, endMs }, slack) => ms >= startMs - slack && ms <= endMs + slack;
  const closed = frames.map(({ close }) => close >= CLOSED);
  const found = bilabials.filter((p) => closed.some((is, i) => is && near(i * FRAME_MS, p, TOLERANCE_MS))).length;
  let made = 0;
  let right = 0;
  for (let i = 0; i < closed.length; i++) {
    if (!closed[i] || closed[i - 1]) continue;
    let end = i;
    while (closed[end + 1]) end++;
    const run = Array.from({ length: end - i + 1 }, (_, k) => i + k);
    if (run.every((k) => truth[k].values[0] < AT_REST && truth[k].close < 0.5)) continue;
    made++;
    if (run.some((k) => bilabials.some((p) => near(k * FRAME_MS, p, FRAME_MS)))) right++;
  }
  return { wanted: bilabials.length, found, made, right };
}

/** One record for every voice of split `test` below `folder`. `onVoice` hears of progress. */
export async function evaluate(folder, modelPath, onVoice = () => {}) {
  const network = await AudioMotionModel.create(modelPath);
  const voices = new Map();
  for await (const utterance of utterances(folder)) {
    const { about, samples, sampleRateHz } = utterance;
    if (about.split !== 'test') continue;
    const key = `${about.engine} ${about.voice}`;
    if (!voices.has(key)) {
      onVoice(key);
      const ways = Object.fromEntries(
        WAY_NAMES.map((way) => [way, { pairs: noPairs(), wanted: 0, found: 0, made: 0, right: 0 }]),
      );
      voices.set(key, { engine: about.engine, voice: about.voice, language: about.language, seconds: 0, ways });
    }
    const voice = voices.get(key);
    const durationMs = (samples.length * 1_000) / sampleRateHz;
    voice.seconds += durationMs / 1_000;
    const articulation = articulationOf(utterance);
    const truth = framesOf((ms, out) => articulation.at(ms, out), durationMs);
    // Spanish and Hindi /b/ may be no more than a narrowing.
    const isBilabial = ({ symbol }) => BILABIALS.has(symbol) && !(symbol === 'b' && about.language === 'es');
    const bilabials = about.phonemes.filter(isBilabial);
    for (const way of WAY_NAMES) {
      const frames = framesOf(await WAYS[way](utterance, network), durationMs);
      const record = voice.ways[way];
      Object.keys(MEASURES).forEach((name, k) => {
        record.pairs[name][0].push(...truth.map((frame) => frame.values[k]));
        record.pairs[name][1].push(...frames.map((frame) => frame.values[k]));
      });
      for (const [name, value] of Object.entries(closures(frames, truth, bilabials))) record[name] += value;
    }
  }
  await network.close();
  return [...voices.values()].map((voice) => ({
    ...voice,
    ways: Object.fromEntries(
      Object.entries(voice.ways).map(([way, { pairs, ...counts }]) => [
        way,
        { ...counts, ...Object.fromEntries(Object.entries(pairs).map(([name, [a, b]]) => [name, correlation(a, b)])) },
      ]),
    ),
  }));
}

const noPairs = () => Object.fromEntries(Object.keys(MEASURES).map((name) => [name, [[], []]]));

/** Milliseconds that one picture's 40 ms of audio cost (features and network), `[p50, p95]`, fed as a live stream, 24 kHz. */
export async function cost(modelPath, frames = 500) {
  const network = await AudioMotionModel.create(modelPath);
  const motion = new AudioMotion(network);
  const times = [];
  const samples = Float32Array.from({ length: 960 }, (_, i) => 0.1 * Math.sin(i / 9) + 0.05 * Math.sin(i * i));
  const out = new Float32Array(ARTICULATOR_COUNT);
  for (let i = 0; i < frames; i++) {
    const began = performance.now();
    const track = motion.push({ samples, sampleRateHz: 24_000, continues: i > 0 });
    await motion.settled();
    track.at(0, out);
    times.push(performance.now() - began);
  }
  await network.close();
  times.sort((a, b) => a - b);
  return [times[Math.floor(frames * 0.5)], times[Math.floor(frames * 0.95)]];
}
