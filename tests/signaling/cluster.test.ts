import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/log.js';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { RedisStore } from '../../src/signaling/store/redis-store.js';
import { setUpMedia, TestClient } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';
import { type LoneGateway, launchLoneGateway } from '../support/lone-gateway.js';
import { TestRedis } from '../support/redis.js';

// Leases have to end in some of them.
vi.setConfig({ testTimeout: 120_000 });

let redis: TestRedis;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterAll(() => redis.close());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let nextPort = 46_000;
function env(on: TestRedis = redis): Record<string, string> {
  const first = nextPort;
  nextPort += 100;
  return { VISAVIS_REDIS_URL: on.url, VISAVIS_LINK_PORTS: `${first}-${nextPort - 1}` };
}

async function gateway(on?: TestRedis): Promise<Launched> {
  const launched = await launch(env(on));
  closing.push(() => launched.close());
  return launched;
}

async function lone(beside: Launched): Promise<LoneGateway> {
  const { avatarsFolder, webFolder } = beside;
  const settings = {
    VISAVIS_PORT: '0',
    VISAVIS_RTC_PORT: '0',
    VISAVIS_AVATAR: 'test-face',
    VISAVIS_LOG_LEVEL: 'silent',
  };
  const started = await launchLoneGateway(
    { ...settings, ...env(), VISAVIS_AVATARS: avatarsFolder, VISAVIS_STOCK_AVATARS: 'off', VISAVIS_ADMISSION: 'off' },
    webFolder,
  );
  closing.push(() => started.kill());
  return started;
}

async function connect(origin: string): Promise<TestClient> {
  const client = await TestClient.connect(origin);
  closing.push(() => client.close());
  return client;
}

async function api(origin: string, method: string, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${origin}/v1/sessions${path}`, { method });
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
}

describe('two gateways on one Redis', () => {
  it('a session is described, given tokens and ended through either', async () => {
    const [a, b] = [await gateway(), await gateway()];
    const { sessionId } = await a.createSession();
    const described = await api(b.origin, 'GET', `/${sessionId}`);
    expect(await api(a.origin, 'GET', `/${sessionId}`)).toMatchObject(described);
    expect(described).toMatchObject({ status: 200, body: { sessionId, participants: 0, state: 'idle' } });
    const issued = await api(b.origin, 'POST', `/${sessionId}/tokens`);
    expect(issued).toMatchObject({ status: 201, body: { sessionId } });
    const client = await connect(a.origin);
    await client.data('join', { token: (issued.body as CreatedSession).token });
    expect((await api(b.origin, 'DELETE', `/${sessionId}`)).status).toBe(204);
    expect(await client.event('closed')).toEqual({ reason: 'left' });
    expect((await api(b.origin, 'GET', `/${sessionId}`)).status).toBe(404);
    expect(a.gateway.registry.size).toBe(0);
  });

  it('a visitor of the other one talks with the session, its media and events included', async () => {
    const [a, b] = [await gateway(), await gateway()];
    const { sessionId, token } = await a.createSession();
    const client = await connect(b.origin);
    const join = await client.data('join', { token });
    expect(join.sessionId).toBe(sessionId);
    const { receive, consumers } = await setUpMedia(client, join);
    expect(receive.iceCandidates).not.toEqual([]);
    expect(consumers.map(({ kind }) => kind).sort()).toEqual(['audio', 'video']);
    await client.data('ask', { text: 'who are you' });
    await client.event('utterance-end', (e) => e.text === 'you asked who are you');
    expect(client.events.filter(({ name }) => name === 'caption')).toHaveLength(5);
    expect(await client.error('create-transport', { direction: 'up' })).toMatchObject({ code: 'bad-request' });
    expect(await client.error('join', { token })).toMatchObject({ code: 'conflict' });
    expect([a.gateway.registry.size, b.gateway.registry.size]).toEqual([1, 0]);
    await client.data('leave', {});
    expect(await client.event('closed')).toEqual({ reason: 'left' });
    await client.disconnected;
    await eventually(() => expect(a.gateway.registry.size).toBe(0));
  });

  it('a seat is taken over from either, and kept when a relayed visitor is cut off', async () => {
    const [a, b] = [await gateway(), await gateway()];
    const { token } = await a.createSession();
    const first = await connect(a.origin);
    await first.data('join', { token });
    const second = await connect(b.origin);
    await second.data('join', { token });
    expect(await first.event('closed')).toEqual({ reason: 'replaced' });
    second.socket.io.engine.close();
    const third = await connect(b.origin);
    await third.data('join', { token });
    await third.data('say', { text: 'still here' });
    await third.event('utterance-end', (e) => e.text === 'still here');
    const fourth = await connect(a.origin);
    await fourth.data('join', { token });
    expect(await third.event('closed')).toEqual({ reason: 'replaced' });
    await third.disconnected;
  });

  it.each([
    ['forged', (created: CreatedSession) => `${created.sessionId}.${'A'.repeat(43)}`],
    ['of no session', () => `${crypto.randomUUID()}.${'A'.repeat(43)}`],
    ['no token at all', () => 'let me in'],
  ])('a token that is %s is refused at the other one', async (_, make) => {
    const [a, b] = [await gateway(), await gateway()];
    const token = make(await a.createSession());
    const client = await connect(b.origin);
    expect(await client.error('join', { token })).toMatchObject({ code: 'unauthorized', field: 'token' });
    expect(await client.error('say', { text: 'hello' })).toMatchObject({ code: 'conflict' });
  });
});

describe('when a gateway dies for good', () => {
  it('exactly one of the others takes its session over, and the rest lead there', async () => {
    const [b, c] = [await gateway(), await gateway()];
    const dead = await lone(b);
    const created = (await (await fetch(`${dead.origin}/v1/sessions`, { method: 'POST' })).json()) as CreatedSession;
    const { sessionId } = created;
    const tokens = [created.token];
    for (let i = 0; i < 3; i++) {
      tokens.push(((await api(dead.origin, 'POST', `/${sessionId}/tokens`)).body as CreatedSession).token);
    }
    const before = await connect(dead.origin);
    await before.data('join', { token: created.token });
    await before.data('ask', { text: 'who are you' });
    await before.event('utterance-end', (e) => e.text === 'you asked who are you');
    await dead.kill();
    const clients = await Promise.all(
      tokens.map(async (token, index) => {
        const client = await connect(index % 2 === 0 ? b.origin : c.origin);
        // Its lease has to end first.
        await eventually(() => client.data('join', { token, resume: index === 0, received: 0 }));
        return client;
      }),
    );
    expect(b.gateway.registry.size + c.gateway.registry.size).toBe(1);
    const owner = b.gateway.registry.size === 1 ? b : c;
    expect(owner.gateway.registry.get(sessionId).history.map((m) => m.text)).toEqual([
      'who are you',
      'you asked who are you',
    ]);
    await clients[0]?.data('say', { text: 'to all of you' });
    for (const client of clients) await client.event('utterance-end', (e) => e.text === 'to all of you');
  });

  it('visitors whom it relayed keep their seats, and those whom it was relayed to are cut off to come back', async () => {
    const a = await gateway();
    const dead = await lone(a);
    const { token } = await a.createSession();
    const relayed = await connect(dead.origin);
    await relayed.data('join', { token });
    const theirs = (await (await fetch(`${dead.origin}/v1/sessions`, { method: 'POST' })).json()) as CreatedSession;
    const away = await connect(a.origin);
    await away.data('join', { token: theirs.token });
    await dead.kill();
    // Not "io server disconnect", after which a client stays away.
    expect(await away.disconnected).toMatch(/transport/);
    const back = await connect(a.origin);
    await back.data('join', { token: theirs.token });
    const same = await connect(a.origin);
    await same.data('join', { token });
    expect(a.gateway.registry.size).toBe(2);
  });
});

describe('when Redis goes away', () => {
  it('conversations go on, new ones get 503, and what was said meanwhile is written when it is back', async () => {
    const own = await TestRedis.start();
    closing.push(() => own.close());
    const a = await gateway(own);
    const { client, session } = await a.joined();
    await own.down();
    await eventually(async () => expect((await fetch(`${a.origin}/readyz`)).status).toBe(503));
    const ready = JSON.stringify(await (await fetch(`${a.origin}/readyz`)).json());
    expect(ready).toContain('VISAVIS_REDIS_URL');
    expect(await (await fetch(`${a.origin}/metrics`)).text()).toContain('visavis_session_store_up 0');
    await expect(a.createSession()).rejects.toThrow(/503.*VISAVIS_REDIS_URL.*no answer/);
    await client.data('say', { text: 'while it is away' });
    await client.event('utterance-end', (e) => e.text === 'while it is away');
    // Nor is a visitor whose connection breaks meanwhile lost.
    client.socket.io.engine.close();
    const again = await a.connect();
    await again.data('join', { token: session.token });
    await own.up();
    const store = await RedisStore.connect({ url: own.url, logger: createLogger('test', 'silent') });
    closing.push(() => store.close());
    await eventually(async () => {
      const stored = await store.load(session.sessionId);
      expect(stored?.history.map((m) => m.text)).toEqual(['while it is away']);
      expect(stored?.owner).toBe(a.gateway.id);
    });
    await eventually(async () => expect((await fetch(`${a.origin}/readyz`)).status).toBe(200));
    await a.createSession();
    await again.data('say', { text: 'and after' });
    await eventually(async () => expect((await store.load(session.sessionId))?.messages).toBe(2));
  });

  it('a gateway that finds none at its start says which variable is to blame', async () => {
    const absent = await TestRedis.start();
    await absent.close();
    const store = RedisStore.connect({ url: absent.url, logger: createLogger('test', 'silent'), startWithinMs: 200 });
    await expect(store).rejects.toThrow(
      /^VISAVIS_REDIS_URL: no answer from redis:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    );
  });
});
