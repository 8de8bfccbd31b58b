/**
 * Letters to ARPAbet for words that no dictionary has: the GRU encoder-decoder of the g2p_en package (Kyubyong Park,
 * Apache-2.0 weights), one layer of 256 units each way, greedy decoding.
 */

interface Tensor {
  shape: number[];
  /** Base64 of little-endian float32, row by row. */
  data: string;
}

/** The parsed weights file `g2p-english.json`. */
export interface NeuralG2pWeights {
  graphemes: string[];
  phonemes: string[];
  [tensor: string]: unknown;
}

const MAX_PHONES = 20;
/** The encoder's memory fades with length; longer runs are read in pieces. */
const MAX_LETTERS = 18;
const CACHED_WORDS = 2000;

interface GruLayer {
  wIh: Float32Array;
  wHh: Float32Array;
  bIh: Float32Array;
  bHh: Float32Array;
}

export class NeuralG2p {
  readonly #hidden: number;
  readonly #encoder: GruLayer;
  readonly #decoder: GruLayer;
  readonly #letters: Float32Array;
  readonly #phones: Float32Array;
  readonly #outW: Float32Array;
  readonly #outB: Float32Array;
  readonly #graphemes: ReadonlyMap<string, number>;
  readonly #phonemes: readonly string[];
  readonly #cache = new Map<string, readonly string[]>();

  constructor(weights: NeuralG2pWeights) {
    const tensor = (name: string): Float32Array => {
      const { shape, data } = weights[name] as Tensor;
      const bytes = Buffer.from(data, 'base64');
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
      for (let i = 0; i < values.length; i++) values[i] = bytes.readFloatLE(i * 4);
      return values;
    };
    const layer = (prefix: string): GruLayer => ({
      wIh: tensor(`${prefix}_w_ih`),
      wHh: tensor(`${prefix}_w_hh`),
      bIh: tensor(`${prefix}_b_ih`),
      bHh: tensor(`${prefix}_b_hh`),
    });
    this.#hidden = (weights['enc_w_hh'] as Tensor).shape[1]!;
    this.#encoder = layer('enc');
    this.#decoder = layer('dec');
    this.#letters = tensor('enc_emb');
    this.#phones = tensor('dec_emb');
    this.#outW = tensor('fc_w');
    this.#outB = tensor('fc_b');
    this.#graphemes = new Map(weights.graphemes.map((g, i) => [g, i]));
    this.#phonemes = weights.phonemes;
  }

  /** ARPAbet phones of a lower-case word; at most 20 per 18 letters. A few milliseconds for a new word; results are cached. */
  predict(word: string): readonly string[] {
    const cached = this.#cache.get(word);
    if (cached) return cached;
    const phones: string[] = [];
    for (let i = 0; i < word.length; i += MAX_LETTERS) phones.push(...this.#predict(word.slice(i, i + MAX_LETTERS)));
    if (this.#cache.size >= CACHED_WORDS) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(word, phones);
    return phones;
  }

  #predict(word: string): string[] {
    const size = this.#hidden;
    const unknown = this.#graphemes.get('<unk>')!;
    const inputs = [...word].map((c) => this.#graphemes.get(c) ?? unknown);
    inputs.push(this.#graphemes.get('</s>')!);
    let state: Float32Array = new Float32Array(size);
    for (const index of inputs)
      state = this.#step(this.#encoder, this.#letters.subarray(index * size, (index + 1) * size), state);
    const end = this.#phonemes.indexOf('</s>');
    let token = this.#phonemes.indexOf('<s>');
    const phones: string[] = [];
    while (phones.length < MAX_PHONES) {
      state = this.#step(this.#decoder, this.#phones.subarray(token * size, (token + 1) * size), state);
      token = this.#best(state);
      if (token === end) break;
      phones.push(this.#phonemes[token]!);
    }
    return phones.filter((p) => !p.startsWith('<'));
  }

  /** h' = (1 − z)·tanh(Wn·x + r·(Un·h)) + z·h with gates in the order reset, update, new (PyTorch's GRU). */
  #step(layer: GruLayer, x: Float32Array, h: Float32Array): Float32Array {
    const size = this.#hidden;
    const { wIh, wHh, bIh, bHh } = layer;
    const fromX = new Float32Array(size * 3);
    const fromH = new Float32Array(size * 3);
    for (let row = 0; row < size * 3; row++) {
      let sx = bIh[row]!;
      let sh = bHh[row]!;
      const offset = row * size;
      for (let k = 0; k < size; k++) {
        sx += wIh[offset + k]! * x[k]!;
        sh += wHh[offset + k]! * h[k]!;
      }
      fromX[row] = sx;
      fromH[row] = sh;
    }
    const next = new Float32Array(size);
    for (let k = 0; k < size; k++) {
      const reset = sigmoid(fromX[k]! + fromH[k]!);
      const update = sigmoid(fromX[size + k]! + fromH[size + k]!);
      const fresh = Math.tanh(fromX[2 * size + k]! + reset * fromH[2 * size + k]!);
      next[k] = (1 - update) * fresh + update * h[k]!;
    }
    return next;
  }

  #best(state: Float32Array): number {
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < this.#outB.length; row++) {
      let score = this.#outB[row]!;
      for (let k = 0; k < this.#hidden; k++) score += this.#outW[row * this.#hidden + k]! * state[k]!;
      if (score > bestScore) [best, bestScore] = [row, score];
    }
    return best;
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
