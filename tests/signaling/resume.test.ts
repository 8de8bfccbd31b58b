import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EventReplay } from '../../src/signaling/event-replay.js';
import type { ServerToClient } from '../../src/signaling/messages.js';
import { setUpMedia } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

const VISITOR = fileURLToPath(new URL('../support/wrtc-visitor.mjs', import.meta.url));

describe('the replay of events', () => {
  const numbers = (events: readonly { payload: unknown }[]) => events.map(({ payload }) => payload);
  const add = (replay: EventReplay, from: number, to: number) => {
    for (let n = from; n <= to; n++) replay.add('state' as keyof ServerToClient, n);
  };

  it('gives what came after those received, and counts anew from there', () => {
    const replay = new EventReplay();
    add(replay, 1, 5);
    expect(numbers(replay.since(3))).toEqual([4, 5]);
    add(replay, 6, 7);
    expect(numbers(replay.since(1))).toEqual([5, 6, 7]);
    expect(numbers(replay.since(3))).toEqual([]);
  });

  it('gives nothing to a client that begins anew', () => {
    const replay = new EventReplay();
    add(replay, 1, 5);
    expect(replay.since(undefined)).toEqual([]);
    add(replay, 6, 6);
    expect(numbers(replay.since(0))).toEqual([6]);
  });

  it('keeps a bounded number, and still knows which those are', () => {
    const replay = new EventReplay();
    add(replay, 1, 1_000);
    expect(numbers(replay.since(990))).toEqual([991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000]);
    add(replay, 1_001, 2_000);
    expect(replay.since(0).length).toBe(400);
  });

  it('takes a client that claims more than there was at its word', () => {
    const replay = new EventReplay();
    add(replay, 1, 2);
    expect(replay.since(1_000_000)).toEqual([]);
  });
});

describe('a client that comes back', () => {
  let service: Launched;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    service = await launch();
  });
  afterAll(() => service.close());
  afterEach(() => {
    // wrtc crashes when it ends by itself.
    for (const child of children.splice(0)) child.kill('SIGKILL');
    service.closeClients();
  });

  it('is told what its broken connection swallowed, once and in order', async () => {
    const { client, session } = await service.joined();
    await client.data('say', { text: 'one two' });
    await client.event('utterance-end');
    const received = client.events.length - 1;
    client.socket.io.engine.close();
    await client.disconnected;
    const again = await service.connect();
    await again.data('join', { token: session.token, resume: true, received });
    await again.event('state');
    await again.data('say', { text: 'three' });
    await again.event('utterance-end', ({ text }) => text === 'three');
    const before = client.events.map(({ name, payload }) => ({ name, payload }));
    expect(again.events.slice(0, 1)).toEqual(before.slice(received, received + 1));
    expect(again.events.filter(({ name }) => name === 'utterance-end').length).toBeLessThanOrEqual(2);
  });

  it('keeps no media that was never connected', async () => {
    const { client, session } = await service.joined();
    const again = await service.connect();
    const join = await again.data('join', { token: session.token });
    await setUpMedia(again, join);
    await again.data('resume', {});
    const third = await service.connect();
    expect(await third.data('join', { token: session.token, resume: true })).toMatchObject({ mediaKept: false });
    await client.event('closed');
    expect(client.events.at(-1)).toMatchObject({ name: 'closed' });
  });

  it('keeps the media that runs: the picture goes on over the same transports, and ICE can be restarted', async () => {
    const session = await service.createSession();
    const child = fork(VISITOR, [service.origin, session.token], { execArgv: [] });
    children.push(child);
    let seen: { frames: number; loudSamples: number; mediaKept?: boolean; restarted?: number; failed?: string } = {
      frames: 0,
      loudSamples: 0,
    };
    child.on('message', (message) => {
      seen = message as typeof seen;
    });
    await eventually(() => expect(seen).toMatchObject({ frames: expect.any(Number) }));
    await eventually(() => expect(seen.frames).toBeGreaterThan(5));
    child.send('reconnect');
    await eventually(() => expect(seen).toMatchObject({ mediaKept: true, restarted: 2 }));
    const before = seen;
    await eventually(() => expect(seen.frames).toBeGreaterThan(before.frames + 25));
    await eventually(() => expect(seen.loudSamples).toBeGreaterThan(before.loudSamples));
    expect(seen.failed).toBeUndefined();
  });

  it('that does not resume begins anew: its transports are gone', async () => {
    const { client, session } = await service.joined();
    const { id } = await client.data('create-transport', { direction: 'send' });
    const again = await service.connect();
    expect(await again.data('join', { token: session.token })).toMatchObject({ mediaKept: false });
    expect(await again.error('restart-ice', { transportId: id })).toMatchObject({
      code: 'not-found',
      field: 'transportId',
    });
  });
});

describe('an ICE restart', () => {
  it('gives new credentials for a transport of one’s own, and is refused for one of another session', async () => {
    const service = await launch();
    try {
      const [one, two] = await Promise.all([service.joined(), service.joined()]);
      const transport = await one.client.data('create-transport', { direction: 'receive' });
      const { iceParameters } = await one.client.data('restart-ice', { transportId: transport.id });
      expect(iceParameters['usernameFragment']).not.toBe(transport.iceParameters['usernameFragment']);
      expect(await two.client.error('restart-ice', { transportId: transport.id })).toMatchObject({ code: 'not-found' });
      expect(await one.client.error('restart-ice', {})).toMatchObject({ code: 'bad-request', field: 'transportId' });
    } finally {
      await service.close();
    }
  });
});
