import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { TextEmbedder } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';
import { WordPieceTokenizer } from './wordpiece.js';

/** The model's `max_seq_length` (model card of sentence-transformers/all-MiniLM-L6-v2). */
const MAX_TOKENS = 256;
/** Texts in one run; between runs an abort is heard. */
const BATCH = 16;

/**
 * Sentence embeddings of all-MiniLM-L6-v2 (q8): 384 numbers, unit length, so that the dot product is the cosine. Text past
 * 256 tokens is not seen. Blocks the calling thread for about 3 ms a sentence.
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

  /** Texts of like length share a run, so that little is spent on padding; the order of the results is that of `texts`. */
  async embed(texts: readonly string[], o: { signal?: AbortSignal } = {}): Promise<Float32Array[]> {
    const rows = texts.map((text, index) => ({ index, ids: this.#tokenizer.encode(text, MAX_TOKENS) }));
    rows.sort((a, b) => a.ids.length - b.ids.length);
    const out = new Array<Float32Array>(texts.length);
    for (let from = 0; from < rows.length; from += BATCH) {
      throwIfAborted(o.signal);
      const batch = rows.slice(from, from + BATCH);
      const vectors = await this.#run(batch.map((row) => row.ids));
      batch.forEach((row, i) => {
        out[row.index] = vectors[i]!;
      });
    }
    return out;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run(batch: readonly number[][]): Promise<Float32Array[]> {
    const width = Math.max(...batch.map((ids) => ids.length));
    const shape = [batch.length, width];
    const ids = new BigInt64Array(batch.length * width);
    const mask = new BigInt64Array(batch.length * width);
    batch.forEach((row, i) => {
      row.forEach((id, j) => {
        ids[i * width + j] = BigInt(id);
        mask[i * width + j] = 1n;
      });
    });
    try {
      const output = await this.#session.run({
        input_ids: new Tensor('int64', ids, shape),
        attention_mask: new Tensor('int64', mask, shape),
        token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
      });
      const hidden = output['last_hidden_state']!.data as Float32Array;
      return batch.map((row, i) => meanPool(hidden, i * width * this.dimensions, row.length, this.dimensions));
    } catch (thrown) {
      throw VisavisError.from(thrown, 'engine-failed');
    }
  }
}

/** The mean over the first `count` rows of `width` values from `offset`, scaled to unit length. */
function meanPool(hidden: Float32Array, offset: number, count: number, width: number): Float32Array {
  const out = new Float32Array(width);
  for (let row = 0; row < count; row += 1) {
    for (let i = 0; i < width; i += 1) out[i]! += hidden[offset + row * width + i]!;
  }
  let squares = 0;
  for (const value of out) squares += value * value;
  const scale = 1 / Math.max(Math.sqrt(squares), 1e-12);
  for (let i = 0; i < width; i += 1) out[i]! *= scale;
  return out;
}
