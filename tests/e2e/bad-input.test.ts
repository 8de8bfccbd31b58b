import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { TestClient } from '../support/client.js';
import { startService, TalkPage } from '../support/talk-page.js';

const RATE_HZ = 48_000;
const SOUND_MS = 3_000;
/** Ends a turn, if a sound has made one. */
const PAUSE_MS = 1_500;
/** Longer than the wait for an unfinished turn, its recognition on a busy machine and the first words of a reply. */
const NO_REPLY_WITHIN_MS = 4_000;

/** Mono 16-bit sound, sample by sample. */
function sound(ms: number, sample: (i: number) => number): Int16Array {
  return Int16Array.from({ length: (ms * RATE_HZ) / 1000 }, (_, i) => 32_767 * sample(i));
}

function whiteNoise(amplitude: number): (i: number) => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return amplitude * (state / 2 ** 31 - 1);
  };
}

/** Chords of three decaying tones with overtones, two a second. */
function music(i: number): number {
  const second = i / RATE_HZ;
  const chord = [220, 247, 196, 262][Math.floor(second * 2) % 4]!;
  const decay = Math.exp(-4 * ((second * 2) % 1));
  const note = (hz: number) => Math.sin(2 * Math.PI * hz * second) + 0.4 * Math.sin(4 * Math.PI * hz * second);
  return 0.12 * decay * (note(chord) + note(chord * 1.26) + note(chord * 1.5));
}

describe('bad input', () => {
  let service: BenchServer;
  let page: TalkPage;
  let question: Int16Array;
  let longQuestion: Int16Array;

  beforeAll(async () => {
    [question, longQuestion] = (await speakAll([
      'Can you hear me?',
      'I would like to know whether there is any way to run all of this on the old computer in my office.',
    ])) as [Int16Array, Int16Array];
    service = await startService();
    page = await TalkPage.open(service.url);
  }, 180_000);

  afterAll(async () => {
    await page?.close();
    await service?.close();
  });

  /** A second client in the visitor's session. */
  async function join(): Promise<TestClient> {
    const [joined] = await page.eventsOf('joined');
    const response = await fetch(`${service.url}v1/sessions/${joined!.answer.sessionId}/tokens`, { method: 'POST' });
    const { token } = (await response.json()) as CreatedSession;
    const client = await TestClient.connect(service.url);
    await client.data('join', { token });
    return client;
  }

  /** All that was understood and all that was answered so far. */
  async function answersAndWords(): Promise<string[]> {
    const understood = (await page.eventsOf('transcript')).filter(({ final, text }) => final && text !== '');
    return [...understood, ...(await page.eventsOf('utterance-end'))].map(({ text }) => text);
  }

  async function expectNextTurnToWork(): Promise<void> {
    const reply = await page.turn(question);
    expect(reply).toMatchObject({ interrupted: false });
    expect(reply.text.split(' ').length).toBeGreaterThan(3);
  }

  it('silence, white noise and music get no reply, and the next question does', async () => {
    const before = await answersAndWords();
    for (const sample of [() => 0, whiteNoise(0.1), music]) {
      await page.speak(sound(SOUND_MS, sample));
      await page.settle(PAUSE_MS);
    }
    await page.settle(NO_REPLY_WITHIN_MS);
    expect(await answersAndWords()).toEqual(before);
    await page.waitForState('idle');
    await expectNextTurnToWork();
  });

  it('a microphone that ends in mid-turn leaves a conversation that goes on by typing and by voice', async () => {
    const speaking = page.speak(longQuestion);
    await page.waitForState('listening');
    await page.browser.evaluate(
      `{ const [track] = visavis.microphoneStream.getAudioTracks(); track.stop(); track.dispatchEvent(new Event('ended')); }`,
    );
    await speaking;
    await page.browser.until("visavis.microphone === 'off'", 10_000);
    await page.waitForState('idle');
    expect((await page.turn('What does it cost?')).text).not.toBe('');
    await page.browser.page.getByRole('button', { name: 'Turn on microphone' }).click();
    await page.browser.until("visavis.microphone === 'on'", 10_000);
    await page.settle(1_000);
    await expectNextTurnToWork();
  });

  it('empty and endless texts are refused with a typed error, and the next turn works', async () => {
    const client = await join();
    for (const name of ['ask', 'say']) {
      for (const text of ['', ' \n ', 'word '.repeat(20_000)]) {
        expect(await client.error(name, { text })).toMatchObject({
          code: 'bad-request',
          field: 'text',
          retryable: false,
        });
      }
    }
    client.socket.emit('leave', {});
    client.close();
    await expectNextTurnToWork();
  });

  it('texts of nothing but emoji come to an end, and the next turn works', async () => {
    const client = await join();
    for (const name of ['ask', 'say'] as const) {
      const ends = (await page.eventsOf('utterance-end')).length;
      await client.data(name, { text: '🎉🎉 👍🏽 🏳️‍🌈' });
      const end = (await page.waitFor('utterance-end', ends + 1)).at(-1)!;
      expect(end.interrupted).toBe(false);
      if (name === 'ask') expect(end.text).toMatch(/[a-z]/i);
      await page.waitForState('idle');
    }
    client.socket.emit('leave', {});
    client.close();
    await expectNextTurnToWork();
  });
});
