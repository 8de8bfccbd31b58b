import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VAD_WINDOW, type VoiceActivityStream } from '../../../src/inference/engines.js';
import { SileroVad } from '../../../src/inference/speech/silero.js';
import { concat, noise, silence, spokenQuestion, tone } from '../../support/speech-audio.js';

let vad: SileroVad;
beforeAll(async () => {
  vad = await SileroVad.create();
});
afterAll(() => vad.close());

async function probabilities(samples: Float32Array, stream: VoiceActivityStream = vad.open()): Promise<number[]> {
  const out: number[] = [];
  for (let from = 0; from + VAD_WINDOW <= samples.length; from += VAD_WINDOW) {
    out.push(await stream.process(samples.subarray(from, from + VAD_WINDOW)));
  }
  return out;
}

describe('SileroVad', () => {
  it.each([
    ['digital silence', silence(1_500)],
    ['a tone', tone(1_500, 440)],
    ['mains hum', tone(1_500, 50)],
    ['white noise', noise(1_500, 0.2)],
  ])('hears no speech in %s', async (_name, samples) => {
    expect(Math.max(...(await probabilities(samples)))).toBeLessThan(0.3);
  });

  it('hears speech and the silence around it', async () => {
    const heard = await probabilities(concat(silence(960), spokenQuestion(), silence(960)));
    const voiced = heard.map((probability) => probability >= 0.5);
    const first = voiced.indexOf(true);
    const last = voiced.lastIndexOf(true);
    // 30 windows of silence, then speech within its first 200 ms; quiet again within 200 ms of its end.
    expect(first).toBeGreaterThanOrEqual(30);
    expect(first).toBeLessThanOrEqual(36);
    expect(last).toBeLessThanOrEqual(30 + 67 + 6);
    expect(voiced.slice(first, last).filter(Boolean).length / (last - first)).toBeGreaterThan(0.85);
  });

  it('keeps the state of each stream apart', async () => {
    const alone = await probabilities(spokenQuestion());
    const [speech, quiet] = [vad.open(), vad.open()];
    const samples = spokenQuestion();
    const mixed: number[] = [];
    for (let from = 0; from + VAD_WINDOW <= samples.length; from += VAD_WINDOW) {
      mixed.push(await speech.process(samples.subarray(from, from + VAD_WINDOW)));
      await quiet.process(new Float32Array(VAD_WINDOW));
    }
    expect(mixed).toEqual(alone);
  });

  it('begins anew after reset', async () => {
    const stream = vad.open();
    const before = await probabilities(spokenQuestion(), stream);
    stream.reset();
    expect(await probabilities(spokenQuestion(), stream)).toEqual(before);
  });

  it('begins anew when reset during a window', async () => {
    const stream = vad.open();
    const fresh = await probabilities(spokenQuestion());
    const underWay = stream.process(tone(32, 200).subarray(0, VAD_WINDOW));
    stream.reset();
    await underWay;
    expect(await probabilities(spokenQuestion(), stream)).toEqual(fresh);
  });

  it('refuses windows of another length, windows that overlap, and windows after close', async () => {
    const stream = vad.open();
    await expect(stream.process(new Float32Array(480))).rejects.toMatchObject({ code: 'bad-request', field: 'window' });
    const first = stream.process(new Float32Array(VAD_WINDOW));
    await expect(stream.process(new Float32Array(VAD_WINDOW))).rejects.toMatchObject({ code: 'conflict' });
    await first;
    stream.close();
    await expect(stream.process(new Float32Array(VAD_WINDOW))).rejects.toMatchObject({ code: 'conflict' });
  });
});
