import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { firstVoiced, lastVoiced } from '../../src/bench/waveform.js';
import { partsOf, type TurnTiming } from '../../web-demo/src/model/latency.js';
import { startService, TalkPage } from '../support/talk-page.js';

const QUESTIONS = [
  'Does it need a graphics card to work well?',
  'How much do I have to pay for it every month?',
  'Can I choose a different voice for you?',
];
/** How far the ledger may be from the sound, as it comes out of the microphone's track and of the avatar's. */
const TOLERANCE_MS = 20;
const RATE_HZ = 48_000;
/** Louder than this share of its peak: a voice of which nobody doubts that it is one. */
const CLEAR = 0.25;
const FADE = 0.002 * RATE_HZ;

/** The clip up to its last clear sound: what ends gently ends earlier for one ear than for another. */
function endingClearly(pcm: Int16Array): Int16Array {
  const peak = pcm.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const out = pcm.slice(0, pcm.findLastIndex((value) => Math.abs(value) > CLEAR * peak) + 1 + FADE);
  for (let i = 0; i < FADE; i++) out[out.length - 1 - i] = Math.round((out.at(-1 - i) ?? 0) * (i / FADE));
  return out;
}

describe('the ledger of a silence', () => {
  let service: BenchServer;
  let clips: Int16Array[];
  let heard: { timing: TurnTiming; recordedMs: number }[] = [];

  beforeAll(async () => {
    clips = await speakAll(QUESTIONS);
    service = await startService();
  }, 240_000);

  /** All questions on a page of its own, so that a browser that was held up once does not decide. */
  async function ask(): Promise<typeof heard> {
    const page = await TalkPage.open(service.url, 'greeting=none', { microphoneTrack: true });
    const turns: typeof heard = [];
    try {
      for (const clip of clips) {
        const before = await page.recording();
        await page.turn(endingClearly(clip));
        const { microphoneTrack, avatar, rateHz } = await page.recording();
        const from = before.visitor.length;
        const answer = firstVoiced(avatar, rateHz, from, avatar.length)!;
        const end = lastVoiced(microphoneTrack, rateHz, from, answer)!;
        const timings = await page.browser.evaluate<TurnTiming[]>('visavis.latencies');
        turns.push({ timing: timings.at(-1)!, recordedMs: ((answer - end) * 1000) / rateHz });
      }
      return turns;
    } finally {
      await page.close();
    }
  }

  afterAll(async () => {
    await service?.close();
  });

  it('adds up to the silence between the last sound and the first one in a recording, within 20 ms, turn by turn', async () => {
    heard = await ask();
    expect(heard).toHaveLength(QUESTIONS.length);
    for (const { timing, recordedMs } of heard) {
      const ledger = partsOf(timing)!;
      expect(ledger.isEstimate).toBe(false);
      expect(ledger.parts.reduce((sum, { ms }) => sum + ms, 0)).toBe(ledger.totalMs);
      expect(
        Math.abs(ledger.totalMs - recordedMs),
        `${ledger.totalMs} ms, recorded ${recordedMs} ms`,
      ).toBeLessThanOrEqual(TOLERANCE_MS);
    }
  });

  it('knows from the service what the silence was spent on before the sound set out', () => {
    for (const { timing, recordedMs } of heard) {
      expect(timing.latency.turnEndMs).toBeGreaterThan(0);
      expect(timing.latency.firstSentMs).toBeGreaterThanOrEqual(timing.latency.turnEndMs!);
      expect(timing.latency.firstSentMs).toBeLessThan(recordedMs);
    }
  });
});
