import { describe, expect, it } from 'vitest';
import { VisavisError } from '../../../src/errors.js';
import type { Message } from '../../../src/inference/engines.js';
import { createLogger } from '../../../src/log.js';
import { MemoryStore } from '../../../src/signaling/store/memory-store.js';
import { type RecordedSession, SessionRecorder } from '../../../src/signaling/store/session-recorder.js';
import type {
  LiveState,
  SessionUpdate,
  StoredSession,
  WriteResult,
} from '../../../src/signaling/store/session-store.js';
import { eventually } from '../../support/eventually.js';

/** A store whose answers come when the test says so, or fail. */
class GatedStore extends MemoryStore {
  writes = 0;
  failing = false;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};

  shut(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  override async put(session: StoredSession): Promise<'written' | 'foreign'> {
    await this.#pass();
    return super.put(session);
  }

  override async update(id: string, owner: string, update: SessionUpdate): Promise<WriteResult> {
    // What was sent is what counts, not what the objects become meanwhile.
    const sent = structuredClone(update);
    await this.#pass();
    return super.update(id, owner, sent);
  }

  async #pass(): Promise<void> {
    this.writes++;
    await this.#gate;
    if (this.failing) throw new VisavisError('unavailable', 'away');
  }
}

function talk() {
  const history: Message[] = [];
  let state: LiveState['state'] = 'idle';
  const session = {
    id: 's',
    createdAt: new Date(1_000),
    options: { id: 's' } as RecordedSession['options'],
    get live(): LiveState {
      return { started: true, state, turns: 0, utterances: 0, speaking: null, openTurn: null, recent: [] };
    },
    history,
    get messageCount() {
      return history.length;
    },
  };
  const say = (text: string) => {
    history.push({ role: 'user', text });
    state = state === 'idle' ? 'thinking' : 'idle';
  };
  return { session, say };
}

async function recording(store: GatedStore) {
  const { session, say } = talk();
  let foreign = 0;
  const recorder = new SessionRecorder({
    store,
    owner: 'a',
    session,
    seats: () => [],
    onForeign: () => foreign++,
    logger: createLogger('test', 'silent'),
  });
  await recorder.create();
  const speak = (text: string) => {
    say(text);
    recorder.changed();
  };
  const texts = async () => (await store.load('s'))?.history.map((message) => message.text);
  return { recorder, speak, texts, foreign: () => foreign };
}

describe('SessionRecorder', () => {
  it('sends every change at once, without waiting for the one before', async () => {
    const store = new GatedStore();
    const { speak, texts } = await recording(store);
    store.shut();
    speak('one');
    speak('two');
    speak('three');
    expect(store.writes).toBe(1 + 3);
    store.open();
    await eventually(async () => expect(await texts()).toEqual(['one', 'two', 'three']));
  });

  it('sends as one what changes while a slow store keeps many waiting', async () => {
    const store = new GatedStore();
    const { speak, texts } = await recording(store);
    store.shut();
    const all = Array.from({ length: 300 }, (_, i) => `message ${i}`);
    for (const text of all) speak(text);
    expect(store.writes).toBeLessThan(30);
    store.open();
    await eventually(async () => expect(await texts()).toEqual(all));
    expect(store.writes).toBeLessThan(40);
  });

  it('writes everything after a failure as soon as it is told that the store is back', async () => {
    const store = new GatedStore();
    const { recorder, speak, texts } = await recording(store);
    speak('kept');
    store.failing = true;
    speak('while it is away');
    speak('and more');
    await new Promise((resolve) => setImmediate(resolve));
    store.failing = false;
    await store.remove('s', 'a');
    recorder.rewrite();
    await eventually(async () => expect(await texts()).toEqual(['kept', 'while it is away', 'and more']));
  });

  it('tells once that another gateway has the session, and writes no more', async () => {
    const store = new GatedStore();
    const { speak, texts, foreign } = await recording(store);
    await store.claim('s', 'a', 'b');
    speak('mine?');
    await eventually(() => expect(foreign()).toBe(1));
    const { writes } = store;
    speak('not mine');
    expect(store.writes).toBe(writes);
    expect(foreign()).toBe(1);
    expect(await texts()).toEqual([]);
  });

  it('leaves the copy to a successor unless it is to be forgotten', async () => {
    const store = new GatedStore();
    const { recorder } = await recording(store);
    await recorder.close(false);
    expect(await store.load('s')).toBeDefined();
    const again = await recording(store);
    await again.recorder.close(true);
    expect(await store.load('s')).toBeUndefined();
  });
});
