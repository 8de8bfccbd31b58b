import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/log.js';
import { AvatarDirectory } from '../../src/signaling/avatars.js';
import { SessionRegistry } from '../../src/signaling/registry.js';
import { MemoryStore } from '../../src/signaling/store/memory-store.js';
import type { StoredSession } from '../../src/signaling/store/session-store.js';
import { openChronicles } from '../../src/signaling/transcript/open.js';
import { eventually } from '../support/eventually.js';
import { FakeWorker, Gate, sessionServices } from '../support/session-services.js';

const AVATARS = fileURLToPath(new URL('../../assets/avatars', import.meta.url));

/** A store that answers writes only when the test lets it. */
class SlowStore extends MemoryStore {
  readonly gate = new Gate();
  writing = 0;

  override async put(session: StoredSession): Promise<'written' | 'foreign'> {
    this.writing++;
    await this.gate.passed;
    return super.put(session);
  }
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function registryOf(
  store: MemoryStore,
  maxSessions: number,
  gatewayId: string,
  admitted: number[] = [],
): SessionRegistry {
  const services = sessionServices(new FakeWorker(), { admit: (sessions) => void admitted.push(sessions) });
  const config = loadConfig({ VISAVIS_MAX_SESSIONS: String(maxSessions) });
  const logger = createLogger('test', 'silent');
  const registry = new SessionRegistry({
    config,
    avatars: new AvatarDirectory([AVATARS]),
    services: () => services,
    store,
    chronicles: openChronicles({ config, store, metrics: services.metrics, logger }).chronicles,
    gatewayId,
    logger,
  });
  closing.push(async () => {
    await registry.close();
    services.worker.dispose();
  });
  return registry;
}

describe('the room of a gateway', () => {
  it('counts a session once while it is being written to the store', async () => {
    const store = new SlowStore();
    const admitted: number[] = [];
    const registry = registryOf(store, 8, 'this', admitted);
    const first = registry.create({});
    await eventually(() => expect(store.writing).toBe(1));
    const second = registry.create({});
    await eventually(() => expect(store.writing).toBe(2));
    store.gate.open();
    await Promise.all([first, second]);
    expect(admitted).toEqual([0, 1]);
    expect(registry.size).toBe(2);
  });

  it('counts sessions of a dead gateway from the moment they are taken over', async () => {
    const store = new MemoryStore();
    const dead = registryOf(store, 8, 'dead');
    const [one, two] = [await dead.create({}), await dead.create({})];
    const slow = new Gate();
    const claimed: string[] = [];
    const successor = registryOf(store, 1, 'this');
    const claim = store.claim.bind(store);
    store.claim = async (id, from, to) => {
      claimed.push(id);
      await slow.passed;
      return claim(id, from, to);
    };
    successor.checkRoom(one.sessionId);
    const adopted = successor.adopt(one.sessionId, 'dead');
    expect(claimed).toEqual([one.sessionId]);
    // Whoever comes to the same session waits for it; another one does not fit.
    expect(() => successor.checkRoom(one.sessionId)).not.toThrow();
    expect(() => successor.checkRoom(two.sessionId)).toThrow(/all 1 sessions are in use/);
    slow.open();
    await adopted;
    expect(() => successor.checkRoom(two.sessionId)).toThrow(/all 1 sessions are in use/);
  });
});
