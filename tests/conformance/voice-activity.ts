/** What every voice activity detector must do: call it in a test file of the detector. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VAD_WINDOW, type VoiceActivityDetector, type VoiceActivityStream } from '../../src/inference/engines.js';

export interface DetectorUnderTest {
  /** Made once for the whole suite. */
  create: () => Promise<VoiceActivityDetector> | VoiceActivityDetector;
  /** 16 kHz speech of 1 to 5 s. */
  speech: () => Float32Array;
}

export function describeVoiceActivity(name: string, o: DetectorUnderTest): void {
  describe(`voice activity ${name}`, () => {
    let engine: VoiceActivityDetector;
    beforeAll(async () => {
      engine = await o.create();
    });
    afterAll(() => engine.close());

    async function judge(samples: Float32Array, stream: VoiceActivityStream = engine.open()): Promise<number[]> {
      const out: number[] = [];
      for (let at = 0; at + VAD_WINDOW <= samples.length; at += VAD_WINDOW)
        out.push(await stream.process(samples.subarray(at, at + VAD_WINDOW)));
      return out;
    }

    it('gives probabilities: low for silence, high for speech', async () => {
      const silent = await judge(new Float32Array(16_000));
      const spoken = await judge(o.speech());
      for (const probability of [...silent, ...spoken]) {
        expect(probability).toBeGreaterThanOrEqual(0);
        expect(probability).toBeLessThanOrEqual(1);
      }
      expect(Math.max(...silent)).toBeLessThan(0.5);
      expect(spoken.filter((probability) => probability > 0.5).length).toBeGreaterThan(spoken.length / 3);
    });

    it('begins anew with reset', async () => {
      const stream = engine.open();
      const first = await judge(o.speech(), stream);
      stream.reset();
      expect(await judge(o.speech(), stream)).toEqual(first);
      stream.close();
    });

    it('keeps streams apart', async () => {
      const alone = await judge(o.speech());
      const [one, other] = [engine.open(), engine.open()];
      const mixed: number[] = [];
      for (let at = 0; at + VAD_WINDOW <= o.speech().length; at += VAD_WINDOW) {
        mixed.push(await one.process(o.speech().subarray(at, at + VAD_WINDOW)));
        await other.process(new Float32Array(VAD_WINDOW).fill(0.1));
      }
      expect(mixed).toEqual(alone);
    });
  });
}
