import { describe, expect, it } from 'vitest';
import { WordTimes } from '../../../src/agents/realtime/word-times.js';
import type { TimedWord } from '../../../src/inference/engines.js';

const RATE_HZ = 24_000;

/** Sound and silence in turn, in ms. */
function speech(...ms: number[]): Float32Array {
  const out = new Float32Array((ms.reduce((sum, one) => sum + one, 0) * RATE_HZ) / 1000);
  let at = 0;
  for (const [i, one] of ms.entries()) {
    const count = (one * RATE_HZ) / 1000;
    if (i % 2 === 0) for (let k = 0; k < count; k++) out[at + k] = 0.2 * Math.sin(k / 10);
    at += count;
  }
  return out;
}

/** As it comes from a model: in pieces of 240 ms, all of the text before. Times since the beginning. */
function timed(text: string, samples: Float32Array, o: { settle?: boolean } = {}): TimedWord[] {
  const times = new WordTimes(RATE_HZ);
  for (const part of text.match(/.{1,5}/gsu) ?? []) times.push(part);
  times.end();
  const size = 0.24 * RATE_HZ;
  const pieces: Float32Array[] = [];
  for (let at = 0; at < samples.length; at += size) pieces.push(samples.subarray(at, at + size));
  return pieces.flatMap((piece, i) => {
    if (o.settle === true) times.settle(pieces.slice(i));
    return times
      .take(piece, i === pieces.length - 1)
      .map(({ text, startMs, endMs }) => ({ text, startMs: startMs + i * 240, endMs: endMs + i * 240 }));
  });
}

const startOf = (words: TimedWord[], text: string) => words.find((word) => word.text === text)?.startMs ?? Number.NaN;

describe('the times of words without times', () => {
  it('say every word once, in order, within the sound', () => {
    const words = timed('Of course, the museum  is open\nuntil five.', speech(2_400));
    expect(words.map(({ text }) => text).join(' ')).toBe('Of course, the museum is open until five.');
    const starts = words.map(({ startMs }) => startMs);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts.at(-1)).toBeLessThanOrEqual(2_400);
    expect(words.every(({ startMs, endMs }) => endMs >= startMs)).toBe(true);
  });

  it('wait for the voice', () => {
    const words = timed('Hello there.', speech(0, 700, 800));
    expect(startOf(words, 'Hello')).toBeGreaterThanOrEqual(690);
    expect(startOf(words, 'Hello')).toBeLessThanOrEqual(720);
  });

  it.each([
    ['slowly', 900, 1_400],
    ['fast', 500, 600],
  ])('begin a clause when the voice does after the pause of the one before, spoken %s', (_, first, second) => {
    const words = timed('Yes of course. We close at half past five.', speech(first, 400, second));
    expect(startOf(words, 'We')).toBeGreaterThanOrEqual(first + 390);
    expect(startOf(words, 'We')).toBeLessThanOrEqual(first + 430);
    expect(startOf(words, 'course.')).toBeLessThanOrEqual(first + 10);
  });

  it('are not led astray by a hesitation', () => {
    // 1.9 s at the usual pace for the clause, a pause after 0.3 s of it.
    const words = timed('Certainly I would recommend the long way. Then go left.', speech(300, 300, 2_300, 300, 700));
    expect(startOf(words, 'Then')).toBeGreaterThan(2_500);
  });

  it('share the time that is left where all is known', () => {
    const text = 'one two three four five six seven eight nine ten';
    const words = timed(text, speech(6_000), { settle: true });
    const last = startOf(words, 'ten');
    expect(last).toBeGreaterThan(4_800);
    expect(last).toBeLessThan(6_000);
  });

  it('give what is left at the end to the end', () => {
    const words = timed('These are far too many words for so short a sound.', speech(240));
    expect(words).toHaveLength(11);
    expect(words.every(({ startMs }) => startMs <= 240)).toBe(true);
  });

  it('hold a word back until it is complete', () => {
    const times = new WordTimes(RATE_HZ);
    times.push('Hel');
    expect(times.take(speech(240))).toEqual([]);
    times.push('lo there');
    expect(times.take(speech(240)).map(({ text }) => text)).toEqual(['Hello']);
    times.end();
    expect(times.take(speech(480), true).map(({ text }) => text)).toEqual(['there']);
  });
});
