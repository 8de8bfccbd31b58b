import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MoonshineRecogniser } from '../../../src/inference/speech/moonshine-recogniser.js';
import { concat, noise, SPOKEN_TEXT, silence, spokenQuestion, tone, words } from '../../support/speech-audio.js';

let recogniser: MoonshineRecogniser;
beforeAll(async () => {
  recogniser = await MoonshineRecogniser.create({ threads: 1 });
});
afterAll(() => recogniser.close());

const signal = () => new AbortController().signal;

describe('MoonshineRecogniser', () => {
  it.each(['final', 'partial'] as const)('hears every word of a spoken question in its %s pass', async (pass) => {
    const stream = recogniser.open({ language: 'en-GB' });
    const samples = spokenQuestion();
    for (let at = 0; at < samples.length; at += 320) stream.push(samples.subarray(at, at + 320));
    const transcript = await stream[pass]({ signal: signal() });
    expect(words(transcript.text)).toEqual(words(SPOKEN_TEXT));
    expect(transcript.text).toBe(transcript.text.trim());
    expect(transcript.audioMs).toBeCloseTo(samples.length / 16, 3);
    expect(transcript.computeMs).toBeGreaterThan(0);
  });

  it.each([
    ['nothing', silence(0)],
    ['less than 0.2 s', tone(180, 200)],
    ['silence', silence(2_000)],
    ['white noise', noise(2_000, 0.2)],
    ['quiet noise', noise(2_000, 0.002)],
    ['a tone', tone(2_000, 440)],
    ['mains hum', tone(2_000, 50)],
  ])('gives the empty text for %s', async (_name, samples) => {
    expect(await recogniser.decode(samples, 'final')).toBe('');
    expect(await recogniser.decode(samples, 'partial')).toBe('');
  });

  it.each([
    ['silence', silence(3_000)],
    ['noise', noise(3_000, 0.003)],
    ['a knock and a pause', concat(noise(60, 0.5), silence(2_000))],
  ])('hears the question after %s', async (_name, lead) => {
    const samples = concat(lead, spokenQuestion(), silence(1_500));
    expect(words(await recogniser.decode(samples, 'final'))).toEqual(words(SPOKEN_TEXT));
  });

  it('hears all sentences of a turn of half a minute', async () => {
    const stream = recogniser.open();
    for (let i = 0; i < 9; i += 1) stream.push(concat(spokenQuestion(), silence(900)));
    const { text, audioMs } = await stream.final({ signal: signal() });
    expect(audioMs).toBeGreaterThan(27_000);
    // The model itself may take two of several identical sentences for one.
    expect(text.toLowerCase().split('opening hours on saturday').length - 1).toBeGreaterThanOrEqual(8);
  });

  it('hears a speaker 36 dB quieter', async () => {
    const text = await recogniser.decode(
      spokenQuestion().map((sample) => sample / 64),
      'final',
    );
    expect(words(text)).toEqual(words(SPOKEN_TEXT));
  });

  it('stops between two steps when aborted, and hears the same audio when asked again', async () => {
    const stream = recogniser.open();
    stream.push(spokenQuestion());
    const abort = new AbortController();
    const final = stream.final({ signal: abort.signal });
    setTimeout(() => abort.abort(), 5);
    await expect(final).rejects.toMatchObject({ name: 'AbortError' });
    expect(words((await stream.final({ signal: signal() })).text)).toEqual(words(SPOKEN_TEXT));
  });

  it('refuses languages that its models do not know', () => {
    expect(() => recogniser.open({ language: 'de' })).toThrow(/English/);
  });
});
