import { afterEach, describe, expect, it } from 'vitest';
import { GATEWAY_EVENT_VARIABLES } from '../../../src/config-events.js';
import type { AvatarTurn, Transcript } from '../../../src/signaling/transcript/transcript.js';
import { isSignedBy } from '../../../src/webhook-signature.js';
import { eventually } from '../../support/eventually.js';
import { type Launched, launch } from '../../support/launch.js';
import { errorOf, send } from '../../support/raw-http.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';

const KEY = 'a-key-of-the-operator-0123456789';
const SECRET = 'a-shared-secret-of-32-characters';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function service(env: Record<string, string> = {}): Promise<Launched> {
  const launched = await launch(env);
  closing.push(() => launched.close());
  return launched;
}

async function receiver(): Promise<WebhookReceiver> {
  const started = await WebhookReceiver.start();
  closing.push(() => started.close());
  return started;
}

const get = ({ origin }: Launched, id: string, headers: Record<string, string> = {}, query = '') =>
  send(origin, { method: 'GET', path: `/v1/sessions/${id}/transcript${query}`, headers });

async function transcriptOf(launched: Launched, id: string): Promise<Transcript> {
  const { status, body } = await get(launched, id);
  expect(status).toBe(200);
  return JSON.parse(body);
}

/** A conversation of a question, its answer, and a sentence that is interrupted. */
async function talked(launched: Launched) {
  const { client, session } = await launched.joined();
  await client.data('ask', { text: 'what is that?' });
  await client.event('utterance-end', ({ text }) => text === 'you asked what is that?');
  await client.data('say', { text: 'linger for a while' });
  await client.event('caption', ({ word }) => word === 'while');
  return { client, id: session.sessionId };
}

describe('the transcript of a session', () => {
  it('is there while the session lives, word by word as it is heard', async () => {
    const launched = await service();
    const { client, id } = await talked(launched);
    const { turns, ...about } = await transcriptOf(launched, id);
    expect(about).toMatchObject({
      sessionId: id,
      avatar: { id: 'test-face', name: 'Tess' },
      endedAt: null,
      reason: null,
    });
    expect(turns).toMatchObject([
      { role: 'visitor', turnId: 1, text: 'what is that?' },
      { role: 'avatar', text: 'you asked what is that?', interrupted: false },
      { role: 'avatar', text: 'linger for a while', endMs: null },
    ]);
    const words = turns.flatMap((turn) => (turn.role === 'avatar' ? turn.words : []));
    expect(words.map(({ text }) => text).join(' ')).toBe('you asked what is that? linger for a while');
    const order = words.map(({ atMs }) => atMs);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    await client.data('interrupt', {});
    await eventually(async () => {
      const last = (await transcriptOf(launched, id)).turns.at(-1) as AvatarTurn;
      expect(last).toMatchObject({ text: 'linger for a while', interrupted: true, endMs: expect.any(Number) });
    });
  });

  it('comes as JSON or WebVTT, whichever is asked for', async () => {
    const launched = await service();
    const { id } = await talked(launched);
    const typeOf = async (headers: Record<string, string>, query = '') =>
      (await get(launched, id, headers, query)).headers['content-type'];
    expect(await typeOf({})).toBe('application/json; charset=utf-8');
    expect(await typeOf({ accept: 'text/vtt' })).toBe('text/vtt; charset=utf-8');
    expect(await typeOf({ accept: 'text/vtt;q=0.5, application/json' })).toBe('application/json; charset=utf-8');
    expect(await typeOf({ accept: 'application/json' }, '?format=vtt')).toBe('text/vtt; charset=utf-8');
    expect(await typeOf({ accept: 'image/png' })).toBe('application/json; charset=utf-8');
    const { body, headers } = await get(launched, id, { accept: 'text/vtt' });
    expect(headers['vary']).toContain('Accept');
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toMatch(/^WEBVTT\n\nNOTE session /);
    expect(body).toContain('<v Visitor>what is that?');
    const wrong = await get(launched, id, {}, '?format=docx');
    expect(wrong.status).toBe(400);
    expect(errorOf(wrong)).toMatchObject({ code: 'bad-request', field: 'format' });
  });

  it('is there for a while when the session is over, whole and with its reason', async () => {
    const launched = await service();
    const { client, id } = await talked(launched);
    client.socket.emit('leave', {});
    const kept = await eventually(async () => {
      const transcript = await transcriptOf(launched, id);
      expect(transcript.endedAt).not.toBeNull();
      return transcript;
    });
    expect(kept).toMatchObject({ reason: 'left', turns: [{}, {}, { text: 'linger for a while' }] });
    expect((await send(launched.origin, { method: 'GET', path: `/v1/sessions/${id}`, headers: {} })).status).toBe(404);
  });

  it('is gone with the session where nothing is to be kept', async () => {
    const launched = await service({ VISAVIS_TRANSCRIPT_KEEP_S: '0' });
    const { client, id } = await talked(launched);
    client.socket.emit('leave', {});
    await eventually(async () => expect((await get(launched, id)).status).toBe(404));
  });

  it('is kept of so many sessions only', async () => {
    const launched = await service({ VISAVIS_TRANSCRIPT_MAX: '1' });
    const ids: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { sessionId } = await launched.createSession();
      ids.push(sessionId);
      await send(launched.origin, { method: 'DELETE', path: `/v1/sessions/${sessionId}`, headers: {} });
      await eventually(async () => expect((await transcriptOf(launched, sessionId)).endedAt).not.toBeNull());
    }
    expect((await get(launched, ids[0] ?? '')).status).toBe(404);
    expect((await get(launched, ids[1] ?? '')).status).toBe(200);
  });

  it('needs an API key where there are keys', async () => {
    const launched = await service({ VISAVIS_API_KEYS: KEY });
    const { sessionId, token } = await launched.createSession();
    expect((await get(launched, sessionId)).status).toBe(401);
    expect((await get(launched, sessionId, { authorization: `Bearer ${token}` })).status).toBe(401);
    expect((await get(launched, sessionId, { authorization: `Bearer ${KEY}` })).status).toBe(200);
  });

  it.each(['nobody', '..%2f..%2fetc', '%00'])('of a session that never was is not found: %s', async (id) => {
    const answer = await get(await service(), id);
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe('not-found');
  });
});

describe('the webhooks of a session', () => {
  it('tell its whole life in order, signed', async () => {
    const there = await receiver();
    const launched = await service({
      VISAVIS_WEBHOOK_URLS: there.url,
      VISAVIS_WEBHOOK_SECRET: SECRET,
      VISAVIS_WEBHOOK_EVENTS: 'session.started,turn.committed,reply.finished,session.ended,transcript.ready',
    });
    const { client, id } = await talked(launched);
    await client.data('interrupt', {});
    await client.event('utterance-end', ({ interrupted }) => interrupted);
    client.socket.emit('leave', {});
    await eventually(() => expect(there.events).toHaveLength(6));
    expect(there.events.map(({ type, sequence }) => [sequence, type])).toEqual([
      [1, 'session.started'],
      [2, 'turn.committed'],
      [3, 'reply.finished'],
      [4, 'reply.finished'],
      [5, 'session.ended'],
      [6, 'transcript.ready'],
    ]);
    expect(there.events.map(({ data }) => data)).toMatchObject([
      { avatar: { id: 'test-face', name: 'Tess' } },
      { turnId: 1, text: 'what is that?', participantId: expect.any(String) },
      { text: 'you asked what is that?', interrupted: false, aside: false },
      { text: 'linger for a while', interrupted: true },
      { reason: 'left', turns: 1, replies: 2, durationMs: expect.any(Number) },
      { path: `/v1/sessions/${id}/transcript`, keptS: 900 },
    ]);
    expect(there.events.every(({ sessionId }) => sessionId === id)).toBe(true);
    expect(new Set(there.events.map((event) => event.id)).size).toBe(6);
    for (const { headers, text } of there.received) {
      const header = String(headers['x-visavis-signature']);
      expect(isSignedBy(SECRET, { header, body: text, nowS: Math.floor(Date.now() / 1000) })).toBe(true);
    }
    const { status } = await get(launched, id);
    expect(status).toBe(200);
  });

  it('tell of the end of sessions that the stop of the service ends', async () => {
    const there = await receiver();
    const launched = await service({ VISAVIS_WEBHOOK_URLS: there.url, VISAVIS_WEBHOOK_SECRET: SECRET });
    const { sessionId } = await launched.createSession();
    await launched.gateway.close();
    expect(there.events).toMatchObject([
      { type: 'session.started', sessionId },
      { type: 'session.ended', sessionId, data: { reason: 'shutdown' } },
    ]);
  });

  it('go on when the avatar worker dies in mid-sentence: what was heard by then is what was said', async () => {
    const there = await receiver();
    const launched = await service({ VISAVIS_WEBHOOK_URLS: there.url, VISAVIS_WEBHOOK_SECRET: SECRET });
    const { client } = await launched.joined();
    await client.data('say', { text: 'endless talk' });
    await client.event('caption', ({ word }) => word === 'talk');
    void client.raw('say', { text: 'crash' });
    await client.event('utterance-end', ({ text }) => text === 'endless talk');
    await eventually(() =>
      expect(there.events.at(-1)).toMatchObject({
        type: 'reply.finished',
        data: { text: 'endless talk', interrupted: true },
      }),
    );
  });

  it('are the gateway’s alone: no worker learns of the secret', async () => {
    const { workerEnvironment } = await import('../../../src/config.js');
    const env = { VISAVIS_WEBHOOK_URLS: 'http://a.example', VISAVIS_WEBHOOK_SECRET: SECRET, VISAVIS_SPEECH: 'piper' };
    expect(Object.keys(workerEnvironment(env))).toEqual(['VISAVIS_SPEECH', 'ORT_DISABLE_TELEMETRY']);
    expect(GATEWAY_EVENT_VARIABLES).toContain('VISAVIS_WEBHOOK_SECRET');
  });
});
