/** What every synthesiser must do, ours and the operator's: call it in a test file of the engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VisavisError } from '../../src/errors.js';
import type { SpeakOptions, SpeechChunk, SpeechSynthesiser } from '../../src/inference/engines.js';

export interface SynthesiserUnderTest {
  /** Made once for the whole suite. */
  create: () => Promise<SpeechSynthesiser> | SpeechSynthesiser;
  /** A sentence in its language. */
  sentence?: string;
  /** A voice that it does not have; undefined: any name may be one. */
  unknownVoice?: string;
}

const SENTENCE = 'Sure, the museum is open until half past five.';
/** Chunks end at samples, words at milliseconds. */
const ROUNDING_MS = 25;

export function describeSynthesiser(name: string, o: SynthesiserUnderTest): void {
  describe(`synthesiser ${name}`, () => {
    let engine: SpeechSynthesiser;
    const sentence = o.sentence ?? SENTENCE;
    beforeAll(async () => {
      engine = await o.create();
    }, 180_000);
    afterAll(() => engine.close());

    const options = (more: Partial<SpeakOptions> = {}): SpeakOptions => ({
      priority: 'first',
      signal: new AbortController().signal,
      ...more,
    });
    async function speak(text: string, more: Partial<SpeakOptions> = {}): Promise<SpeechChunk[]> {
      const chunks: SpeechChunk[] = [];
      for await (const chunk of engine.speak(text, options(more))) chunks.push(chunk);
      return chunks;
    }
    const msOf = ({ samples, sampleRateHz }: SpeechChunk) => (samples.length * 1000) / sampleRateHz;

    it('speaks at its own rate, audibly and within −1…1', async () => {
      const chunks = await speak(sentence);
      expect(chunks.length).toBeGreaterThan(0);
      let loudest = 0;
      for (const { samples, sampleRateHz, computeMs } of chunks) {
        expect(sampleRateHz).toBe(engine.sampleRateHz);
        expect(samples.every((sample) => sample >= -1 && sample <= 1)).toBe(true);
        expect(computeMs).toBeGreaterThanOrEqual(0);
        for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
      }
      expect(loudest).toBeGreaterThan(0.02);
    });

    it('says every word as it is written, in order, each within its chunk', async () => {
      const chunks = await speak(sentence);
      const words = chunks.flatMap((chunk) => chunk.words.map(({ text }) => text));
      expect(words.join(' ')).toBe(sentence);
      for (const chunk of chunks) {
        let atMs = 0;
        for (const { startMs, endMs } of chunk.words) {
          expect(startMs).toBeGreaterThanOrEqual(atMs);
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          expect(startMs).toBeLessThanOrEqual(msOf(chunk) + ROUNDING_MS);
          atMs = startMs;
        }
      }
    });

    it('gives phonemes in order, or leaves them to the sound', async () => {
      for (const chunk of await speak(sentence)) {
        let atMs = 0;
        for (const { startMs, endMs } of chunk.phonemes ?? []) {
          expect(startMs).toBeGreaterThanOrEqual(atMs - 1);
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          expect(endMs).toBeLessThanOrEqual(msOf(chunk) + ROUNDING_MS);
          atMs = startMs;
        }
      }
    });

    it('begins without more than 30 ms of silence', async () => {
      const [first] = await speak(sentence);
      const { samples, sampleRateHz } = first as SpeechChunk;
      const onset = samples.findIndex((sample) => Math.abs(sample) > 0.005);
      // A soft first consonant has its share below the threshold.
      expect((onset * 1000) / sampleRateHz).toBeLessThanOrEqual(60);
    });

    it('takes what cannot be spoken', async () => {
      for (const text of ['', '…', '?!', '🙂']) {
        for (const chunk of await speak(text)) expect(chunk.samples.every(Number.isFinite)).toBe(true);
      }
    });

    it('takes a segment of 300 characters', async () => {
      const long = Array.from({ length: 10 }, (_, i) => `Item ${i + 1} is still left to do.`).join(' ');
      const chunks = await speak(long.slice(0, 300));
      expect(chunks.reduce((sum, chunk) => sum + msOf(chunk), 0)).toBeGreaterThan(5_000);
    }, 60_000);

    it('rejects with AbortError what was aborted before, and says no more after an abort on the way', async () => {
      await expect(speak(sentence, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
      const abort = new AbortController();
      let after = 0;
      const outcome = await (async () => {
        for await (const _ of engine.speak(`${sentence} ${sentence}`, options({ signal: abort.signal }))) {
          if (abort.signal.aborted) after++;
          abort.abort();
        }
      })().catch((thrown: unknown) => thrown);
      expect(after).toBeLessThanOrEqual(1);
      if (outcome !== undefined) expect(outcome).toMatchObject({ name: 'AbortError' });
      expect((await speak(sentence)).length).toBeGreaterThan(0);
    });

    it('may be left in mid-segment', async () => {
      for await (const _ of engine.speak(sentence, options())) break;
      expect((await speak(sentence)).length).toBeGreaterThan(0);
    });

    it('speaks two segments side by side without mixing them', async () => {
      const [one, two] = await Promise.all([speak('One.'), speak('Two and three.', { priority: 'later' })]);
      const said = (chunks: SpeechChunk[]) => chunks.flatMap(({ words }) => words.map(({ text }) => text)).join(' ');
      expect([said(one), said(two)]).toEqual(['One.', 'Two and three.']);
    });

    it.skipIf(o.unknownVoice === undefined)('refuses a voice that it does not have', async () => {
      const error = await speak('Hello.', { voice: o.unknownVoice }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(VisavisError);
      expect(error).toMatchObject({ code: 'bad-request', field: 'voice' });
    });
  });
}
