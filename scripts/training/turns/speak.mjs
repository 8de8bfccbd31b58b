/** A scripted turn as sound: spoken in one go, cut in the synthesiser's own pauses, and put together again with the scripted ones. */
import { Random } from '../../../dist/inference/avatar/motion/random.js';
import { resample } from '../../../dist/media/resample.js';

export const RATE_HZ = 16_000;
const LEAD_MS = 400;
/** Longer than any wait for the end of a turn. */
export const TAIL_MS = 2_600;
const FADE_SAMPLES = 80;
/** A 10 ms window belongs to the speech when it is louder than this share of the utterance (−40 dB). */
const AUDIBLE_SHARE = 0.01;
const WINDOW = 160;

const bare = (text) => text.replace(/[^\p{L}\p{N}]/gu, '');
const samplesOf = (ms) => Math.round((ms * RATE_HZ) / 1_000);

/** `engine.speak` as an async iterable of chunks; one 16 kHz sound and the end and beginning, in ms, of the words around each boundary. */
async function speakWhole(synthesiser, { parts, voice, speed }) {
  const boundaries = [];
  let letters = 0;
  for (const part of parts.slice(0, -1)) {
    letters += bare(part).length;
    boundaries.push({ letters });
  }
  const pieces = [];
  const words = [];
  let atMs = 0;
  const signal = new AbortController().signal;
  for await (const chunk of synthesiser.speak(parts.join(' '), { voice, speed, priority: 'later', signal })) {
    pieces.push(resample(chunk.samples, chunk.sampleRateHz, RATE_HZ));
    for (const { text, startMs, endMs } of chunk.words)
      words.push({ text, startMs: startMs + atMs, endMs: endMs + atMs });
    atMs += (chunk.samples.length / chunk.sampleRateHz) * 1_000;
  }
  const samples = Float32Array.from(pieces.flatMap((piece) => Array.from(piece)));
  let seen = 0;
  let next = 0;
  words.forEach((word, i) => {
    seen += bare(word.text).length;
    while (next < boundaries.length && seen >= boundaries[next].letters) {
      const after = words[i + 1];
      if (after === undefined || seen > boundaries[next].letters)
        throw new Error(`no word ends where ${JSON.stringify(parts)} is cut`);
      Object.assign(boundaries[next++], { fromMs: word.endMs, toMs: after.startMs });
    }
  });
  return { samples, boundaries };
}

function levels(samples) {
  const out = [];
  for (let i = 0; i + WINDOW <= samples.length; i += WINDOW) {
    let sum = 0;
    for (let j = i; j < i + WINDOW; j++) sum += samples[j] * samples[j];
    out.push(Math.sqrt(sum / WINDOW));
  }
  return out;
}

/** The quietest 10 ms between two words (40 ms more on either side). */
function quietest(loud, { fromMs, toMs }) {
  const from = Math.max(0, Math.floor((Math.min(fromMs, toMs) - 40) / 10));
  const to = Math.min(loud.length - 1, Math.ceil((Math.max(fromMs, toMs) + 40) / 10));
  let best = from;
  for (let i = from; i <= to; i++) if (loud[i] < loud[best]) best = i;
  return best * WINDOW + WINDOW / 2;
}

/** The audible stretch of `samples`, with the softest of its beginning and end faded. */
function audible(samples, threshold) {
  const loud = levels(samples);
  const first = loud.findIndex((level) => level >= threshold);
  const last = loud.findLastIndex((level) => level >= threshold);
  if (first < 0) throw new Error('a part of the turn is silent');
  const piece = samples.slice(Math.max(0, first - 1) * WINDOW, Math.min(samples.length, (last + 3) * WINDOW));
  const fade = Math.min(FADE_SAMPLES, piece.length >> 1);
  for (let i = 0; i < fade; i++) {
    piece[i] *= i / fade;
    piece[piece.length - 1 - i] *= i / fade;
  }
  return {
    piece,
    endSample: piece.length - (Math.min(loud.length * WINDOW, (last + 3) * WINDOW) - (last + 1) * WINDOW),
  };
}

/**
 * 16 kHz sound of the turn in a room with noise, and its true times in ms: of every part its last audible moment (`endMs`) and the first of
 * the next (`nextMs`; null after the last).
 */
export async function speakTurn(synthesiser, turn) {
  const { samples, boundaries } = await speakWhole(synthesiser, turn);
  const loud = levels(samples);
  const threshold = Math.max(...loud) * AUDIBLE_SHARE;
  const cuts = [0, ...boundaries.map((boundary) => quietest(loud, boundary)), samples.length];
  const parts = cuts.slice(1).map((end, i) => audible(samples.subarray(cuts[i], end), threshold));
  const places = [];
  let at = samplesOf(LEAD_MS);
  parts.forEach(({ piece, endSample }, i) => {
    places.push({ at, endSample: at + endSample });
    at += endSample + samplesOf(turn.pausesMs[i] ?? TAIL_MS);
    at = Math.max(at, places[i].at + piece.length);
  });
  const sound = new Float32Array(at);
  const random = new Random(turn.seed);
  const noise = 10 ** (turn.noiseDb / 20);
  // Noise of a room: white noise through a one-pole low-pass, brought back to its level.
  let low = 0;
  for (let i = 0; i < sound.length; i++) {
    low += 0.2 * (random.normal() - low);
    sound[i] = low * 3 * noise;
  }
  const gain = 10 ** (turn.gainDb / 20);
  parts.forEach(({ piece }, i) => {
    for (let j = 0; j < piece.length; j++) sound[places[i].at + j] += piece[j] * gain;
  });
  for (let i = 0; i < sound.length; i++) sound[i] = Math.max(-1, Math.min(1, sound[i]));
  const ms = (sample) => (sample / RATE_HZ) * 1_000;
  const truth = places.map(({ endSample }, i) => ({
    endMs: ms(endSample),
    nextMs: i + 1 < places.length ? ms(places[i + 1].at) : null,
  }));
  return { sound, truth };
}
