/** What every model that hears and speaks must do, ours and the operator's: call it in a test file of the engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message, SpeechChunk, SpeechDialogue, SpokenAnswer } from '../../src/inference/engines.js';
import { describeRecogniser } from './recogniser.js';

export interface DialogueUnderTest {
  /** Made once for the whole suite, and once for its ear. */
  create: () => Promise<SpeechDialogue> | SpeechDialogue;
  /** 16 kHz speech of 1 to 5 s that it understands. */
  speech: () => Float32Array;
  language?: string;
  understood?: RegExp;
}

const question: Message = { role: 'user', text: 'What is this?' };

export function describeDialogue(name: string, o: DialogueUnderTest): void {
  let shared: SpeechDialogue | undefined;
  describeRecogniser(`ear of ${name}`, {
    ...o,
    create: async () => {
      shared = await o.create();
      return shared.ear;
    },
  });

  describe(`dialogue ${name}`, () => {
    let engine: SpeechDialogue;
    beforeAll(async () => {
      engine = await o.create();
    });
    afterAll(async () => {
      await engine.close();
      await shared?.close();
    });

    async function read(answer: SpokenAnswer): Promise<SpeechChunk[]> {
      const chunks: SpeechChunk[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      return chunks;
    }
    const ask = (history: readonly Message[] = [question], signal = new AbortController().signal) =>
      read(engine.answer(history, { signal }));

    it('answers with sound within −1…1 and its words in order', async () => {
      const chunks = await ask();
      expect(chunks.length).toBeGreaterThan(0);
      expect(chunks.flatMap(({ words }) => words).length).toBeGreaterThan(0);
      for (const { samples, words } of chunks) {
        expect(samples.every((sample) => sample >= -1 && sample <= 1)).toBe(true);
        expect(words.map(({ startMs }) => startMs)).toEqual(words.map(({ startMs }) => startMs).sort((a, b) => a - b));
      }
    });

    it('answers what it heard', async () => {
      const ear = engine.ear.open({ language: o.language });
      for (let at = 0; at < o.speech().length; at += 512) ear.push(o.speech().subarray(at, at + 512));
      const { text } = await ear.final({ signal: new AbortController().signal });
      ear.reset();
      expect((await ask([{ role: 'user', text }])).length).toBeGreaterThan(0);
      ear.close();
    });

    it('refuses a history that does not end with the visitor', async () => {
      await expect(ask([])).rejects.toMatchObject({ code: 'bad-request', field: 'history' });
    });

    it('rejects with AbortError what was aborted before, and says no more after an abort on the way', async () => {
      await expect(ask([question], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
      const abort = new AbortController();
      const answer = engine.answer([question], { signal: abort.signal });
      let after = 0;
      const outcome = await (async () => {
        for await (const _ of answer) {
          if (abort.signal.aborted) after++;
          abort.abort();
        }
      })().catch((thrown: unknown) => thrown);
      expect(after).toBeLessThanOrEqual(1);
      if (outcome !== undefined) expect(outcome).toMatchObject({ name: 'AbortError' });
      answer.cutAt(100);
      expect((await ask()).length).toBeGreaterThan(0);
    });

    it.each([0, 1, 150.5, 1e9])('goes on after an answer that was cut at %d ms', async (heardMs) => {
      const abort = new AbortController();
      const answer = engine.answer([question], { signal: abort.signal });
      await answer[Symbol.asyncIterator]().next();
      abort.abort();
      answer.cutAt(heardMs);
      expect((await ask()).length).toBeGreaterThan(0);
    });

    it('leaves what was prepared in vain, and answers then', async () => {
      const abort = new AbortController();
      const prepared = engine.answer([question], { signal: abort.signal, committed: new Promise(() => {}) });
      await prepared[Symbol.asyncIterator]().next();
      abort.abort();
      expect((await ask()).length).toBeGreaterThan(0);
    });

    it('takes note of what others said', async () => {
      engine.note({ role: 'assistant', text: 'Hello, I am an AI.' });
      engine.note({ role: 'user', text: 'Hello.' });
      expect((await ask()).length).toBeGreaterThan(0);
    });
  });
}
