import { readFile } from 'node:fs/promises';
import { throwIfAborted } from '../../abort.js';
import { RECOGNITION_RATE_HZ } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, type OnnxSession, replaceConstant, Tensor } from '../onnx.js';
import { hasSound, loopStart, phraseAgain } from './recognition-guard.js';
import { WHISPER_BANDS, WHISPER_HOP, whisperMel } from './whisper-mel.js';
import { WhisperVocabulary } from './whisper-vocabulary.js';

/** Whisper base: layers, heads and width of the decoder, read from the model's own inputs. */
const LAYERS = 6;
const HEADS = 8;
const HEAD_WIDTH = 64;
const WIDTH = HEADS * HEAD_WIDTH;
/** The encoder's positions, added to what it hears: two frames each. */
const POSITIONS = 'embed_positions.weight';
const POSITIONS_INPUT = 'encoder_positions_used';
const MAX_POSITIONS = 1_500;

const SHORTEST = 0.2 * RECOGNITION_RATE_HZ;
export const WHISPER_LONGEST = 30 * RECOGNITION_RATE_HZ;
/** Silence after the speech that the encoder is given, and the least it is given in all, in seconds. */
const SILENCE_S = 2;
const LEAST_S = 6;

/** Scripts that the vocabulary spells byte by byte take up to about 25 tokens a second. */
const TOKENS_PER_SECOND = 25;
const MIN_TOKENS = 12;
/** Fast speech in an alphabet that the vocabulary knows well. */
const PLAUSIBLE_TOKENS_PER_SECOND = 8;
const MAX_TOKENS = 224;
/** Thresholds of the reference decoder: both must speak against it for a text to be dropped (OpenAI, `transcribe.py`). */
const NO_SPEECH = 0.6;
const LEAST_MEAN_LOG_PROBABILITY = -1;

/** Subtitlers' credits and the like, which the model learned to write over silence. Only where they are all there is. */
const CREDITS =
  /amara\.org|^(?:sous-titr|subt[ií]tul|sottotitol|legendas?\b|untertitel|napisy|ondertitel)|^(?:thanks for watching|thank you for watching|ご視聴ありがとうございました|字幕)/iu;

type Tensors = Record<string, Tensor>;

export interface Heard {
  text: string;
  /** As asked for, or the model's guess. */
  language: string;
}

/**
 * Whisper base (OpenAI, MIT, 8 bit): text of up to 30 s of 16 kHz audio in one of 99 languages, by greedy decoding without timestamps. It
 * blocks the calling thread, the encoder once, the decoder once a token.
 *
 * The encoder is given no more than the speech and some silence instead of always 30 s: its positions become an input of the model.
 */
export class WhisperModel {
  readonly vocabulary: WhisperVocabulary;
  readonly #encoder: OnnxSession;
  readonly #decoder: OnnxSession;
  readonly #positions = sinusoids();

  private constructor(vocabulary: WhisperVocabulary, encoder: OnnxSession, decoder: OnnxSession) {
    this.vocabulary = vocabulary;
    this.#encoder = encoder;
    this.#decoder = decoder;
  }

  /** Rejects with `unavailable` where the model is not installed. */
  static async create(o: { threads: number }): Promise<WhisperModel> {
    const vocabulary = await WhisperVocabulary.load();
    const encoder = replaceConstant(
      await readFile(modelFile('whisper-base-encoder.onnx')),
      POSITIONS,
      POSITIONS_INPUT,
      'float32',
    );
    return new WhisperModel(
      vocabulary,
      await createSession(encoder, o),
      await createSession(modelFile('whisper-base-decoder.onnx'), o),
    );
  }

  /**
   * The trimmed text of `samples` and its language: `language`, or where that is undefined the likeliest of `among` (undefined: of all).
   * Empty for less than 0.2 s, silence, and what the model itself takes for no speech; cut where the decoder begins to repeat itself. Rejects
   * with AbortError between two steps when `signal` aborts, `bad-request` for a language that the model does not know.
   */
  async transcribe(
    samples: Float32Array,
    o: { language?: string | undefined; among?: readonly string[] | undefined; signal?: AbortSignal } = {},
  ): Promise<Heard> {
    throwIfAborted(o.signal);
    const { vocabulary } = this;
    const known = o.language === undefined ? undefined : vocabulary.languageToken(o.language);
    if (samples.length < SHORTEST || !hasSound(samples)) return { text: '', language: o.language ?? '' };
    const heard = samples.subarray(0, WHISPER_LONGEST);
    const encoded = await this.#encode(heard);
    throwIfAborted(o.signal);
    const token = known ?? (await this.#detect(encoded, o.among));
    const seconds = heard.length / RECOGNITION_RATE_HZ;
    const { tokens, isSpeech } = await this.#decode(encoded, token, seconds, o.signal);
    const text = vocabulary.decode(tokens).replaceAll('\ufffd', '').trim();
    const language = o.language ?? [...vocabulary.languages].find(([, id]) => id === token)?.[0] ?? '';
    return { text: isSpeech && !CREDITS.test(text) ? text : '', language };
  }

  async close(): Promise<void> {
    await this.#encoder.release();
    await this.#decoder.release();
  }

  async #encode(samples: Float32Array): Promise<Tensor> {
    const seconds = Math.max(LEAST_S, samples.length / RECOGNITION_RATE_HZ + SILENCE_S);
    const positions = Math.min(MAX_POSITIONS, Math.ceil((seconds * RECOGNITION_RATE_HZ) / WHISPER_HOP / 2));
    const features = whisperMel(samples, positions * 2);
    const output = await this.#encoder.run(
      {
        input_features: new Tensor('float32', features, [1, WHISPER_BANDS, positions * 2]),
        [POSITIONS_INPUT]: new Tensor('float32', this.#positions.slice(0, positions * WIDTH), [positions, WIDTH]),
      },
      ['last_hidden_state'],
    );
    return output['last_hidden_state'] as Tensor;
  }

  async #detect(encoded: Tensor, among: readonly string[] | undefined): Promise<number> {
    const { logits } = await this.#step(encoded, [this.vocabulary.start], emptyPast(), 0);
    const candidates =
      among === undefined
        ? [...this.vocabulary.languages.values()]
        : among.map((language) => this.vocabulary.languageToken(language));
    return candidates.reduce((best, id) => (logits[id]! > logits[best]! ? id : best));
  }

  async #decode(
    encoded: Tensor,
    language: number,
    seconds: number,
    signal: AbortSignal | undefined,
  ): Promise<{ tokens: number[]; isSpeech: boolean }> {
    const { start, end, transcribe, noTimestamps, noSpeech, suppressed } = this.vocabulary;
    const limit = Math.min(MAX_TOKENS, MIN_TOKENS + Math.ceil(seconds * TOKENS_PER_SECOND));
    const plausible = MIN_TOKENS + seconds * PLAUSIBLE_TOKENS_PER_SECOND;
    const past = emptyPast();
    const tokens: number[] = [];
    let sum = 0;
    let noSpeechProbability = 0;
    for (let step = 0; step < limit; step++) {
      throwIfAborted(signal);
      const input = step === 0 ? [start, language, transcribe, noTimestamps] : [tokens.at(-1) as number];
      const { logits, first } = await this.#step(encoded, input, past, step);
      if (step === 0) noSpeechProbability = Math.exp(first[noSpeech]! - logSumExp(first));
      for (const token of suppressed.always) logits[token] = Number.NEGATIVE_INFINITY;
      if (step === 0) for (const token of suppressed.first) logits[token] = Number.NEGATIVE_INFINITY;
      logits.fill(Number.NEGATIVE_INFINITY, noTimestamps + 1);
      const token = argmax(logits);
      sum += logits[token]! - logSumExp(logits);
      if (token === end) return { tokens, isSpeech: isSpeech(step + 1) };
      tokens.push(token);
      const cut = loopStart(tokens) ?? phraseAgain(tokens, plausible);
      if (cut !== null) return { tokens: tokens.slice(0, cut), isSpeech: isSpeech(step + 1) };
    }
    return { tokens: tokens.slice(0, loopStart(tokens, { stopped: true }) ?? limit), isSpeech: isSpeech(limit) };

    function isSpeech(steps: number): boolean {
      return noSpeechProbability < NO_SPEECH || sum / steps > LEAST_MEAN_LOG_PROBABILITY;
    }
  }

  /** One run of the decoder: `past` is renewed. The logits after the first token and after the last. */
  async #step(
    encoded: Tensor,
    tokens: readonly number[],
    past: Tensors,
    step: number,
  ): Promise<{ logits: Float32Array; first: Float32Array }> {
    const names = Object.keys(past).map((name) => name.replace('past_key_values', 'present'));
    const output = (await this.#decoder.run(
      {
        input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
        encoder_hidden_states: encoded,
        use_cache_branch: new Tensor('bool', [step > 0], [1]),
        ...past,
      },
      ['logits', ...names],
    )) as Tensors;
    // The encoder's keys and values come out of step 0 only.
    for (const name of Object.keys(past)) {
      if (step === 0 || name.includes('.decoder.')) past[name] = output[name.replace('past_key_values', 'present')]!;
    }
    const logits = output['logits']!.data as Float32Array;
    const size = logits.length / tokens.length;
    return { logits: logits.slice(-size), first: logits.subarray(0, size) };
  }
}

function emptyPast(): Tensors {
  const past: Tensors = {};
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const part of ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value'])
      past[`past_key_values.${layer}.${part}`] = new Tensor('float32', new Float32Array(0), [1, HEADS, 0, HEAD_WIDTH]);
  }
  return past;
}

/** Sines and cosines of wavelengths up to 10000, [1500 × 512] (Whisper's `sinusoids`, after Vaswani et al. 2017). */
function sinusoids(): Float32Array {
  const half = WIDTH / 2;
  const out = new Float32Array(MAX_POSITIONS * WIDTH);
  for (let position = 0; position < MAX_POSITIONS; position++) {
    for (let k = 0; k < half; k++) {
      const angle = position * Math.exp((-Math.log(10_000) * k) / (half - 1));
      out[position * WIDTH + k] = Math.sin(angle);
      out[position * WIDTH + half + k] = Math.cos(angle);
    }
  }
  return out;
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function logSumExp(values: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > top) top = value;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - top);
  return top + Math.log(sum);
}
