import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { wordingOf } from '../../src/wording.js';
import { eventually } from '../support/eventually.js';
import { words } from '../support/speech-audio.js';
import { startService, TalkPage } from '../support/talk-page.js';

const APOLOGY = wordingOf('en').apology;
const SPARE_LIMIT_MS = 120_000;

type Role = 'avatar' | 'speech' | 'media';

describe('a worker that is killed', { timeout: 300_000 }, () => {
  let service: BenchServer;
  let page: TalkPage;
  let questions: Int16Array[];

  beforeAll(async () => {
    questions = await speakAll(['What do I need to run it?', 'Can you hear me?']);
    service = await startService({ VISAVIS_STANDBY: 'on' });
  }, 180_000);

  afterAll(async () => {
    await service?.close();
  });

  /** A conversation on a page of its own, once a spare process of each kind is ready. */
  async function converse(test: () => Promise<void>): Promise<void> {
    await eventually(async () => {
      const metrics = await (await fetch(new URL('/metrics', service.url))).text();
      const spares = metrics.match(/^visavis_spare_processes\{.*\} \d+$/gm) ?? [];
      expect(spares.map((line) => line.replace(/^.*"(\w+)"\} /, '$1 ')).toSorted()).toEqual([
        'avatar 1',
        'media 1',
        'speech 1',
      ]);
    }, SPARE_LIMIT_MS);
    page = await TalkPage.open(service.url);
    try {
      await test();
    } finally {
      await page.close();
    }
  }

  function kill(role: Role): void {
    process.kill(service.pids()[role] as number, 'SIGKILL');
  }

  const phases = async () => (await page.eventsOf('phase')).map(({ phase }) => phase);
  const saidByAvatar = () =>
    page.browser.evaluate<string[]>(
      "visavis.transcript.filter(({ speaker }) => speaker === 'avatar').map(({ text }) => text)",
    );

  it('when it is the avatar worker, in mid-sentence: the picture moves on, an apology is heard, the next question is answered', () =>
    converse(async () => {
      await page.speak(questions[0]!);
      await page.waitForState('speaking');
      await page.waitFor('caption', 3);
      kill('avatar');
      const [error] = await page.waitFor('session-error', 1);
      expect(error).toMatchObject({ code: 'unavailable', retryable: true });
      const [cut] = await page.eventsOf('utterance-end');
      expect(cut).toMatchObject({ interrupted: true });
      expect(words(cut!.text).length).toBeGreaterThanOrEqual(3);
      const [, apology] = await page.waitFor('utterance-end', 2);
      expect(apology).toMatchObject({ text: APOLOGY, interrupted: false });
      await page.morePictures(50);
      expect(await phases()).toEqual(['live']);

      const reply = await page.turn(questions[1]!);
      expect(reply.interrupted).toBe(false);
      expect(reply.text).toMatch(/hear you|clear/i);
      expect(reply.utteranceId).toBeGreaterThan(cut!.utteranceId);
      expect(await saidByAvatar()).toEqual([cut!.text, APOLOGY, reply.text]);
      await page.morePictures(25);
    }));

  it('when it is the speech worker, while a question is being asked: the question is answered all the same', () =>
    converse(async () => {
      const asked = page.speak(questions[1]!);
      await page.waitForState('listening');
      kill('speech');
      await asked;
      const [reply] = await page.waitFor('utterance-end', 1);
      expect(reply!.text).toMatch(/hear you|clear/i);
      expect(await page.eventsOf('session-error')).toEqual([]);
      expect(await phases()).toEqual(['live']);
    }));

  it('when it is the speech worker, while the avatar speaks: it speaks to the end', () =>
    converse(async () => {
      await page.speak(questions[0]!);
      await page.waitForState('speaking');
      kill('speech');
      const [reply] = await page.waitFor('utterance-end', 1);
      expect(reply!.interrupted).toBe(false);
      expect(words(reply!.text).length).toBeGreaterThan(6);
      expect(await page.eventsOf('session-error')).toEqual([]);
    }));

  it('when it is the media worker, in mid-sentence: the page builds its media anew without a reload, and the conversation goes on', () =>
    converse(async () => {
      await page.speak(questions[0]!);
      await page.waitForState('speaking');
      await page.waitFor('caption', 3);
      kill('media');
      const [cut, apology] = await page.waitFor('utterance-end', 2);
      expect(cut).toMatchObject({ interrupted: true });
      expect(apology!.text).toBe(APOLOGY);
      await page.morePictures(50);
      expect(await phases()).toEqual(['live', 'reconnecting', 'live']);
      const reply = await page.turn(questions[1]!);
      expect(reply.text).toMatch(/hear you|clear/i);
      expect(await saidByAvatar()).toEqual([cut!.text, APOLOGY, reply.text]);
    }));
});
