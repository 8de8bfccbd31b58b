import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { startService, TalkPage } from '../support/talk-page.js';

const SHORT_MS = 20_000;
/** The service notices after 20 s at most that nobody answers, and keeps the seat for 35 s. */
const LONG_MS = 65_000;
const BACK_LIMIT_MS = 30_000;

describe('a machine that falls asleep in a conversation', () => {
  let service: BenchServer;
  let page: TalkPage;
  let question: Int16Array;

  beforeAll(async () => {
    [question] = (await speakAll(['Can you hear me?'])) as [Int16Array];
    service = await startService();
    page = await TalkPage.open(service.url);
    await page.browser.evaluate('window.notReloaded = true');
  });

  afterAll(async () => {
    await page?.close();
    await service?.close();
  });

  const phase = () => page.browser.evaluate<string>('visavis.phase');
  const said = () => page.browser.evaluate<string[]>('visavis.transcript.map(({ text }) => text)');

  it('for 20 s goes on where it was: picture, sound, transcript and microphone', async () => {
    const first = await page.turn(question);
    const before = await said();
    page.browser.sleep();
    await sleep(SHORT_MS);
    page.browser.wake();
    const wokeAtMs = performance.now();
    await sleep(1_500);
    await page.browser.until("visavis.phase === 'live'", BACK_LIMIT_MS);
    await page.morePictures(10, BACK_LIMIT_MS);
    console.log(`picture ${Math.round(performance.now() - wokeAtMs)} ms after waking up`);
    expect(await said()).toEqual(before);
    expect(await page.browser.evaluate('visavis.microphone')).toBe('on');
    const second = await page.turn(question);
    expect(second.utteranceId).toBeGreaterThan(first.utteranceId);
    expect(await page.browser.evaluate('window.notReloaded')).toBe(true);
  });

  it('for longer than the seat is kept says that it is over, and its button begins anew', async () => {
    page.browser.sleep();
    await sleep(LONG_MS);
    page.browser.wake();
    await page.browser.until("visavis.phase === 'over'", BACK_LIMIT_MS);
    await page.browser.page.getByText('expired').filter({ visible: true }).first().waitFor();
    await page.browser.page
      .getByRole('button', { name: /start again/i })
      .first()
      .click();
    await page.browser.until("visavis.phase === 'live' && visavis.firstFrameMs !== undefined", BACK_LIMIT_MS);
    await page.morePictures(10, BACK_LIMIT_MS);
    expect(await phase()).toBe('live');
    expect((await page.turn('Can you hear me?')).text).not.toBe('');
    expect(await page.browser.evaluate('window.notReloaded')).toBe(true);
  });
});
