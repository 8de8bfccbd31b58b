import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FarConversation } from './support/far-conversation.js';
import { networkMissing } from './support/test-network.js';

const missing = networkMissing();
if (missing !== undefined) throw new Error(missing);
const QUESTION = 'Does it need a graphics card to work well?';

describe('a visitor on another host', () => {
  let far: FarConversation;
  beforeAll(async () => {
    far = await FarConversation.create();
  });
  afterAll(() => far?.close());

  it('reaches the announced address over UDP, is understood and hears the answer', async () => {
    await far.open();
    expect(await far.path()).toMatchObject({ protocol: 'udp' });
    const exchange = await far.exchange(QUESTION);
    console.log('direct', exchange);
    expect(exchange.questionErrors).toBeLessThanOrEqual(0.25);
    expect(exchange.answerErrors).toBeLessThanOrEqual(0.25);
    expect(exchange.framesPerSecond).toBeGreaterThan(5);
    await far.page.close();
  });

  it('falls back to TCP on the same port where UDP is blocked', async () => {
    await far.network.impair('block udp');
    await far.open();
    expect(await far.path()).toMatchObject({ protocol: 'tcp' });
    const exchange = await far.exchange(QUESTION);
    console.log('tcp', exchange);
    expect(exchange.questionErrors).toBeLessThanOrEqual(0.25);
    expect(exchange.answerErrors).toBeLessThanOrEqual(0.25);
    expect(exchange.framesPerSecond).toBeGreaterThan(5);
    await far.network.impair('unblock');
  });
});
