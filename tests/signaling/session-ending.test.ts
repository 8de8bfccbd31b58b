import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { SessionEnding } from '../../src/signaling/session-ending.js';
import { wordingOf } from '../../src/wording.js';

const MINUTE = 60_000;
const wording = wordingOf('en');
const spoken = (text: string, interrupted = false) =>
  ({ type: 'utterance-end', utteranceId: 1, text, interrupted }) as ConversationEvent;

function ending(maxSessionMs: number, o: { elapsedMs?: number; fails?: boolean } = {}) {
  const happened: string[] = [];
  const result = new SessionEnding({
    elapsedMs: o.elapsedMs ?? 0,
    maxSessionMs,
    wording,
    announce: ({ reason, inMs }) => happened.push(`${reason} in ${inMs}`),
    say: async (text) => {
      if (o.fails === true) throw new Error('the avatar is gone');
      happened.push(text);
    },
    close: () => happened.push('closed'),
  });
  return { happened, ending: result };
}

describe('the end of a session', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is told and spoken of a minute before, said goodbye to and kept', async () => {
    const { happened, ending: it } = ending(10 * MINUTE);
    await vi.advanceTimersByTimeAsync(9 * MINUTE - 1);
    expect(happened).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(happened).toEqual(['duration in 60000', wording.minuteLeft]);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(happened.slice(2)).toEqual([wording.goodbye]);
    it.handle(spoken('And another answer before.'));
    expect(happened).not.toContain('closed');
    it.handle(spoken(wording.goodbye));
    expect(happened.at(-1)).toBe('closed');
  });

  it('of a short one is told halfway', async () => {
    const { happened } = ending(MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE / 2);
    expect(happened[0]).toBe('duration in 30000');
  });

  it('comes although the goodbye is never over, is interrupted, or cannot be spoken', async () => {
    const never = ending(MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE + 9_999);
    expect(never.happened).not.toContain('closed');
    await vi.advanceTimersByTimeAsync(1);
    expect(never.happened.filter((what) => what === 'closed')).toHaveLength(1);

    const interrupted = ending(MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE);
    interrupted.ending.handle(spoken('Our time', true));
    expect(interrupted.happened.at(-1)).toBe('closed');

    const silent = ending(MINUTE, { fails: true });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(silent.happened.at(-1)).toBe('closed');
  });

  it('comes when it is due for a session that another gateway began', async () => {
    const { happened } = ending(10 * MINUTE, { elapsedMs: 9.5 * MINUTE });
    await vi.advanceTimersByTimeAsync(MINUTE / 2);
    expect(happened).toEqual([wording.goodbye]);
    const over = ending(10 * MINUTE, { elapsedMs: 11 * MINUTE });
    await vi.advanceTimersByTimeAsync(0);
    expect(over.happened).toEqual([wording.goodbye]);
  });

  it('by a stop of the service is told and spoken of, and not closed from here', async () => {
    const { happened, ending: it } = ending(10 * MINUTE);
    it.shutdown(30_000);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(happened).toEqual(['shutdown in 30000', wording.maintenance]);
  });

  it('does not come any more once the session is closed', async () => {
    const { happened, ending: it } = ending(MINUTE);
    it.close();
    it.shutdown(1_000);
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(happened).toEqual([]);
  });

  it('may lie further ahead than a timer reaches', async () => {
    const week = 7 * 24 * 60 * MINUTE;
    const { happened } = ending(5 * week);
    await vi.advanceTimersByTimeAsync(4 * week);
    expect(happened).toEqual([]);
    await vi.advanceTimersByTimeAsync(week - MINUTE);
    expect(happened[0]).toBe('duration in 60000');
  });
});
