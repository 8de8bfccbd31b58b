/** What every recogniser must do, ours and the operator's: call it in a test file of the engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VisavisError } from '../../src/errors.js';
import type { RecognitionStream, SpeechRecogniser } from '../../src/inference/engines.js';

export interface RecogniserUnderTest {
  /** Made once for the whole suite. */
  create: () => Promise<SpeechRecogniser> | SpeechRecogniser;
  /** 16 kHz speech of 1 to 5 s that the engine understands, in `language`. */
  speech: () => Float32Array;
  language?: string;
  /** What it must have heard; default: some text. */
  understood?: RegExp;
  /** Something that is no language, or one that it does not know. */
  unknownLanguage?: string;
}

const RATE_HZ = 16_000;
const signal = () => new AbortController().signal;

export function describeRecogniser(name: string, o: RecogniserUnderTest): void {
  describe(`recogniser ${name}`, () => {
    let engine: SpeechRecogniser;
    const open = (): RecognitionStream => engine.open({ language: o.language });
    const understood = o.understood ?? /\S/;
    beforeAll(async () => {
      engine = await o.create();
    });
    afterAll(() => engine.close());

    /** In windows of 32 ms, as they come from a microphone. */
    function push(stream: RecognitionStream, samples: Float32Array): void {
      for (let at = 0; at < samples.length; at += 512) stream.push(samples.subarray(at, at + 512));
    }

    it('hears what was said, trimmed, and says of how much audio that is', async () => {
      const stream = open();
      push(stream, o.speech());
      const { text, audioMs, computeMs } = await stream.final({ signal: signal() });
      expect(text).toMatch(understood);
      expect(text).toBe(text.trim());
      expect(audioMs).toBeCloseTo((o.speech().length * 1000) / RATE_HZ, 0);
      expect(computeMs).toBeGreaterThanOrEqual(0);
      stream.close();
    });

    it('takes silence, and nothing at all, for the empty text', async () => {
      const stream = open();
      expect((await stream.final({ signal: signal() })).text).toBe('');
      push(stream, new Float32Array(RATE_HZ));
      expect((await stream.final({ signal: signal() })).text).toBe('');
      stream.close();
    });

    it('goes on with the same turn after a final text', async () => {
      const stream = open();
      push(stream, o.speech());
      const first = await stream.final({ signal: signal() });
      push(stream, new Float32Array(RATE_HZ / 2));
      const second = await stream.final({ signal: signal() });
      expect(second.audioMs).toBeCloseTo(first.audioMs + 500, 0);
      expect(second.text).toMatch(understood);
      stream.close();
    });

    it('begins anew with reset', async () => {
      const stream = open();
      push(stream, o.speech());
      await stream.final({ signal: signal() });
      stream.reset();
      push(stream, new Float32Array(RATE_HZ / 2));
      const { text, audioMs } = await stream.final({ signal: signal() });
      expect([text, Math.round(audioMs)]).toEqual(['', 500]);
      stream.close();
    });

    it('has a partial text, or says that it has none', async () => {
      const stream = open();
      push(stream, o.speech());
      const partial = await stream.partial({ signal: signal() }).catch((thrown: unknown) => thrown);
      if (partial instanceof VisavisError) expect(partial.code).toBe('unavailable');
      else expect(partial).toMatchObject({ text: expect.any(String), audioMs: expect.any(Number) });
      stream.close();
    });

    it('rejects with AbortError what was aborted before and on the way, and works afterwards', async () => {
      const stream = open();
      push(stream, o.speech());
      await expect(stream.final({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
      const abort = new AbortController();
      const onTheWay = stream.final({ signal: abort.signal });
      abort.abort();
      await expect(onTheWay).rejects.toMatchObject({ name: 'AbortError' });
      expect((await stream.final({ signal: signal() })).text).toMatch(understood);
      stream.close();
    });

    it('takes a turn of more than half a minute', async () => {
      const stream = open();
      const speech = o.speech();
      for (let at = 0; at < 35 * RATE_HZ; at += speech.length + RATE_HZ) {
        push(stream, speech);
        push(stream, new Float32Array(RATE_HZ));
      }
      const { text } = await stream.final({ signal: signal() });
      expect(text).toMatch(understood);
      stream.close();
    }, 60_000);

    it('says nothing of a stream that is closed, which may be closed twice', async () => {
      const stream = open();
      push(stream, o.speech());
      stream.close();
      stream.close();
      push(stream, o.speech());
      const outcome = await stream.final({ signal: signal() }).catch((thrown: unknown) => thrown);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(VisavisError);
      else expect(outcome).toMatchObject({ text: '' });
    });

    it.skipIf(o.unknownLanguage === undefined)('refuses a language that it does not know', () => {
      expect.assertions(1);
      try {
        engine.open({ language: o.unknownLanguage }).close();
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'bad-request', field: 'language' });
      }
    });
  });
}
