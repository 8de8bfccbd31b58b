import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ErrorBody } from '../../src/errors.js';
import type { Readiness } from '../../src/signaling/operations.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

let service: Launched | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

async function start(...args: Parameters<typeof launch>): Promise<Launched> {
  service = await launch(...args);
  return service;
}

async function get(s: Launched, path: string) {
  const response = await fetch(`${s.origin}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function readiness(s: Launched) {
  const { status, headers, text } = await get(s, '/readyz');
  return {
    status,
    retryAfter: headers.get('retry-after'),
    body: JSON.parse(text) as Readiness & { error?: ErrorBody },
  };
}

async function post(s: Launched): Promise<{ status: number; retryAfter: number; error: ErrorBody | undefined }> {
  const response = await fetch(`${s.origin}/v1/sessions`, { method: 'POST' });
  const body = (await response.json()) as { error?: ErrorBody };
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after')), error: body.error };
}

/** All samples of /metrics, by name and labels. */
async function metrics(s: Launched): Promise<Map<string, number>> {
  const lines = (await get(s, '/metrics')).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** Workers report every 5 s. */
const REPORTED_MS = 20_000;

describe('readiness', () => {
  it('lists the parts, the sessions and the capacity', async () => {
    const s = await start({ VISAVIS_MAX_SESSIONS: '5' });
    await s.joined();
    const { status, body } = await readiness(s);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ready',
      parts: { media: { state: 'up' }, speech: { state: 'up' }, avatar: { state: 'up' }, store: { state: 'up' } },
      sessions: 1,
      capacity: { capacity: 5, limit: 5 },
    });
    expect(await get(s, '/healthz')).toMatchObject({ status: 200 });
  });

  it('names the part that is down, with 503 and Retry-After, while the service is alive', async () => {
    const s = await start();
    vi.spyOn(s.gateway.supervisor.speech, 'isUp', 'get').mockReturnValue(false);
    const { status, body, retryAfter } = await readiness(s);
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: 'not-ready', parts: { speech: { state: 'down' }, media: { state: 'up' } } });
    expect(body.reason).toMatch(/speech/);
    expect(body.error).toMatchObject({ code: 'unavailable', message: body.reason });
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect((await get(s, '/healthz')).status).toBe(200);
    expect(await post(s)).toMatchObject({ status: 503 });
    expect((await metrics(s)).get('visavis_sessions_refused_total{reason="not-ready"}')).toBe(1);
  });
});

describe('a refused session', () => {
  it('above the limit is told when to come back, and counted', async () => {
    const s = await start({ VISAVIS_MAX_SESSIONS: '1' });
    await s.joined();
    const { status, retryAfter, error } = await post(s);
    expect(status).toBe(503);
    expect(error).toMatchObject({ code: 'unavailable', retryable: true, retryAfterS: retryAfter });
    expect(retryAfter).toBeGreaterThanOrEqual(5);
    expect((await metrics(s)).get('visavis_sessions_refused_total{reason="limit"}')).toBe(1);
  });

  it('is one too many while those under way miss frames', async () => {
    const s = await start({ VISAVIS_ADMISSION: 'auto', FAKE_FRAMES_LATE: '20' });
    const { client } = await s.joined();
    await eventually(async () => expect((await readiness(s)).body.capacity.strained).toBe(true), REPORTED_MS);
    const refused = await post(s);
    expect(refused).toMatchObject({ status: 503, error: { code: 'unavailable' } });
    expect(refused.error?.retryAfterS).toBe(refused.retryAfter);
    expect((await metrics(s)).get('visavis_sessions_refused_total{reason="strained"}')).toBe(1);
    // Those under way notice nothing of it.
    await client.data('say', { text: 'still here' });
    await client.event('utterance-end', ({ text }) => text === 'still here');
  });
});

describe('metrics', () => {
  it('show what workers report and what processes use, and frames of each session', async () => {
    const s = await start();
    const { session } = await s.joined();
    await eventually(
      async () => expect((await metrics(s)).get('visavis_frames_due_total')).toBeGreaterThan(0),
      REPORTED_MS,
    );
    const shown = await metrics(s);
    expect(shown.get('visavis_pacer_lateness_seconds_count')).toBeGreaterThan(0);
    expect(shown.get('visavis_frame_interval_seconds_bucket{le="0.041"}')).toBeGreaterThan(0);
    expect(shown.get('visavis_speech_queue_seconds_count{engine="synthesis"}')).toBeGreaterThan(0);
    for (const kind of ['gateway', 'avatar', 'speech', 'media']) {
      expect(shown.get(`visavis_process_resident_bytes{process="${kind}"}`), kind).toBeGreaterThan(1e6);
      expect(shown.get(`visavis_process_restarts_total{process="${kind}"}`), kind).toBe(0);
    }
    expect(shown.get('visavis_sessions{state="idle"}')).toBe(1);
    expect(shown.get('visavis_viewers')).toBe(1);
    const { frames } = JSON.parse((await get(s, `/v1/sessions/${session.sessionId}`)).text);
    expect(frames.due).toBeGreaterThan(0);
    expect(frames.late).toBe(0);
  });

  it('have a help text each, a bounded number of series, and counters that end in _total', async () => {
    const s = await start();
    for (let i = 0; i < 3; i++) (await s.joined()).client.socket.emit('no such message', {});
    const { text } = await get(s, '/metrics');
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name: name ?? '', type }));
    expect(types.length).toBeGreaterThan(40);
    for (const { name, type } of types) {
      expect(text, name).toMatch(new RegExp(`^# HELP ${name} \\S.*$`, 'm'));
      if (type === 'counter' && !name.startsWith('visavis_gateway_')) expect(name).toMatch(/_total$/);
      const series = text.split('\n').filter((line) => line.startsWith(`${name}{`) && !line.includes('le='));
      expect(series.length, name).toBeLessThan(30);
    }
  });
});

describe('draining', () => {
  it('lets those under way finish, takes nobody new, and ends when the last one has gone', async () => {
    const s = await start({ VISAVIS_DRAIN_S: '60' });
    const { client } = await s.joined();
    const drained = s.gateway.drain();
    const { reason, inMs } = await client.event('ending');
    expect({ reason, inMs }).toEqual({ reason: 'shutdown', inMs: 60_000 });
    expect(await readiness(s)).toMatchObject({ status: 503, body: { status: 'draining', sessions: 1 } });
    const refused = await post(s);
    expect(refused).toMatchObject({ status: 503, error: { code: 'unavailable' } });
    expect(refused.retryAfter).toBeGreaterThan(60);
    await client.data('say', { text: 'one more word' });
    await client.event('utterance-end', ({ text }) => text === 'one more word');
    expect(client.socket.connected).toBe(true);
    await client.data('leave', {});
    await drained;
    await expect(fetch(`${s.origin}/healthz`)).rejects.toThrow();
  });

  it('ends the sessions with reason shutdown when the time is over', async () => {
    const s = await start({ VISAVIS_DRAIN_S: '1' });
    const { client } = await s.joined();
    const drained = s.gateway.drain();
    expect(await client.event('closed')).toEqual({ reason: 'shutdown' });
    await drained;
  });

  it('is cut short by a close', async () => {
    const s = await start({ VISAVIS_DRAIN_S: '3600' });
    const { client } = await s.joined();
    const drained = s.gateway.drain();
    await client.event('ending');
    await s.gateway.close();
    expect(await client.event('closed')).toEqual({ reason: 'shutdown' });
    await drained;
  });

  it('of a service without sessions is over at once', async () => {
    const s = await start({ VISAVIS_DRAIN_S: '3600' });
    await s.gateway.drain();
    await expect(fetch(`${s.origin}/healthz`)).rejects.toThrow();
  });
});

describe('the longest time of a session', () => {
  it('is told before it is over; then the avatar takes its leave and the session ends', async () => {
    const s = await start({}, { maxSessionMs: 2_000 });
    const { client, session } = await s.joined();
    expect(await client.event('ending')).toEqual({ reason: 'duration', inMs: 1_000 });
    expect(await client.event('closed')).toEqual({ reason: 'duration' });
    expect((await get(s, `/v1/sessions/${session.sessionId}`)).status).toBe(404);
    const shown = await metrics(s);
    expect(shown.get('visavis_sessions_closed_total{reason="duration"}')).toBe(1);
    expect(shown.get('visavis_session_duration_seconds_count')).toBe(1);
  });
});
