import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/log.js';
import { MemoryStore } from '../../../src/signaling/store/memory-store.js';
import type { SessionStore } from '../../../src/signaling/store/session-store.js';
import type { Chronicle } from '../../../src/signaling/transcript/chronicle.js';
import { Chronicles } from '../../../src/signaling/transcript/chronicles.js';
import type { WebhookBody } from '../../../src/signaling/webhooks/events.js';
import { eventually } from '../../support/eventually.js';
import { Gate } from '../../support/session-services.js';

const AVATAR = { id: 'mara', name: 'Mara' };
const PARTICIPANT = { participantId: 'ann', final: true } as const;

function gatewayAt(store: SessionStore, keepMs = 60_000) {
  const told: WebhookBody[] = [];
  const chronicles = new Chronicles({
    ...{ store, config: { keepMs, max: 10 }, idleTimeoutMs: 60_000 },
    tell: (event) => told.push(event),
    logger: createLogger('test', 'silent'),
  });
  return { chronicles, told, types: () => told.map(({ type, sequence }) => `${sequence} ${type}`) };
}

function turn(chronicle: Chronicle, text: string, turnId: number): void {
  chronicle.accept({ type: 'transcript', turnId, text, ...PARTICIPANT });
  chronicle.accept({ type: 'history', message: { role: 'user', text } });
}

describe('the chronicle of a session', () => {
  it('goes on at another gateway with its words and its numbers', async () => {
    const store = new MemoryStore();
    const first = gatewayAt(store);
    const begun = first.chronicles.open({ id: 's', avatar: AVATAR }, Date.now());
    begun.begin();
    turn(begun, 'One.', 1);
    await eventually(async () => expect((await store.transcript('s'))?.transcript.turns).toHaveLength(1));

    const second = gatewayAt(store);
    const known = await second.chronicles.known('s');
    const resumed = second.chronicles.open({ id: 's', avatar: AVATAR }, Date.now(), { known });
    resumed.begin();
    turn(resumed, 'Two.', 2);
    await first.chronicles.close(begun, 'replaced');
    await second.chronicles.close(resumed, 'left');

    expect(first.types()).toEqual(['1 session.started', '2 turn.committed']);
    expect(second.types()).toEqual(['3 turn.committed', '4 session.ended', '5 transcript.ready']);
    expect(await first.chronicles.ended('s')).toMatchObject({
      reason: 'left',
      turns: [{ text: 'One.' }, { text: 'Two.' }],
    });
  });

  it('is complete in the store when the session ends while the store is slow', async () => {
    const gate = new Gate();
    let most = 0;
    let writing = 0;
    class SlowStore extends MemoryStore {
      override async keepTranscript(...values: Parameters<MemoryStore['keepTranscript']>): Promise<void> {
        most = Math.max(most, ++writing);
        await gate.passed;
        await super.keepTranscript(...values);
        writing--;
      }
    }
    const store = new SlowStore();
    const { chronicles, types } = gatewayAt(store);
    const chronicle = chronicles.open({ id: 's', avatar: AVATAR }, Date.now());
    chronicle.begin();
    for (let i = 1; i <= 20; i++) turn(chronicle, `Turn ${i}.`, i);
    const closed = chronicles.close(chronicle, 'idle');
    // It can be read even before the store has it.
    expect(await chronicles.ended('s')).toMatchObject({ reason: 'idle' });
    gate.open();
    await closed;
    expect((await store.transcript('s'))?.transcript.turns).toHaveLength(20);
    expect(most).toBe(1);
    expect(types().at(-1)).toBe('23 transcript.ready');
  });

  it('does not say that a transcript is ready which the store did not take or is not to keep', async () => {
    class NoStore extends MemoryStore {
      override async keepTranscript(): Promise<void> {
        throw new Error('away');
      }
    }
    for (const gateway of [gatewayAt(new NoStore()), gatewayAt(new MemoryStore(), 0)]) {
      const chronicle = gateway.chronicles.open({ id: 's', avatar: AVATAR }, Date.now());
      chronicle.begin();
      turn(chronicle, 'One.', 1);
      await gateway.chronicles.close(chronicle, 'left');
      expect(gateway.types()).toEqual(['1 session.started', '2 turn.committed', '3 session.ended']);
      expect(await gateway.chronicles.ended('s')).toBeUndefined();
    }
  });

  it('is told to its end by a gateway that knows nothing of its beginning', async () => {
    const { chronicles, types } = gatewayAt(new MemoryStore());
    const chronicle = chronicles.open({ id: 's', avatar: AVATAR }, Date.now(), { known: undefined });
    chronicle.begin();
    await chronicles.close(chronicle, 'left');
    expect(types()).toEqual(['1 session.ended', '2 transcript.ready']);
  });

  it('tells nothing of a session that nobody could join', async () => {
    const { chronicles, told } = gatewayAt(new MemoryStore());
    await chronicles.close(chronicles.open({ id: 's', avatar: AVATAR }, Date.now()), 'failed');
    expect(told).toEqual([]);
  });
});
