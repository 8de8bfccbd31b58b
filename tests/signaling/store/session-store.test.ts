import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/inference/engines.js';
import { createLogger } from '../../../src/log.js';
import { answerStoreRequest, IpcStore } from '../../../src/signaling/store/ipc-store.js';
import { MemoryStore } from '../../../src/signaling/store/memory-store.js';
import { RedisStore } from '../../../src/signaling/store/redis-store.js';
import {
  type LiveState,
  MAX_STORED_MESSAGES,
  type SessionStore,
  type StoredSession,
} from '../../../src/signaling/store/session-store.js';
import type { KeptTranscript } from '../../../src/signaling/transcript/transcript.js';
import { eventually } from '../../support/eventually.js';
import { TestRedis } from '../../support/redis.js';

const logger = createLogger('test', 'silent');

const LIVE: LiveState = {
  started: false,
  state: 'idle',
  turns: 0,
  utterances: 0,
  speaking: null,
  openTurn: null,
  recent: [],
};
const said = (...texts: string[]): Message[] => texts.map((text) => ({ role: 'user', text }));

function session(id: string, owner: string, history: Message[] = []): StoredSession {
  return {
    id,
    owner,
    createdAtMs: 1_700_000_000_123,
    options: {
      id,
      avatar: { id: 'test-face', name: 'Tess', width: 512, height: 512 },
      conversation: {
        name: 'Tess',
        avatarPath: '/avatars/test-face',
        width: 512,
        height: 512,
        speech: 'kokoro',
        greeting: 'Hello "you" — ça va?\n',
        videoBitrateKbps: 800,
        seed: 4_294_967_295,
      },
      idleTimeoutMs: 1_000,
      joinWithinMs: 2_000,
    } as StoredSession['options'],
    live: LIVE,
    seats: [{ participantId: 'p', tokenHash: 'h', expiresAtMs: 5, held: false, sent: 0 }],
    history,
    messages: history.length,
  };
}

/** A store in another process, as seen through a channel that copies whatever it carries. */
function overChannel(): SessionStore {
  const behind = new MemoryStore();
  const store = new IpcStore({
    send(request) {
      void answerStoreRequest(behind, structuredClone(request)).then((answer) => store.handle(structuredClone(answer)));
      return true;
    },
  });
  return store;
}

let redis: TestRedis;
beforeAll(async () => {
  redis = await TestRedis.start({ password: 'the-password' });
});
afterAll(() => redis.close());

const kinds: [string, () => Promise<SessionStore>][] = [
  ['memory', async () => new MemoryStore()],
  ['IPC', async () => overChannel()],
  ['Redis', () => RedisStore.connect({ url: redis.url, logger })],
];

describe.each(kinds)('a session store in %s', (_, open) => {
  let store: SessionStore;
  let id: string;
  beforeEach(async () => {
    store = await open();
    id = crypto.randomUUID();
  });
  afterEach(() => store.close());

  it('gives a session back as it was put', async () => {
    const put = session(id, 'a', said('one', 'two'));
    expect(await store.put(put)).toBe('written');
    expect(await store.load(id)).toEqual(put);
  });

  it('keeps what was said for as long as it is to', async () => {
    const of = (text: string, endedAt: string | null = null): KeptTranscript => ({
      sequence: 3,
      transcript: {
        ...{ sessionId: id, avatar: { id: 'mara', name: 'Mara' }, startedAt: '2026-01-01T00:00:00.000Z', endedAt },
        ...{ reason: endedAt === null ? null : 'left', truncated: false },
        turns: [{ role: 'visitor', turnId: 1, participantId: 'ann', text, startMs: 0, endMs: 5 }],
      },
    });
    expect(await store.transcript(id)).toBeUndefined();
    await store.keepTranscript(of('ça va?'), { keepMs: 60_000, max: 5 });
    expect(await store.transcript(id)).toEqual(of('ça va?'));
    await store.keepTranscript(of('that was all', '2026-01-01T00:01:00.000Z'), { keepMs: 60_000, max: 5 });
    expect(await store.transcript(id)).toEqual(of('that was all', '2026-01-01T00:01:00.000Z'));
    await store.keepTranscript(of('', '2026-01-01T00:01:00.000Z'), { keepMs: 0, max: 5 });
    expect(await store.transcript(id)).toBeUndefined();
    await store.keepTranscript(of('briefly'), { keepMs: 20, max: 5 });
    await eventually(async () => expect(await store.transcript(id)).toBeUndefined());
  });

  it('keeps what was said in the last sessions only, and in all that live', async () => {
    const keep = (sessionId: string, minute: number | null) => {
      const endedAt = minute === null ? null : new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString();
      const about = { avatar: { id: 'mara', name: 'Mara' }, startedAt: '2026-01-01T00:00:00.000Z' };
      const transcript = { sessionId, ...about, endedAt, reason: null, truncated: false, turns: [] };
      return store.keepTranscript({ sequence: 0, transcript }, { keepMs: 60_000, max: 2 });
    };
    const ids = [1, 2, 3].map((minute) => `${id}-${minute}`);
    await keep(id, null);
    for (const [index, sessionId] of ids.entries()) await keep(sessionId, index);
    const known = await Promise.all(
      [id, ...ids].map(async (sessionId) => (await store.transcript(sessionId)) !== undefined),
    );
    expect(known).toEqual([true, false, true, true]);
  });

  it('knows nothing of others', async () => {
    expect(await store.load(id)).toBeUndefined();
    expect(await store.update(id, 'a', { live: LIVE, from: 0, history: [] })).toBe('missing');
    expect(await store.claim(id, 'a', 'b')).toBeUndefined();
    expect(await store.ownedBy(id)).toEqual([]);
  });

  it('takes changes in, and each message once however often it is sent', async () => {
    await store.put(session(id, 'a'));
    const live: LiveState = {
      started: true,
      state: 'speaking',
      turns: 2,
      utterances: 3,
      speaking: { utteranceId: 3, words: ['such', 'as'], aside: false },
      openTurn: { turnId: 2, participantId: 'p' },
      recent: [{ name: 'state', payload: { state: 'speaking' } }],
    };
    expect(await store.update(id, 'a', { live, from: 0, history: said('one') })).toBe('written');
    expect(await store.update(id, 'a', { from: 0, history: said('one', 'two') })).toBe('written');
    const seats = [{ participantId: 'q', tokenHash: 'i', expiresAtMs: 7, held: true, sent: 9 }];
    expect(await store.update(id, 'a', { seats, from: 1, history: said('two') })).toBe('written');
    expect(await store.load(id)).toMatchObject({ live, seats, history: said('one', 'two'), messages: 2 });
  });

  it('says when messages are missing', async () => {
    await store.put(session(id, 'a', said('one')));
    expect(await store.update(id, 'a', { from: 2, history: said('three') })).toBe('gap');
    expect((await store.load(id))?.history).toEqual(said('one'));
  });

  it('keeps the last messages only and still counts all', async () => {
    const many = Array.from({ length: MAX_STORED_MESSAGES + 20 }, (_, i) => `message ${i}`);
    await store.put(session(id, 'a', said(...many)));
    const history = said('last');
    expect(await store.update(id, 'a', { from: many.length, history })).toBe('written');
    const loaded = await store.load(id);
    expect(loaded?.messages).toBe(many.length + 1);
    expect(loaded?.history).toHaveLength(MAX_STORED_MESSAGES);
    expect(loaded?.history.at(-1)).toEqual(history[0]);
    expect(await store.update(id, 'a', { from: many.length + 1, history })).toBe('written');
  });

  it('lets nobody but the owner write', async () => {
    await store.put(session(id, 'a'));
    expect(await store.put(session(id, 'b'))).toBe('foreign');
    expect(await store.update(id, 'b', { from: 0, history: said('forged') })).toBe('foreign');
    await store.remove(id, 'b');
    expect((await store.load(id))?.history).toEqual([]);
    await store.remove(id, 'a');
    expect(await store.load(id)).toBeUndefined();
  });

  it('hands a session to exactly one of those who claim it', async () => {
    await store.put(session(id, 'dead', said('one')));
    const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => store.claim(id, 'dead', `gateway-${i}`)));
    const won = claims.filter((claim) => claim !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ id, history: said('one') });
    expect(await store.ownedBy('dead')).toEqual([]);
    expect(await store.ownedBy(won[0]?.owner ?? '')).toEqual([id]);
    expect(await store.update(id, 'dead', { from: 1, history: said('late') })).toBe('foreign');
  });

  it('renews leases and says which sessions it does not know', async () => {
    const gateway = crypto.randomUUID();
    expect(await store.isAlive(gateway)).toBe(false);
    await store.put(session(id, gateway));
    expect(await store.renew(gateway, [id, 'lost'])).toEqual(['lost']);
    expect(await store.isAlive(gateway)).toBe(true);
    await store.retire(gateway);
    expect(await store.isAlive(gateway)).toBe(false);
  });

  it('is not changed by what its callers do with their objects', async () => {
    const mine = session(id, 'a', said('one'));
    await store.put(mine);
    mine.history.push(...said('two'));
    const loaded = await store.load(id);
    loaded?.history.push(...said('three'));
    expect((await store.load(id))?.history).toEqual(said('one'));
  });
});

describe('a session store in memory', () => {
  it('forgets sessions and leases that are not renewed', async () => {
    let nowMs = 0;
    const store = new MemoryStore(() => nowMs);
    await store.put(session('left', 'a'));
    await store.put(session('kept', 'a'));
    await store.renew('a', []);
    nowMs = 30_000;
    expect(await store.isAlive('a')).toBe(false);
    await store.renew('a', ['kept']);
    nowMs = 50_000;
    expect(await store.ownedBy('a')).toEqual(['kept']);
    expect(await store.load('left')).toBeUndefined();
  });
});

describe('a session store over IPC', () => {
  it('refuses methods that are not its own', async () => {
    const request = { type: 'store-request', id: 1, method: 'constructor', values: [] } as never;
    expect(await answerStoreRequest(new MemoryStore(), request)).toMatchObject({
      error: expect.stringMatching(/no "/),
    });
  });

  it('rejects at once when the other side is gone', async () => {
    const store = new IpcStore({ send: () => false });
    await expect(store.load('x')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a session store in Redis', () => {
  it('that is absent is named without its password', async () => {
    const url = 'redis://user:very-secret@127.0.0.1:1/3';
    const failure = await RedisStore.connect({ url, logger, startWithinMs: 300 }).catch(
      (thrown: Error) => thrown.message,
    );
    expect(failure).toMatch(
      /^VISAVIS_REDIS_URL: no answer from redis:\/\/127\.0\.0\.1:1\/3 \(ECONNREFUSED\), tried for/,
    );
    expect(failure).not.toContain('secret');
  });

  it('that refuses the password says so', async () => {
    const url = `redis://:wrong-one@127.0.0.1:${redis.port}`;
    const failure = await RedisStore.connect({ url, logger, startWithinMs: 300 }).catch(
      (thrown: Error) => thrown.message,
    );
    expect(failure).toMatch(/WRONGPASS|invalid/i);
    expect(failure).not.toContain('wrong-one');
  });

  it('sets a time to live on everything that it keeps', async () => {
    const store = await RedisStore.connect({ url: redis.url, logger });
    const id = crypto.randomUUID();
    await store.put(session(id, 'ttl-owner', said('one')));
    await store.renew('ttl-owner', [id]);
    const channel = store.openChannel();
    const keys = (await channel.keys('visavis:*')).filter((key) => key.includes(id) || key.includes('ttl-owner'));
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(await channel.pttl(key)).toBeGreaterThan(0);
    channel.disconnect();
    await store.close();
  });

  it('that goes away fails within its limit, says so, and tells when it is back', async () => {
    const own = await TestRedis.start();
    const store = await RedisStore.connect({ url: own.url, logger });
    let back = 0;
    store.onBack(() => back++);
    const id = crypto.randomUUID();
    await store.put(session(id, 'a'));
    await own.down();
    await expect(store.update(id, 'a', { from: 0, history: said('lost') })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(store.isUp).toBe(false);
    expect(store.problem).toMatch(/VISAVIS_REDIS_URL.*no answer from redis:\/\/127/);
    await own.up();
    await eventually(() => store.renew('a', []));
    expect({ up: store.isUp, problem: store.problem, back }).toEqual({ up: true, problem: undefined, back: 1 });
    expect(await store.update(id, 'a', { from: 0, history: [] })).toBe('missing');
    own.freeze();
    await expect(store.load(id)).rejects.toMatchObject({ code: 'unavailable' });
    expect(store.isUp).toBe(false);
    own.thaw();
    await eventually(() => store.load(id));
    expect(back).toBe(2);
    await store.close();
    await own.close();
  });
});
