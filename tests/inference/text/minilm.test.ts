import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiniLmEmbedder } from '../../../src/inference/text/minilm.js';

let embedder: MiniLmEmbedder;
beforeAll(async () => {
  embedder = await MiniLmEmbedder.create({ threads: 1 });
});
afterAll(() => embedder.close());

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('MiniLmEmbedder', () => {
  it('puts a question nearest to the text that answers it', async () => {
    const [question, ...texts] = await embedder.embed([
      'How do I get my money back?',
      'We are open Monday to Friday.',
      'Our refund policy allows returns within 30 days.',
      'Shipping takes three days.',
    ]);
    const scores = texts.map((text) => cosine(question!, text));
    expect(scores.indexOf(Math.max(...scores))).toBe(1);
    // sentence-transformers' unquantised model gives 0.43, 0.05 and 0.14 here.
    expect(scores[1]).toBeGreaterThan(0.35);
    expect(scores[0]).toBeLessThan(0.2);
  });

  it('gives one vector of unit length per text, in order', async () => {
    const texts = ['one', 'a somewhat longer text about nothing in particular', ''];
    const vectors = await embedder.embed(texts);
    expect(vectors.map((vector) => vector.length)).toEqual([384, 384, 384]);
    for (const vector of vectors) expect(cosine(vector, vector)).toBeCloseTo(1, 5);
    expect(await embedder.embed([])).toEqual([]);
  });

  it('gives a text the same vector alone and in company', async () => {
    const [alone] = await embedder.embed(['opening hours']);
    const [, inCompany] = await embedder.embed([
      'x'.repeat(50),
      'opening hours',
      'where do you ship to, and for how much?',
    ]);
    expect(inCompany).toEqual(alone);
  });

  it('copes with texts of any length', async () => {
    const [long] = await embedder.embed(['refund '.repeat(5_000)]);
    expect(cosine(long!, long!)).toBeCloseTo(1, 5);
  });

  it('stops between texts when aborted', async () => {
    const abort = new AbortController();
    const embedding = embedder.embed(
      Array.from({ length: 500 }, (_, i) => `text ${i}`),
      { signal: abort.signal },
    );
    setTimeout(() => abort.abort(), 10);
    await expect(embedding).rejects.toMatchObject({ name: 'AbortError' });
  });
});
