import llamaTokenizer from 'llama-tokenizer-js';
import { throwIfAborted } from '../../abort.js';
import { RECOGNITION_RATE_HZ } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';
import { hasSound, loopStart } from './recognition-guard.js';

export type MoonshineSize = 'base' | 'tiny';

/** Decoder layers and width of one attention head; both sizes have 8 heads. Read from the models' own inputs. */
const LAYOUT: Record<MoonshineSize, { layers: number; headWidth: number }> = {
  base: { layers: 8, headWidth: 52 },
  tiny: { layers: 6, headWidth: 36 },
};
const HEADS = 8;
const START_TOKEN = 1;
const END_TOKEN = 2;

/** Shorter audio than this holds no word, and the encoder's convolutions need about 60 ms. */
const SHORTEST = 0.2 * RECOGNITION_RATE_HZ;

/** More tokens than this a second are a hallucination (Moonshine model card: 6.5 for English). */
const TOKENS_PER_SECOND = 6.5;
const MIN_TOKENS = 6;

type Tensors = Record<string, Tensor>;

/**
 * One Moonshine model (Useful Sensors, English, q8): text of up to about 30 s of 16 kHz audio by greedy decoding. Both
 * halves block the calling thread: the encoder once, the decoder once a token.
 */
export class MoonshineModel {
  readonly size: MoonshineSize;
  readonly #encoder: OnnxSession;
  readonly #decoder: OnnxSession;

  private constructor(size: MoonshineSize, encoder: OnnxSession, decoder: OnnxSession) {
    this.size = size;
    this.#encoder = encoder;
    this.#decoder = decoder;
  }

  static async create(o: { size: MoonshineSize; threads: number }): Promise<MoonshineModel> {
    const open = (half: string) => createSession(modelFile(`moonshine-${o.size}-${half}.onnx`), { threads: o.threads });
    return new MoonshineModel(o.size, await open('encoder'), await open('decoder'));
  }

  /**
   * The trimmed text of `samples`, at most 6.5 tokens a second and cut where the decoder begins to repeat itself; empty
   * for less than 0.2 s and for silence, without running the model. Rejects with AbortError between two steps of the
   * decoder when `signal` aborts.
   */
  async transcribe(samples: Float32Array, o: { signal?: AbortSignal } = {}): Promise<string> {
    throwIfAborted(o.signal);
    if (samples.length < SHORTEST || !hasSound(samples)) return '';
    // A view's own copy: onnxruntime rejects shared memory and must not see the caller's buffer change.
    const input = new Tensor('float32', samples.slice(), [1, samples.length]);
    const encoded = (await this.#encoder.run({ input_values: input }))['last_hidden_state'] as Tensor;
    const tokens = await this.#decode(encoded, maxTokens(samples.length), o.signal);
    return tokens.length === 0 ? '' : llamaTokenizer.decode(tokens, false, false).trim();
  }

  async close(): Promise<void> {
    await this.#encoder.release();
    await this.#decoder.release();
  }

  async #decode(encoded: Tensor, limit: number, signal: AbortSignal | undefined): Promise<number[]> {
    const tokens: number[] = [];
    const past = this.#emptyPast();
    for (let step = 0; step < limit; step += 1) {
      throwIfAborted(signal);
      const output = (await this.#decoder.run({
        input_ids: new Tensor('int64', BigInt64Array.of(BigInt(tokens.at(-1) ?? START_TOKEN)), [1, 1]),
        encoder_hidden_states: encoded,
        use_cache_branch: new Tensor('bool', [step > 0], [1]),
        ...past,
      })) as Tensors;
      const token = argmax(output['logits']!.data as Float32Array);
      if (token === END_TOKEN) break;
      tokens.push(token);
      const cut = loopStart(tokens);
      if (cut !== null) return tokens.slice(0, cut);
      updatePast(past, output, step);
    }
    return tokens.length < limit ? tokens : tokens.slice(0, loopStart(tokens, { stopped: true }) ?? limit);
  }

  #emptyPast(): Tensors {
    const { layers, headWidth } = LAYOUT[this.size];
    const past: Tensors = {};
    for (let layer = 0; layer < layers; layer += 1) {
      for (const part of ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value']) {
        past[`past_key_values.${layer}.${part}`] = new Tensor('float32', new Float32Array(0), [0, HEADS, 1, headWidth]);
      }
    }
    return past;
  }
}

/** The encoder's keys and values come out of step 0 only; the decoder's grow with every step. */
function updatePast(past: Tensors, output: Tensors, step: number): void {
  for (const name of Object.keys(past)) {
    if (step === 0 || name.includes('.decoder.')) past[name] = output[name.replace('past_key_values', 'present')]!;
  }
}

function maxTokens(sampleCount: number): number {
  return Math.max(MIN_TOKENS, Math.ceil((sampleCount / RECOGNITION_RATE_HZ) * TOKENS_PER_SECOND));
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) {
    if (values[i]! > values[best]!) best = i;
  }
  return best;
}
