import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { WEBHOOK_EVENTS, type WebhookConfig } from '../../../src/config-events.js';
import { createLogger } from '../../../src/log.js';
import { Metrics } from '../../../src/metrics/metrics.js';
import type { WebhookBody } from '../../../src/signaling/webhooks/events.js';
import { Webhooks, type WebhooksOptions } from '../../../src/signaling/webhooks/webhooks.js';
import { isSignedBy } from '../../../src/webhook-signature.js';
import { eventually } from '../../support/eventually.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';

const SECRET = 'a-shared-secret-of-32-characters';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(): Promise<WebhookReceiver> {
  const started = await WebhookReceiver.start();
  closing.push(() => started.close());
  return started;
}

function webhooksTo(urls: string[], config: Partial<WebhookConfig> = {}, options: Partial<WebhooksOptions> = {}) {
  const lines: string[] = [];
  const metrics = new Metrics();
  const webhooks = new Webhooks({
    config: { urls, secret: SECRET, events: [...WEBHOOK_EVENTS], timeoutMs: 5_000, retryMs: 60_000, ...config },
    metrics,
    logger: createLogger('test', 'info', { write: (line: string) => void lines.push(line) }),
    backoff: { firstMs: 5, lastMs: 20 },
    ...options,
  });
  closing.push(() => webhooks.close(0));
  const count = async (name: string, labels: Record<string, string> = {}) => {
    const { values } = (await metrics.registry.getSingleMetric(name)?.get()) ?? { values: [] };
    const isMeant = (found: Partial<Record<string, string | number>>) =>
      Object.entries(labels).every(([label, value]) => found[label] === value);
    return values.find(({ labels: found }) => isMeant(found))?.value;
  };
  return { webhooks, lines, count };
}

function happening(sessionId = 'session-1', sequence = 1): WebhookBody {
  return {
    ...{ id: randomUUID(), sessionId, sequence, createdAt: '2026-01-01T00:00:00.000Z' },
    ...{ type: 'turn.committed', data: { turnId: 1, participantId: 'ann', text: 'grüß Gott', startMs: 5, endMs: 9 } },
  };
}

const answer = (status: number, headers?: Record<string, string>) => ({
  ...{ kind: 'answer' as const, status },
  ...(headers === undefined ? {} : { headers }),
});

describe('a webhook', () => {
  it('arrives as JSON, named, numbered and signed', async () => {
    const there = await receiver();
    const { webhooks, count } = webhooksTo([there.url]);
    const event = happening();
    webhooks.send(event);
    await eventually(() => expect(there.received).toHaveLength(1));
    const [{ headers, text, path } = expect.fail('nothing came')] = there.received;
    expect(path).toBe('/hook');
    expect(JSON.parse(text)).toEqual(event);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-visavis-event': 'turn.committed',
      'x-visavis-delivery': event.id,
    });
    const header = String(headers['x-visavis-signature']);
    expect(isSignedBy(SECRET, { header, body: text, nowS: Math.floor(Date.now() / 1000) })).toBe(true);
    await eventually(async () =>
      expect(await count('visavis_webhook_deliveries_total', { outcome: 'delivered' })).toBe(1),
    );
    expect(await count('visavis_webhook_delivery_seconds', {})).toBeDefined();
  });

  it('is sent again, with the same id, until it is received', async () => {
    const there = await receiver();
    there.react(answer(500), answer(500), { kind: 'break-off' }, answer(404));
    const { webhooks, count } = webhooksTo([there.url]);
    const event = happening();
    webhooks.send(event);
    await eventually(() => expect(there.received).toHaveLength(5));
    expect(new Set(there.events.map(({ id }) => id))).toEqual(new Set([event.id]));
    await eventually(() => expect(webhooks.queued).toBe(0));
    expect(await count('visavis_webhook_attempts_total', { result: 'status' })).toBe(3);
    expect(await count('visavis_webhook_attempts_total', { result: 'unreachable' })).toBe(1);
    expect(await count('visavis_webhook_attempts_total', { result: 'ok' })).toBe(1);
  });

  it('does not follow redirects', async () => {
    const elsewhere = await receiver();
    const there = await receiver();
    there.react(answer(307, { location: elsewhere.url }), answer(302, { location: elsewhere.url }));
    const { webhooks, count } = webhooksTo([there.url]);
    webhooks.send(happening());
    await eventually(() => expect(there.received).toHaveLength(3));
    expect(elsewhere.received).toHaveLength(0);
    expect(await count('visavis_webhook_attempts_total', { result: 'redirect' })).toBe(2);
  });

  it('waits as long for another attempt as the receiver asks', async () => {
    const there = await receiver();
    there.react(answer(429, { 'retry-after': '400' }));
    const { webhooks, count } = webhooksTo([there.url]);
    webhooks.send(happening());
    // 400 s are more than there are to try.
    await eventually(async () =>
      expect(await count('visavis_webhook_deliveries_total', { outcome: 'failed' })).toBe(1),
    );
    expect(there.received).toHaveLength(1);
  });

  it('is given up by a receiver that hangs', async () => {
    const there = await receiver();
    there.otherwise = () => ({ kind: 'hang' });
    const { webhooks, lines, count } = webhooksTo([there.url], { timeoutMs: 30, retryMs: 100 });
    const event = happening();
    webhooks.send(event);
    await eventually(async () =>
      expect(await count('visavis_webhook_deliveries_total', { outcome: 'failed' })).toBe(1),
    );
    expect(await count('visavis_webhook_attempts_total', { result: 'timeout' })).toBe(there.received.length);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'webhook given up', delivery: event.id, sessionId: 'session-1', result: 'timeout' },
    ]);
    expect(lines.join('')).not.toContain('grüß');
  });

  it('of a kind that is not asked for is not sent', async () => {
    const there = await receiver();
    const { webhooks } = webhooksTo([there.url], { events: ['session.ended'] });
    webhooks.send(happening());
    expect(webhooks.queued).toBe(0);
  });
});

describe('the webhooks of a session', () => {
  it('come one after the other, whatever happens to the first', async () => {
    const there = await receiver();
    there.react(answer(503), answer(500));
    const { webhooks } = webhooksTo([there.url]);
    for (let sequence = 1; sequence <= 5; sequence++) webhooks.send(happening('a', sequence));
    await eventually(() => expect(webhooks.queued).toBe(0));
    expect(there.events.map(({ sequence }) => sequence)).toEqual([1, 1, 1, 2, 3, 4, 5]);
    expect(there.mostOpen).toBe(1);
  });

  it('do not wait for those of another session', async () => {
    const there = await receiver();
    there.otherwise = ({ event }) => (event.sessionId === 'stuck' ? { kind: 'hang' } : answer(200));
    const { webhooks } = webhooksTo([there.url]);
    webhooks.send(happening('stuck'));
    webhooks.send(happening('free', 1));
    webhooks.send(happening('free', 2));
    await eventually(() => expect(webhooks.queued).toBe(1));
    expect(there.events.filter(({ sessionId }) => sessionId === 'free')).toHaveLength(2);
  });

  it('reach every receiver, whatever the others do', async () => {
    const [sound, broken] = [await receiver(), await receiver()];
    broken.otherwise = () => answer(500);
    const { webhooks } = webhooksTo([broken.url, sound.url]);
    webhooks.send(happening('a', 1));
    webhooks.send(happening('a', 2));
    await eventually(() => expect(sound.events.map(({ sequence }) => sequence)).toEqual([1, 2]));
  });
});

describe('the queue', () => {
  it('is bounded: what comes while it is full is dropped and counted', async () => {
    const there = await receiver();
    there.otherwise = () => ({ kind: 'hang' });
    const { webhooks, lines, count } = webhooksTo([there.url], {}, { maxQueued: 3 });
    for (let sequence = 1; sequence <= 5; sequence++) webhooks.send(happening('a', sequence));
    expect(webhooks.queued).toBe(3);
    expect(await count('visavis_webhooks_queued')).toBe(3);
    expect(await count('visavis_webhook_deliveries_total', { outcome: 'dropped' })).toBe(2);
    expect(lines).toHaveLength(2);
  });

  it('asks a receiver at most eight things at once', async () => {
    const there = await receiver();
    there.otherwise = () => ({ kind: 'answer', status: 200, afterMs: 20 });
    const { webhooks } = webhooksTo([there.url]);
    for (let session = 0; session < 20; session++) webhooks.send(happening(`session-${session}`));
    await eventually(() => expect(webhooks.queued).toBe(0));
    expect(there.received).toHaveLength(20);
    expect(there.mostOpen).toBeLessThanOrEqual(8);
  });

  it('is emptied when the service stops: what waits for another attempt gets it at once', async () => {
    const there = await receiver();
    there.react(answer(500));
    const { webhooks } = webhooksTo([there.url], {}, { backoff: { firstMs: 50_000, lastMs: 50_000 } });
    webhooks.send(happening('a', 1));
    webhooks.send(happening('a', 2));
    await eventually(() => expect(there.received).toHaveLength(1));
    await webhooks.close(10_000);
    expect(there.events.map(({ sequence }) => sequence)).toEqual([1, 1, 2]);
  });

  it('does not hold the stop up beyond the limit', async () => {
    const there = await receiver();
    there.otherwise = () => ({ kind: 'hang' });
    const { webhooks, count } = webhooksTo([there.url]);
    for (let sequence = 1; sequence <= 4; sequence++) webhooks.send(happening('a', sequence));
    await webhooks.close(50);
    expect(webhooks.queued).toBe(0);
    expect(await count('visavis_webhook_deliveries_total', { outcome: 'failed' })).toBe(4);
  });
});
