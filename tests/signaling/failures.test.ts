import { afterEach, describe, expect, it } from 'vitest';
import { setUpMedia } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

let service: Launched;
afterEach(() => service.close());

const status = async (path: string) => (await fetch(`${service.origin}${path}`)).status;

describe('when the avatar worker dies', () => {
  it('the conversation goes on in its successor with what was said, and does not greet again', async () => {
    service = await launch();
    const { client, session } = await service.joined({ greeting: 'Welcome.' });
    await client.data('ask', { text: 'who are you' });
    await client.event('utterance-end', (e) => e.text === 'you asked who are you');
    const before = service.gateway.supervisor.avatar.pid;
    expect(await client.error('say', { text: 'crash' })).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await client.event('session-error')).toMatchObject({ code: 'unavailable', retryable: true });
    await eventually(() => expect(service.gateway.supervisor.avatar.isUp).toBe(true));
    expect(service.gateway.supervisor.avatar.pid).not.toBe(before);
    await eventually(() => client.data('say', { text: 'hello again' }));
    await client.event('utterance-end', (e) => e.text === 'hello again');
    const session2 = service.gateway.registry.get(session.sessionId);
    expect(session2.history.map((m) => m.text)).toEqual(['who are you', 'you asked who are you', 'hello again']);
    expect(await status('/readyz')).toBe(200);
  });

  it('a request that it never answers fails within its limit, and others are served', async () => {
    service = await launch();
    const { client } = await service.joined();
    const hanging = client.error('say', { text: 'hang' });
    await client.data('say', { text: 'meanwhile' });
    expect(await hanging).toMatchObject({ code: 'upstream-timeout', retryable: true });
  });
});

describe('when a port of the link is taken', () => {
  it('others are tried', async () => {
    service = await launch({ FAKE_PORTS_TAKEN: '3' });
    const { client } = await service.joined();
    await client.data('say', { text: 'on another port' });
  });

  it('for too many attempts, creating a session fails and leaves nothing behind', async () => {
    service = await launch({ FAKE_PORTS_TAKEN: '5' });
    await expect(service.createSession()).rejects.toThrow(/409/);
    expect(service.gateway.registry.size).toBe(0);
    await service.createSession();
  });
});

describe('when the media worker dies', () => {
  async function killMediaWorker(): Promise<void> {
    const [pid] = service.gateway.mediaPids;
    process.kill(pid as number, 'SIGKILL');
  }

  it('its sessions go on in the successor: viewers are told and build their media anew on the same seat', async () => {
    service = await launch();
    const [session, client] = await Promise.all([service.createSession(), service.connect()]);
    const join = await client.data('join', { token: session.token });
    const before = await setUpMedia(client, join);
    await client.data('resume', {});
    await killMediaWorker();
    await client.event('media-lost');
    const after = await setUpMedia(client, join);
    await client.data('resume', {});
    expect(after.producerId).not.toBe(before.producerId);
    const port = ({ receive }: typeof before) => receive.iceCandidates.map((candidate) => candidate['protocol']);
    expect(port(after)).toEqual(port(before));
    const stale = await client.error('consume', { transportId: before.receive.id, rtpCapabilities: {} });
    expect(stale).toMatchObject({ code: 'not-found' });
    await client.data('say', { text: 'still here' });
    await client.event('utterance-end', (e) => e.text === 'still here');
    expect(client.events.filter((e) => e.name === 'closed')).toEqual([]);
    expect(await status('/readyz')).toBe(200);
  });

  it('again and again, the conversation keeps its history and new sessions work', async () => {
    service = await launch();
    const [session, client] = await Promise.all([service.createSession(), service.connect()]);
    const join = await client.data('join', { token: session.token });
    for (let round = 1; round <= 3; round++) {
      const pid = service.gateway.mediaPids[0];
      await setUpMedia(client, join);
      await client.data('say', { text: `round ${round}` });
      // Acknowledged before it is said: until then the history does not have it.
      await client.event('utterance-end', (e) => e.text === `round ${round}`);
      await killMediaWorker();
      await eventually(() => expect(client.events.filter((e) => e.name === 'media-lost')).toHaveLength(round));
      await eventually(() => expect(service.gateway.mediaPids[0]).not.toBe(pid));
    }
    const { history } = service.gateway.registry.get(session.sessionId);
    expect(history.map((m) => m.text)).toEqual(['round 1', 'round 2', 'round 3']);
    const other = await service.createSession();
    const viewer = await service.connect();
    await setUpMedia(viewer, await viewer.data('join', { token: other.token }));
  });
});

describe('limits', () => {
  it('more sessions than allowed are refused until one ends', async () => {
    service = await launch({ VISAVIS_MAX_SESSIONS: '2' });
    const first = await service.createSession();
    await service.createSession();
    await expect(service.createSession()).rejects.toThrow(/503.*all 2 sessions are in use/);
    await fetch(`${service.origin}/v1/sessions/${first.sessionId}`, { method: 'DELETE' });
    await service.createSession();
  });

  it('a session that nobody joins ends by itself', async () => {
    service = await launch({ VISAVIS_TOKEN_TTL_S: '1' });
    const { sessionId } = await service.createSession();
    await eventually(async () => expect(await status(`/v1/sessions/${sessionId}`)).toBe(404));
  });

  it('a session in which nothing is said ends as idle', async () => {
    service = await launch({ VISAVIS_IDLE_TIMEOUT_S: '5' });
    const { client } = await service.joined();
    expect(await client.event('closed')).toEqual({ reason: 'idle' });
  });

  it('shutting down tells the viewers and leaves no process behind', async () => {
    service = await launch();
    const { client } = await service.joined();
    const { avatar, speech } = service.gateway.supervisor;
    const pids = [avatar.pid, speech.pid, ...service.gateway.mediaPids] as number[];
    await service.gateway.close();
    expect(await client.event('closed')).toEqual({ reason: 'shutdown' });
    await eventually(() => {
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
    });
    await expect(fetch(service.origin)).rejects.toThrow();
  });
});
