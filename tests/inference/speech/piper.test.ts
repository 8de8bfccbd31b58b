import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SpeakOptions, SpeechChunk } from '../../../src/inference/engines.js';
import { PHONEME_SYMBOLS } from '../../../src/inference/speech/g2p-arpabet.js';
import { PiperSynthesiser } from '../../../src/inference/speech/piper.js';

const options = (o: Partial<SpeakOptions> = {}): SpeakOptions => ({
  priority: 'first',
  signal: new AbortController().signal,
  ...o,
});

async function speak(
  synthesiser: PiperSynthesiser,
  text: string,
  o: Partial<SpeakOptions> = {},
): Promise<SpeechChunk[]> {
  const chunks: SpeechChunk[] = [];
  for await (const chunk of synthesiser.speak(text, options(o))) chunks.push(chunk);
  return chunks;
}

describe('Piper synthesiser', () => {
  let synthesiser: PiperSynthesiser;
  let chunk: SpeechChunk;

  beforeAll(async () => {
    synthesiser = await PiperSynthesiser.create({ threads: 1, lexicon: { zorblax: 'zˈɔɹblæks' } });
    [chunk] = (await speak(synthesiser, 'Sure, it costs $5.')) as [SpeechChunk];
  }, 180_000);
  afterAll(() => synthesiser.close());

  const peak = (samples: Float32Array) => samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  it('returns finite samples at a speaking level', () => {
    expect(synthesiser.sampleRateHz).toBe(22050);
    expect(chunk.sampleRateHz).toBe(22050);
    expect(chunk.samples.every(Number.isFinite)).toBe(true);
    const rms = Math.sqrt(chunk.samples.reduce((sum, value) => sum + value * value, 0) / chunk.samples.length);
    expect(rms).toBeGreaterThan(0.04);
    expect(rms).toBeLessThan(0.2);
    expect(peak(chunk.samples)).toBeLessThanOrEqual(0.951);
    expect(chunk.samples.length / 22050).toBeGreaterThan(0.8);
    expect(chunk.samples.length / 22050).toBeLessThan(4);
  });

  it('begins to be heard within 30 ms and ends in silence', () => {
    const limit = peak(chunk.samples) * 0.02;
    const head = chunk.samples.subarray(0, Math.round(0.035 * 22050));
    expect(peak(head)).toBeGreaterThan(limit * 0.2);
    expect(peak(chunk.samples.subarray(-Math.round(0.15 * 22050)))).toBeLessThan(limit);
  });

  it('has every written word once, in order, with times inside the audio', () => {
    expect(chunk.words.map((word) => word.text)).toEqual(['Sure,', 'it', 'costs', '$5.']);
    const durationMs = (chunk.samples.length / 22050) * 1000;
    let last = 0;
    for (const { startMs, endMs } of chunk.words) {
      expect(startMs).toBeGreaterThanOrEqual(last);
      expect(endMs).toBeGreaterThan(startMs);
      last = endMs;
    }
    expect(last).toBeLessThanOrEqual(durationMs);
  });

  it('times the phonemes of all words in one symbol set, with their stress, and the pauses between them', () => {
    const phonemes = chunk.phonemes!;
    expect(phonemes.map((phoneme) => phoneme.symbol).join('')).toBe('ʃʊɹ,ɪtkɑstsfIvdɑləɹz.');
    const stressed = phonemes.filter((phoneme) => phoneme.stress === 'primary');
    expect(stressed.map((phoneme) => phoneme.symbol).join('')).toBe('ʊɑIɑ');
    let last = 0;
    for (const { symbol, startMs, endMs } of phonemes) {
      expect([...PHONEME_SYMBOLS, ',', '.']).toContain(symbol);
      expect(startMs).toBeGreaterThanOrEqual(last);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
      last = endMs;
    }
    expect(phonemes[0]!.startMs).toBeLessThanOrEqual(30);
  });

  it('speaks faster and slower on request', async () => {
    const [fast] = await speak(synthesiser, 'Sure, it costs $5.', { speed: 1.5 });
    expect(fast!.samples.length).toBeLessThan(chunk.samples.length * 0.9);
  });

  it('takes another voice and an own lexicon', async () => {
    const [other] = await speak(synthesiser, 'zorblax', { voice: 'libritts-250' });
    expect(other!.phonemes!.map((phoneme) => phoneme.symbol).join('')).toBe('zɔɹblæks');
  });

  it('splits a long segment into several chunks without losing a word', async () => {
    const text = `${'This is a fairly long sentence about nothing at all. '.repeat(6)}`.trim();
    const chunks = await speak(synthesiser, text);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flatMap((part) => part.words.map((word) => word.text)).join(' ')).toBe(text);
  }, 180_000);

  it.each(['', '   ', '🎉 👍🏽', '...', '世界'])('yields nothing for %j', async (text) => {
    expect(await speak(synthesiser, text)).toEqual([]);
  });

  it('starts on 100 kB of text at once and stops when aborted', async () => {
    const controller = new AbortController();
    const stream = synthesiser.speak('Go on. '.repeat(15_000), options({ signal: controller.signal }));
    expect((await stream.next()).done).toBe(false);
    controller.abort();
    await expect(stream.next()).rejects.toMatchObject({ name: 'AbortError' });
  }, 180_000);

  it('does not run when it was aborted before', async () => {
    await expect(speak(synthesiser, 'Hello.', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it.each(['nobody', '', '../../etc/passwd', '__proto__', 'libritts-904', 'libritts-0680', 'x'.repeat(5000)])(
    'refuses the voice %j',
    async (voice) => {
      await expect(speak(synthesiser, 'Hello.', { voice })).rejects.toMatchObject({
        code: 'bad-request',
        field: 'voice',
      });
    },
  );

  it('lists what is available when a voice is unknown', async () => {
    await expect(speak(synthesiser, 'Hello.', { voice: 'nobody' })).rejects.toThrow(/libritts-250/);
    expect(synthesiser.voices).toContain('libritts-250');
  });

  it.each([0, -1, 10, Number.NaN, Number.POSITIVE_INFINITY])('refuses the speed %d', async (speed) => {
    await expect(speak(synthesiser, 'Hello.', { speed })).rejects.toMatchObject({
      code: 'bad-request',
      field: 'speed',
    });
  });

  it('refuses an unknown default voice before it loads the model', async () => {
    await expect(PiperSynthesiser.create({ threads: 1, defaultVoice: 'nobody' })).rejects.toMatchObject({
      field: 'voice',
    });
  });
});
