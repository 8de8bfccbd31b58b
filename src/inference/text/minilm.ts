import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { TextEmbedder } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';
import { WordPieceTokenizer } from './wordpiece.js';

/** The model's `max_seq_length` (model card of sentence-transformers/all-MiniLM-L6-v2). */
const MAX_TOKENS = 256;

/**
 * Sentence embeddings of all-MiniLM-L6-v2 (q8): 384 numbers, unit length, so that the dot product is the cosine. Text past
 * 256 tokens is not seen. Blocks the calling thread for about 2 ms a sentence.
 *
 * Every text is a run of its own. The quantised model scales its activations by the largest value in the whole batch, so
 * that a text's vector would depend on its neighbours (cosine 0.99 with itself), and batching gains only a fifth.
 */
export class MiniLmEmbedder implements TextEmbedder {
  readonly dimensions = 384;
  readonly #session: OnnxSession;
  readonly #tokenizer: WordPieceTokenizer;

  private constructor(session: OnnxSession, tokenizer: WordPieceTokenizer) {
    this.#session = session;
    this.#tokenizer = tokenizer;
  }

  static async create(o: { threads: number }): Promise<MiniLmEmbedder> {
    const tokenizer = await WordPieceTokenizer.fromFile(modelFile('minilm-l6-v2-tokenizer.json'));
    const session = await createSession(modelFile('minilm-l6-v2-q8.onnx'), { threads: o.threads });
    return new MiniLmEmbedder(session, tokenizer);
  }

  async embed(texts: readonly string[], o: { signal?: AbortSignal } = {}): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      throwIfAborted(o.signal);
      vectors.push(await this.#run(this.#tokenizer.encode(text, MAX_TOKENS)));
    }
    return vectors;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run(ids: readonly number[]): Promise<Float32Array> {
    const shape = [1, ids.length];
    try {
      const output = await this.#session.run({
        input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), shape),
        attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
        token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
      });
      return meanPool(output['last_hidden_state']!.data as Float32Array, ids.length, this.dimensions);
    } catch (thrown) {
      throw VisavisError.from(thrown, 'engine-failed');
    }
  }
}

/** The mean over `count` rows of `width` values, scaled to unit length. */
function meanPool(hidden: Float32Array, count: number, width: number): Float32Array {
  const out = new Float32Array(width);
  for (let row = 0; row < count; row += 1) {
    for (let i = 0; i < width; i += 1) out[i]! += hidden[row * width + i]!;
  }
  let squares = 0;
  for (const value of out) squares += value * value;
  const scale = 1 / Math.max(Math.sqrt(squares), 1e-12);
  for (let i = 0; i < width; i += 1) out[i]! *= scale;
  return out;
}
