import { describe, expect, it } from 'vitest';
import type { SpeechChunk, SpeechSynthesiser } from '../../src/inference/engines.js';
import { MAX_TEXT_CHARACTERS, recite } from '../../src/worker/avatar/recital.js';

/** 100 ms of sound for every segment that has a letter. */
class Speaker implements SpeechSynthesiser {
  readonly sampleRateHz = 24_000;
  readonly voices = ['only'];
  readonly said: string[] = [];
  async *speak(segment: string, o: { signal: AbortSignal }): AsyncGenerator<SpeechChunk> {
    o.signal.throwIfAborted();
    if (!/[a-z]/i.test(segment)) return;
    this.said.push(segment);
    const phonemes = [{ symbol: 'm', startMs: 0, endMs: 100 }];
    yield {
      ...{ samples: new Float32Array(2_400).fill(0.1), sampleRateHz: 24_000, phonemes, computeMs: 0 },
      words: [{ text: segment, startMs: 0, endMs: 100 }],
    };
  }
  async close(): Promise<void> {}
}

const signal = new AbortController().signal;

describe('recite', () => {
  it('speaks segment by segment and knows where each begins', async () => {
    const speaker = new Speaker();
    const recital = await recite(speaker, 'This is the first sentence. And this one is the second of them.', {
      signal,
    });
    expect(speaker.said.length).toBeGreaterThan(1);
    expect(speaker.said.join(' ')).toBe('This is the first sentence. And this one is the second of them.');
    expect(recital.parts.map(({ startMs }) => startMs)).toEqual(speaker.said.map((_, i) => 100 * i));
    expect(recital.durationMs).toBe(100 * speaker.said.length);
    expect(recital.samples.length).toBe(4_800 * speaker.said.length);
    expect(recital.parts[0]!.speech).toMatchObject({ durationMs: 100, phonemes: [{ symbol: 'm' }] });
  });

  it('refuses a text with nothing to say, and one without end', async () => {
    await expect(recite(new Speaker(), '… !', { signal })).rejects.toMatchObject({
      code: 'bad-request',
      field: 'text',
    });
    await expect(recite(new Speaker(), 'a '.repeat(MAX_TEXT_CHARACTERS), { signal })).rejects.toMatchObject({
      code: 'too-large',
      field: 'text',
    });
  });

  it('stops when it is aborted', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(recite(new Speaker(), 'Hello there.', { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
