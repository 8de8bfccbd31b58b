import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../src/log.js';
import { RedisStore } from '../../src/signaling/store/redis-store.js';
import type { EventPayload, TestClient } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Guarded, launchGuarded } from '../support/guarded.js';
import { TestRedis } from '../support/redis.js';

const KILLS = 5;

let redis: TestRedis;
let service: Guarded;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterEach(() => service.close());
afterAll(() => redis.close());

/** What a visitor was told of the conversation, over all connections: utterances by number, and how many times each ended. */
class Listener {
  readonly ended = new Map<number, string>();
  readonly words = new Map<number, string[]>();
  repeated = 0;
  #events = 0;
  #client: TestClient | undefined;

  /** Events on the present connection. */
  get received(): number {
    return this.#client?.events.length ?? 0;
  }

  listenTo(client: TestClient): void {
    this.take();
    this.#client = client;
    this.#events = 0;
  }

  /** Takes in what came since the last call; the words of each utterance. */
  take(): ReadonlyMap<number, string[]> {
    for (const { name, payload } of this.#client?.events.slice(this.#events) ?? []) {
      if (name === 'caption') {
        const { utteranceId, word, index } = payload as EventPayload<'caption'>;
        const words = this.words.get(utteranceId) ?? [];
        if (words.length > index) this.repeated++;
        this.words.set(utteranceId, [...words.slice(0, index), word]);
      } else if (name === 'utterance-end') {
        const { utteranceId, text } = payload as EventPayload<'utterance-end'>;
        if (this.ended.has(utteranceId)) this.repeated++;
        this.ended.set(utteranceId, text);
      }
    }
    this.#events = this.received;
    return this.words;
  }
}

it.each(['memory of the guardian', 'Redis'])(
  'gateways killed in the middle of what is said: a visitor is told all of it once, and it stays as it was heard (%s)',
  async (kind) => {
    service = await launchGuarded(kind === 'Redis' ? { VISAVIS_REDIS_URL: redis.url } : {});
    const { sessionId, token } = await service.createSession();
    const listener = new Listener();
    const join = async () => {
      const received = listener.received;
      const client = await eventually(() => service.connect());
      listener.listenTo(client);
      await eventually(() => client.data('join', { token, resume: true, received }));
      return client;
    };
    let client = await join();
    for (let kill = 1; kill <= KILLS; kill++) {
      // What came again of the one before does not count.
      const last = Math.max(0, ...listener.take().keys());
      await eventually(() => client.data('say', { text: `slowly ${'one two three four five six seven eight'}` }));
      const words = 1 + (kill % 4);
      await eventually(() => {
        const said = [...listener.take()].filter(([id]) => id > last).flatMap(([, heard]) => heard);
        if (said.length < words) throw new Error('too little was said');
      });
      await service.killGateway();
      client = await join();
    }
    await client.data('say', { text: 'the end' });
    await client.event('utterance-end', (e) => e.text === 'the end');
    listener.take();
    expect(listener.repeated).toBe(0);
    expect([...listener.ended.keys()]).toEqual(Array.from({ length: KILLS + 1 }, (_, i) => i + 1));
    for (const [id, text] of listener.ended) expect(listener.words.get(id)?.join(' ') ?? '').toBe(text);
    if (kind !== 'Redis') return;
    const store = await RedisStore.connect({ url: redis.url, logger: createLogger('test', 'silent') });
    const stored = await store.load(sessionId);
    await store.close();
    expect(stored?.history.map(({ text }) => text)).toEqual([...listener.ended.values()]);
  },
  180_000,
);
