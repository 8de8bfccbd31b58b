import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import { FarConversation } from './support/far-conversation.js';
import { networkMissing } from './support/test-network.js';

const missing = networkMissing();
if (missing !== undefined) throw new Error(missing);
const QUESTION = 'Can you hear me?';
const BACK_LIMIT_MS = 20_000;

describe('a visitor whose machine moves to another network', () => {
  let far: FarConversation;
  let question: Int16Array;
  beforeAll(async () => {
    [question] = (await speakAll([QUESTION])) as [Int16Array];
    far = await FarConversation.create();
    await far.open();
    await far.page.browser.evaluate('window.notReloaded = true');
  });
  afterAll(() => far?.close());

  it.each([
    { ip: '10.77.0.66', offlineMs: 1_500, how: 'after a moment without any' },
    { ip: '10.77.0.99', offlineMs: 0, how: 'from one moment to the next' },
    { ip: '10.77.0.2', offlineMs: 8_000, how: 'after a while without any' },
  ])('goes on talking, $how', async ({ ip, offlineMs }) => {
    const { page, network } = far;
    const before = await page.browser.evaluate<string[]>('visavis.transcript.map(({ text }) => text)');
    await network.moveVisitor(ip, offlineMs);
    const movedAtMs = performance.now();
    await page.morePictures(1, BACK_LIMIT_MS);
    const pictureMs = performance.now() - movedAtMs;
    await page.browser.until("visavis.phase === 'live'", BACK_LIMIT_MS);
    console.log(
      `moved, ${offlineMs} ms offline: picture after ${Math.round(pictureMs)} ms, live after ${Math.round(performance.now() - movedAtMs)} ms`,
    );
    await page.morePictures(25, BACK_LIMIT_MS);
    const exchange = await far.exchange(QUESTION, question);
    expect(exchange.questionErrors).toBeLessThanOrEqual(0.5);
    expect(exchange.answerErrors).toBeLessThanOrEqual(0.5);
    const after = await page.browser.evaluate<string[]>('visavis.transcript.map(({ text }) => text)');
    expect(after.slice(0, before.length)).toEqual(before);
    expect(await page.browser.evaluate('window.notReloaded')).toBe(true);
    expect(await page.browser.evaluate('visavis.microphone')).toBe('on');
  });
});
