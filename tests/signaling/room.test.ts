import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { setUpMedia } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

let service: Launched;
beforeAll(async () => {
  service = await launch();
});
afterAll(() => service.close());
afterEach(() => service.closeClients());

describe('a viewer', () => {
  it('joins, creates transports, produces and consumes against the real SFU', async () => {
    const [session, client] = await Promise.all([service.createSession(), service.connect()]);
    const join = await client.data('join', { token: session.token });
    expect(join).toMatchObject({ sessionId: session.sessionId, avatar: { id: 'test-face', name: 'Tess', width: 512 } });
    expect(join.disclosure).not.toBe('');
    const { receive, producerId, consumers } = await setUpMedia(client, join);
    expect(receive.iceCandidates.map((c) => c['protocol'])).toEqual(['udp', 'tcp']);
    expect(producerId).toMatch(/^[0-9a-f-]{36}$/);
    expect(consumers.map((c) => c.kind)).toEqual(['audio', 'video']);
    expect(JSON.stringify(consumers[1]?.rtpParameters)).toContain('video/VP8');
    await client.data('resume', {});
    await client.data('set-microphone', { enabled: false });
    await client.data('set-microphone', { enabled: true });
    await client.data('leave', {});
    expect(await client.event('closed')).toEqual({ reason: 'left' });
    await client.disconnected;
  });

  it('asks and is answered with captions, the utterance and states', async () => {
    const { client } = await service.joined();
    await client.data('ask', { text: 'what time is it' });
    await client.event('utterance-end', (e) => e.text === 'you asked what time is it');
    const words = client.events.filter((e) => e.name === 'caption').map((e) => (e.payload as { word: string }).word);
    expect(words).toEqual(['you', 'asked', 'what', 'time', 'is', 'it']);
    await client.event('state', (e) => e.state === 'listening');
    await client.data('interrupt', {});
    expect(await client.event('interruption')).toMatchObject({ phase: 'stopped' });
  });

  it('that leaves and hangs up at once ends the session, and does not keep the seat', async () => {
    const { client, session } = await service.joined();
    client.socket.emit('leave', {});
    client.socket.disconnect();
    await eventually(async () => {
      expect((await fetch(`${service.origin}/v1/sessions/${session.sessionId}`)).status).toBe(404);
    });
  });

  it('hears why the avatar worker refuses a request', async () => {
    const { client } = await service.joined();
    expect(await client.error('say', { text: 'refuse' })).toMatchObject({ code: 'engine-failed', message: 'refused' });
  });

  it('is told when the conversation ends on its own, and disconnected', async () => {
    const { client, session } = await service.joined();
    await client.data('say', { text: 'end' });
    expect(await client.event('session-error')).toMatchObject({ code: 'engine-failed', message: 'the face fell off' });
    expect(await client.event('closed')).toEqual({ reason: 'failed' });
    await client.disconnected;
    expect((await fetch(`${service.origin}/v1/sessions/${session.sessionId}`)).status).toBe(404);
  });
});

describe('sessions side by side', () => {
  it('never see events of one another', async () => {
    const [one, two] = await Promise.all([service.joined(), service.joined()]);
    await one.client.data('say', { text: 'only for one' });
    await two.client.data('say', { text: 'only for two' });
    await one.client.event('utterance-end', (e) => e.text === 'only for one');
    await two.client.event('utterance-end', (e) => e.text === 'only for two');
    expect(JSON.stringify(one.client.events)).not.toContain('two');
    expect(JSON.stringify(two.client.events)).not.toContain('one');
  });

  it('cannot use transports of one another', async () => {
    const [one, two] = await Promise.all([service.joined(), service.joined()]);
    const { id } = await one.client.data('create-transport', { direction: 'receive' });
    const stolen = await two.client.error('consume', { transportId: id, rtpCapabilities: {} });
    expect(stolen).toMatchObject({ code: 'not-found' });
  });

  it('share nothing when one ends', async () => {
    const [one, two] = await Promise.all([service.joined(), service.joined()]);
    await one.client.data('leave', {});
    await one.client.disconnected;
    await two.client.data('say', { text: 'alone now' });
    await two.client.event('utterance-end', (e) => e.text === 'alone now');
  });
});

describe('several viewers of one session', () => {
  async function second(session: CreatedSession) {
    const { token } = await service.seat(session.sessionId);
    const client = await service.connect();
    return { client, join: await client.data('join', { token }) };
  }

  it('hear and see the same, each with a seat and a microphone of its own', async () => {
    const { client, session } = await service.joined();
    const other = await second(session);
    const join = { ...other.join };
    expect(join.sessionId).toBe(session.sessionId);
    await setUpMedia(client, join);
    await setUpMedia(other.client, join);
    await client.data('say', { text: 'to both' });
    await client.event('utterance-end', (e) => e.text === 'to both');
    await other.client.event('utterance-end', (e) => e.text === 'to both');
  });

  it('go on when one leaves; the last one ends the session', async () => {
    const { client, session } = await service.joined();
    const other = await second(session);
    await client.data('leave', {});
    await other.client.data('say', { text: 'still here' });
    await other.client.data('leave', {});
    await eventually(async () => {
      expect((await fetch(`${service.origin}/v1/sessions/${session.sessionId}`)).status).toBe(404);
    });
  });
});

describe('a join token', () => {
  // Elsewhere a visitor who is slow on a busy machine must not come too late.
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_TOKEN_TTL_S: '4' });
  });
  afterAll(() => service.close());
  afterEach(() => service.closeClients());

  it('that was never issued is unauthorized', async () => {
    const client = await service.connect();
    const error = await client.error('join', { token: 'a'.repeat(43) });
    expect(error).toMatchObject({ code: 'unauthorized', field: 'token', message: expect.stringMatching(/not known/) });
  });

  it('that expired unused is unauthorized and says so', async () => {
    const [session, client] = await Promise.all([service.createSession(), service.connect()]);
    await new Promise((resolve) => setTimeout(resolve, Date.parse(session.expiresAt) - Date.now() + 50));
    const error = await client.error('join', { token: session.token });
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringMatching(/expired/) });
  });

  it('takes the seat back after a broken connection, even after its life', async () => {
    const { client, session } = await service.joined();
    const first = await client.error('join', { token: session.token });
    expect(first.code).toBe('conflict');
    client.socket.io.engine.close();
    await client.disconnected;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(session.expiresAt) - Date.now() + 50)));
    const again = await service.connect();
    const join = await again.data('join', { token: session.token });
    expect(join.sessionId).toBe(session.sessionId);
    await setUpMedia(again, join);
    await again.data('say', { text: 'back again' });
    await again.event('utterance-end', (e) => e.text === 'back again');
  });

  it('replaces an earlier connection of the same participant, which is told', async () => {
    const { client, session } = await service.joined();
    const again = await service.connect();
    await again.data('join', { token: session.token });
    expect(await client.event('closed')).toEqual({ reason: 'replaced' });
    await client.disconnected;
    await again.data('say', { text: 'mine now' });
    await again.event('utterance-end', (e) => e.text === 'mine now');
  });

  it('of a session that is over is refused', async () => {
    const session = await service.createSession();
    await fetch(`${service.origin}/v1/sessions/${session.sessionId}`, { method: 'DELETE' });
    const client = await service.connect();
    expect(await client.error('join', { token: session.token })).toMatchObject({ code: 'not-found' });
  });
});
