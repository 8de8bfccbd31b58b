import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Guarded, launchGuarded } from '../support/guarded.js';
import { freePort } from '../support/redis.js';

let service: Guarded;
afterEach(() => service?.close());

/** Ids of all processes below `pid`. */
function descendants(pid: number): number[] {
  const list = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = list
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('when the gateway is killed', () => {
  it.each(['off', 'on'])('its conversations go on in another one on the same port (standby %s)', async (standby) => {
    service = await launchGuarded({ VISAVIS_STANDBY: standby });
    const { sessionId, token } = await service.createSession({ greeting: 'Welcome.' });
    const before = await service.connect();
    const { participantId } = await before.data('join', { token });
    await before.data('ask', { text: 'who are you' });
    await before.event('utterance-end', (e) => e.text === 'you asked who are you');
    if (standby === 'on') await eventually(() => expect(service.guardian.hasSpare).toBe(true));
    const { spare } = service.guardian.pids;

    await service.killGateway();
    if (standby === 'on') expect(service.guardian.pids.active).toBe(spare);
    const after = await service.rejoin(token);
    const status = await (await fetch(`${service.origin}/v1/sessions/${sessionId}`)).json();
    expect(status).toMatchObject({ sessionId, participants: 1, state: expect.any(String) });
    await after.data('say', { text: 'here again' });
    // Numbers go on where they were.
    const ended = await after.event('utterance-end', (e) => e.text === 'here again');
    expect(ended.utteranceId).toBe(2);

    await service.killGateway();
    const third = await service.rejoin(token);
    await third.data('say', { text: 'and again' });
    expect((await third.event('utterance-end', (e) => e.text === 'and again')).utteranceId).toBe(3);
    expect(participantId).not.toBe('');
    expect(service.guardian.restarts).toBe(2);
    const metrics = await (await fetch(`${service.origin}/metrics`)).text();
    expect(metrics).toContain('visavis_process_restarts_total{process="gateway"} 2');
  });

  it('what it had not finished saying ends after the words that were heard', async () => {
    service = await launchGuarded();
    const { token } = await service.createSession();
    const before = await service.connect();
    await before.data('join', { token });
    await before.data('say', { text: 'endless one two' });
    await before.event('caption', (e) => e.word === 'two');
    await service.killGateway();
    const after = await service.rejoin(token);
    const ended = await after.event('utterance-end');
    expect(ended).toMatchObject({ text: 'endless one two', interrupted: true });
  });

  it('a visitor is told once more what the broken connection swallowed, and nothing twice', async () => {
    service = await launchGuarded();
    const { token } = await service.createSession();
    const before = await service.connect();
    await before.data('join', { token });
    await before.data('say', { text: 'one two three' });
    await before.event('utterance-end', (e) => e.text === 'one two three');
    await eventually(() => expect(before.events.at(-1)).toEqual({ name: 'state', payload: { state: 'listening' } }));
    const all = [...before.events];
    await service.killGateway();
    const client = await eventually(() => service.connect());
    // As if the last two had not come.
    await eventually(() => client.data('join', { token, resume: true, received: all.length - 2 }));
    await client.data('say', { text: 'four' });
    await client.event('utterance-end', (e) => e.text === 'four');
    const told = client.events.filter(({ name }) => name === 'caption' || name === 'utterance-end');
    expect(client.events.slice(0, 2)).toEqual(all.slice(-2));
    expect(told.filter(({ payload }) => JSON.stringify(payload).includes('one'))).toHaveLength(1);
  });

  it('a session in which nobody has taken a seat goes on as well, with its token', async () => {
    service = await launchGuarded();
    const { token } = await service.createSession();
    await service.killGateway();
    const client = await service.rejoin(token);
    await client.data('say', { text: 'first words' });
  });

  it('sessions that ended before stay ended, and their tokens lead nowhere', async () => {
    service = await launchGuarded();
    const { sessionId, token } = await service.createSession();
    await fetch(`${service.origin}/v1/sessions/${sessionId}`, { method: 'DELETE' });
    await service.killGateway();
    const client = await eventually(() => service.connect());
    expect(await client.error('join', { token })).toMatchObject({ code: 'unauthorized', field: 'token' });
    const response = await eventually(() => fetch(`${service.origin}/v1/sessions/${sessionId}`));
    expect(response.status).toBe(404);
  });

  it('a forged token of a session that goes on is refused', async () => {
    service = await launchGuarded();
    const { sessionId, token } = await service.createSession();
    await service.killGateway();
    const client = await eventually(() => service.connect());
    const forged = `${sessionId}.${'A'.repeat(43)}`;
    expect(await client.error('join', { token: forged })).toMatchObject({ code: 'unauthorized', field: 'token' });
    await client.data('join', { token });
  });
});

describe('the guardian', () => {
  it('says which port is in use and leaves nothing behind', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await expect(launchGuarded({ VISAVIS_PORT: String(port) })).rejects.toThrow(
      `VISAVIS_PORT: port ${port} on 127.0.0.1 is in use`,
    );
    server.close();
    expect(descendants(process.pid).filter((pid) => isGatewayOrWorker(pid))).toEqual([]);
  });

  it('ends all its processes when it is closed', async () => {
    service = await launchGuarded({ VISAVIS_STANDBY: 'on' });
    await eventually(() => expect(service.guardian.hasSpare).toBe(true));
    const pids = descendants(process.pid).filter((pid) => isGatewayOrWorker(pid));
    expect(pids.length).toBeGreaterThanOrEqual(4);
    await service.close();
    await eventually(() => expect(pids.filter(isRunning)).toEqual([]));
  });

  it('replaces a spare gateway that dies', async () => {
    service = await launchGuarded({ VISAVIS_STANDBY: 'on' });
    await eventually(() => expect(service.guardian.hasSpare).toBe(true));
    const { spare, active } = service.guardian.pids;
    process.kill(spare as number, 'SIGKILL');
    await eventually(() => {
      expect(service.guardian.hasSpare).toBe(true);
      expect(service.guardian.pids.spare).not.toBe(spare);
    });
    expect(service.guardian.pids.active).toBe(active);
    expect(service.guardian.restarts).toBe(0);
  });
});

function isGatewayOrWorker(pid: number): boolean {
  try {
    const command = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return /gateway-process|mediasoup-worker|fake-(avatar|speech)-worker/.test(command);
  } catch {
    return false;
  }
}
