import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Transcript } from '../../src/signaling/transcript/transcript.js';
import { eventually } from '../support/eventually.js';
import { type Guarded, launchGuarded } from '../support/guarded.js';
import { TestRedis } from '../support/redis.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

let redis: TestRedis;
let service: Guarded;
let receiver: WebhookReceiver;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterEach(async () => {
  await service.close();
  await receiver.close();
});
afterAll(() => redis.close());

it.each(['memory of the guardian', 'Redis'])(
  'gateways killed in mid-sentence: the transcript has what was heard, and other systems are told to the end (%s)',
  async (kind) => {
    receiver = await WebhookReceiver.start();
    service = await launchGuarded({
      VISAVIS_WEBHOOK_URLS: receiver.url,
      VISAVIS_WEBHOOK_SECRET: 'a-shared-secret-of-32-characters',
      ...(kind === 'Redis' ? { VISAVIS_REDIS_URL: redis.url } : {}),
    });
    const { sessionId, token } = await service.createSession();
    const transcript = async () =>
      (await (await fetch(`${service.origin}/v1/sessions/${sessionId}/transcript`)).json()) as Transcript;
    let client = await service.rejoin(token);
    await client.data('ask', { text: 'first question' });
    await client.event('utterance-end', ({ text }) => text === 'you asked first question');
    await client.data('say', { text: 'slowly one two three four five six seven eight nine ten' });
    await client.event('caption', ({ word }) => word === 'three');
    await service.killGateway();

    client = await service.rejoin(token);
    await client.data('say', { text: 'the end' });
    await client.event('utterance-end', ({ text }) => text === 'the end');
    const { turns } = await transcript();
    expect(turns).toMatchObject([
      { role: 'visitor', text: 'first question' },
      { role: 'avatar', text: 'you asked first question', interrupted: false },
      { role: 'avatar', text: expect.stringMatching(/^slowly one two three/), interrupted: true },
      { role: 'avatar', text: 'the end', interrupted: false },
    ]);
    for (const turn of turns) {
      if (turn.role === 'avatar') expect(turn.words.map(({ text }) => text).join(' ')).toBe(turn.text);
    }

    client.socket.emit('leave', {});
    await eventually(async () => expect((await transcript()).reason).toBe('left'));
    await eventually(() => expect(receiver.events.at(-1)?.type).toBe('session.ended'));
    expect(receiver.events.map(({ type }) => type)).toEqual([
      'session.started',
      'turn.committed',
      'reply.finished',
      'reply.finished',
      'reply.finished',
      'session.ended',
    ]);
    expect(receiver.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  },
  120_000,
);
