import { describe, expect, it } from 'vitest';
import { PacerCounters } from '../../src/media/pacer-counters.js';

const FRAME_MS = 40;
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe('pacer counters', () => {
  it('count frames that leave late or never, for the conversation and in all', () => {
    const counters = new PacerCounters();
    const one = counters.open('one', () => 250);
    const two = counters.open('two', () => 0);
    one.frameSent(1000, 1000);
    one.frameSent(1047, 1040);
    one.framesMissed(2);
    two.frameSent(1000, 999);
    const stats = counters.take();
    expect(stats).toMatchObject({ framesSent: 3, framesLate: 3, framesMissed: 2 });
    expect(stats.conversations).toEqual([
      { conversationId: 'one', framesDue: 4, framesLate: 3, queuedSpeechMs: 250 },
      { conversationId: 'two', framesDue: 1, framesLate: 0, queuedSpeechMs: 0 },
    ]);
  });

  it('begin anew with every report, but not the histograms and the counts of conversations', () => {
    const counters = new PacerCounters();
    const one = counters.open('one', () => 0);
    one.audioSent(0.2);
    one.frameSent(0, 0);
    counters.take();
    one.audioSent(0.3);
    one.frameSent(FRAME_MS, FRAME_MS);
    const stats = counters.take();
    expect(stats).toMatchObject({ framesSent: 1, audioPacketsSent: 1, latenessMs: [0.3] });
    expect(sum(stats.histograms.pacerLateness.counts)).toBe(2);
    expect(stats.conversations[0]?.framesDue).toBe(2);
  });

  it('measure the interval between pictures of one conversation, not across conversations', () => {
    const counters = new PacerCounters();
    const one = counters.open('one', () => 0);
    const two = counters.open('two', () => 0);
    for (let k = 0; k < 4; k++) {
      one.frameSent(k * FRAME_MS, k * FRAME_MS);
      two.frameSent(k * FRAME_MS + 13, k * FRAME_MS + 13);
    }
    const { counts, sum: total } = counters.take().histograms.frameInterval;
    expect(sum(counts)).toBe(6);
    expect(total).toBe(6 * FRAME_MS);
  });

  it('take the skew as the lateness of a picture against that of the sound before it', () => {
    const counters = new PacerCounters();
    const one = counters.open('one', () => 0);
    one.frameSent(1, 0);
    one.audioSent(3);
    one.frameSent(41, 40);
    one.audioSent(0);
    one.frameSent(87, 80);
    const { counts, sum: total } = counters.take().histograms.skew;
    expect(sum(counts)).toBe(2);
    expect(total).toBe(2 + 7);
  });

  it('forget a conversation that is closed', () => {
    const counters = new PacerCounters();
    counters.open('one', () => 0).frameSent(0, 0);
    counters.close('one');
    const stats = counters.take();
    expect(stats.conversations).toEqual([]);
    expect(stats.framesSent).toBe(1);
  });
});
