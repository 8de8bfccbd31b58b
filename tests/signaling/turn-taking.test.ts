import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TURN_TAKING } from '../../src/turn-taking.js';
import { type Launched, launch } from '../support/launch.js';

let service: Launched;
beforeAll(async () => {
  service = await launch({ VISAVIS_TURN_TAKING: 'patient' });
});
afterAll(() => service.close());
afterEach(() => service.closeClients());

describe('turn-taking', () => {
  it('is told to who joins: what the session asks for, else what the service is set to', async () => {
    for (const turnTaking of [undefined, ...TURN_TAKING]) {
      const [session, client] = await Promise.all([
        service.createSession(turnTaking === undefined ? {} : { turnTaking }),
        service.connect(),
      ]);
      const join = await client.data('join', { token: session.token });
      expect(join.turnTaking).toBe(turnTaking ?? 'patient');
      client.close();
    }
  });

  it('of another kind is refused with the field and what there is', async () => {
    const response = await fetch(`${service.origin}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"turnTaking":"rude"}',
    });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { field: string; message: string } };
    expect(error.field).toBe('turnTaking');
    for (const mode of TURN_TAKING) expect(error.message).toContain(mode);
  });
});

describe('push-to-talk', () => {
  const open = async (turnTaking: (typeof TURN_TAKING)[number]) => {
    const [session, client] = await Promise.all([service.createSession({ turnTaking }), service.connect()]);
    const join = await client.data('join', { token: session.token });
    return { client, join, token: session.token };
  };

  it('reaches the conversation in the order in which it was pressed and released', async () => {
    const { client, join } = await open('push-to-talk');
    await Promise.all([
      client.data('push-to-talk', { pressed: true }),
      client.data('push-to-talk', { pressed: false }),
    ]);
    await client.event('transcript', (e) => e.text.endsWith('released'));
    const seen = client.events.filter((e) => e.name === 'transcript').map((e) => e.payload);
    expect(seen).toMatchObject([
      { text: 'push-to-talk: pressed', participantId: join.participantId },
      { text: 'push-to-talk: released', participantId: join.participantId },
    ]);
  });

  it('is a conflict in a session that takes turns by itself', async () => {
    const { client } = await open('eager');
    expect(await client.error('push-to-talk', { pressed: true })).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('eager'),
    });
  });

  it('is released for a visitor whose connection breaks', async () => {
    const { client, token } = await open('push-to-talk');
    await client.data('push-to-talk', { pressed: true });
    client.socket.io.engine.close();
    const again = await service.connect();
    await again.data('join', { token, resume: true, received: 0 });
    await again.event('transcript', (e) => e.text.endsWith('released'));
  });
});
