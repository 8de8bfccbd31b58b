import { describe, expect, it } from 'vitest';
import { FrameLedger } from '../../src/signaling/frame-ledger.js';

const report = (pid: number, conversationId: string, framesDue: number, framesLate: number) => ({
  pid,
  perConversation: [{ conversationId, framesDue, framesLate, queuedSpeechMs: 0 }],
});
const open = () => true;

describe('the frame ledger', () => {
  it('tells the last report of a session, and nothing of one that it does not know', () => {
    const ledger = new FrameLedger();
    ledger.record(report(1, 'a', 100, 1), open);
    ledger.record(report(1, 'a', 200, 3), open);
    expect(ledger.of('a')).toEqual({ due: 200, late: 3 });
    expect(ledger.of('b')).toEqual({ due: 0, late: 0 });
  });

  it('adds up over successive workers, also when one gets the number of another', () => {
    const ledger = new FrameLedger();
    ledger.record(report(1, 'a', 100, 1), open);
    ledger.record(report(2, 'a', 10, 2), open);
    ledger.record(report(2, 'a', 50, 2), open);
    ledger.record(report(2, 'a', 5, 0), open);
    expect(ledger.of('a')).toEqual({ due: 155, late: 3 });
  });

  it('keeps nothing of sessions that are over', () => {
    const ledger = new FrameLedger();
    ledger.record(report(1, 'a', 100, 1), open);
    ledger.forget('a');
    ledger.record(report(1, 'a', 110, 1), () => false);
    expect(ledger.of('a')).toEqual({ due: 0, late: 0 });
  });
});
