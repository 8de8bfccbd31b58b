import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { words } from '../support/speech-audio.js';
import { NO_BROWSER, startService, TalkPage } from '../support/talk-page.js';

const PICTURE_LIMIT_MS = 30_000;

describe.skipIf(NO_BROWSER)('an avatar worker that is killed', () => {
  let service: BenchServer;
  let page: TalkPage;
  let questions: Int16Array[];

  beforeAll(async () => {
    questions = await speakAll(['What do I need to run it?', 'Can you hear me?']);
    service = await startService();
    page = await TalkPage.open(service.url);
  }, 180_000);

  afterAll(async () => {
    await page?.close();
    await service?.close();
  });

  /** Waits until `count` more pictures have been decoded. */
  async function morePictures(count: number): Promise<void> {
    const wanted = (await page.decodedFrames()) + count;
    const deadline = performance.now() + PICTURE_LIMIT_MS;
    while ((await page.decodedFrames()) < wanted) {
      if (performance.now() > deadline) throw new Error(`fewer than ${count} pictures came in ${PICTURE_LIMIT_MS} ms`);
      await page.settle(200);
    }
  }

  it('in mid-sentence is replaced on the same page: the picture moves on and the next question is answered', async () => {
    await page.speak(questions[0]!);
    await page.waitForState('speaking');
    await page.waitFor('caption', 3);
    const { avatar } = service.pids();
    process.kill(avatar!, 'SIGKILL');
    const [error] = await page.waitFor('session-error', 1);
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    const [cut] = await page.eventsOf('utterance-end');
    expect(cut).toMatchObject({ interrupted: true });
    expect(words(cut!.text).length).toBeGreaterThanOrEqual(3);
    await morePictures(50);
    expect(service.pids()['avatar']).not.toBe(avatar);
    expect(await page.browser.evaluate('visavis.phase')).toBe('live');
    expect((await page.eventsOf('phase')).map(({ phase }) => phase)).toEqual(['live']);

    const reply = await page.turn(questions[1]!);
    expect(reply.interrupted).toBe(false);
    expect(reply.text).toMatch(/hear you|clear/i);
    expect(reply.utteranceId).toBeGreaterThan(cut!.utteranceId);
    const said = await page.browser.evaluate<string[]>(
      "visavis.transcript.filter(({ speaker }) => speaker === 'avatar').map(({ text }) => text)",
    );
    expect(said).toEqual([cut!.text, reply.text]);
    await morePictures(25);
  });
});
