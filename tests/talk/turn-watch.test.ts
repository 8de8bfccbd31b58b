import { describe, expect, it } from 'vitest';
import { silenceLedger } from '../../src/silence-ledger.js';
import { TurnWatch } from '../../src/talk/turn-watch.js';
import type { ServiceEvent } from '../../src/talk/visitor-messages.js';

const state = (name: 'idle' | 'listening' | 'thinking' | 'speaking'): ServiceEvent => ({
  name: 'state',
  payload: { state: name },
});
const end = (text: string, interrupted = false): ServiceEvent => ({
  name: 'utterance-end',
  payload: { utteranceId: 1, text, interrupted },
});

describe('a watched turn', () => {
  it('is over a moment after its reply, when the avatar is idle', () => {
    const watch = new TurnWatch();
    watch.begin(0);
    expect(watch.isOver(60_000)).toBe(false);
    watch.handle(state('speaking'), 1_000);
    watch.handle(end('Yes.'), 2_000);
    expect(watch.isOver(9_000)).toBe(false);
    watch.handle(state('idle'), 2_001);
    expect(watch.isOver(2_002)).toBe(false);
    expect(watch.isOver(3_000)).toBe(true);
  });

  it('goes on when the rest of a long question is answered anew', () => {
    const watch = new TurnWatch();
    watch.begin(0);
    watch.handle(end('Ye', true), 1_000);
    watch.handle(state('listening'), 1_001);
    expect(watch.isOver(5_000)).toBe(false);
    watch.handle(end('No.'), 6_000);
    watch.handle(state('idle'), 6_001);
    expect(watch.isOver(7_000)).toBe(true);
    expect(watch.result.replies).toEqual([
      { text: 'Ye', interrupted: true },
      { text: 'No.', interrupted: false },
    ]);
  });

  it('collects what was understood, the times and the errors, and begins anew', () => {
    const watch = new TurnWatch();
    const said = { turnId: 1, participantId: 'p' };
    watch.handle({ name: 'transcript', payload: { ...said, text: 'Hel', final: false } }, 1);
    watch.handle({ name: 'transcript', payload: { ...said, text: 'Hello.', final: true } }, 2);
    watch.handle(
      {
        name: 'latency',
        payload: { turnId: 1, utteranceId: 1, latency: { firstSentMs: 500 }, ledger: silenceLedger({}, 0) },
      },
      3,
    );
    watch.handle({ name: 'session-error', payload: { code: 'unavailable', message: 'x', retryable: true } }, 4);
    expect(watch.result).toMatchObject({ understood: ['Hello.'], latency: { firstSentMs: 500 } });
    expect(watch.result.errors).toHaveLength(1);
    watch.begin(5);
    expect(watch.result).toEqual({ understood: [], replies: [], latency: undefined, errors: [] });
  });
});
