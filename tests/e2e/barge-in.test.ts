import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { envelope } from '../../src/bench/waveform.js';
import { OpenAiServer } from '../support/openai-server.js';
import { words } from '../support/speech-audio.js';
import { startService, TalkPage } from '../support/talk-page.js';

const STORY =
  'Once upon a time there was a lighthouse keeper who lived alone on a small island. Every morning he walked down to the shore ' +
  'and counted the boats that passed. One day a little red boat came very close to the rocks, and the keeper rang his heavy bell.';
/** The answer to the interruption comes this late, so that there is a silence to look at. */
const ANSWER_AFTER_MS = 2_500;
/** A word of attention lasts half a second; a busy machine may take longer than the usual 448 ms to recognise it. */
const INTERRUPTION_MS = 1_500;
const ANSWER = 'The island is called Skye.';
const VOICED = 0.008;

let clips: { story: Int16Array; interruption: Int16Array; backchannel: Int16Array; next: Int16Array };
let model: OpenAiServer;
let service: BenchServer;
let page: TalkPage;
let requestsBefore: number;

/** The conversation as the language model last saw it, without the system's part. */
function lastPrompt(): { role: string; content: string }[] {
  return model.requests.at(-1)!.body.messages.slice(1);
}

/** Waits until the avatar has said that many words of the utterance under way. */
async function wordsSpoken(count: number): Promise<void> {
  await page.waitFor('caption', (await page.eventsOf('caption')).length + count);
}

beforeAll(async () => {
  const [story, interruption, backchannel, next] = await speakAll([
    'Please tell me a long story.',
    'Wait, what was the name of the island?',
    'Right.',
    'Are you still there?',
  ]);
  clips = { story: story!, interruption: interruption!, backchannel: backchannel!, next: next! };
  model = await OpenAiServer.start();
  model.otherwise = (said) => {
    if (/story/i.test(said)) return { kind: 'reply', text: STORY };
    if (/wait|name|island/i.test(said)) return { kind: 'reply', text: ANSWER, firstTokenMs: ANSWER_AFTER_MS };
    return { kind: 'reply', text: 'Yes, I am still here.' };
  };
  service = await startService({ OPENAI_BASE_URL: model.url, VISAVIS_INTERRUPTION_MS: String(INTERRUPTION_MS) });
}, 180_000);

afterAll(async () => {
  await service?.close();
  await model?.close();
});

describe('speaking over the avatar', () => {
  beforeEach(async () => {
    requestsBefore = model.requests.length;
    page = await TalkPage.open(service.url);
  }, 90_000);

  afterEach(() => page.close());

  it('stops the voice, keeps only what was heard, and the conversation goes on', async () => {
    await page.speak(clips.story);
    await page.waitForState('speaking');
    await wordsSpoken(8);
    await page.speak(clips.interruption);
    const [first] = await page.waitFor('utterance-end', 1);
    const told = words(STORY);
    const heard = words(first!.text);
    expect(first!.interrupted).toBe(true);
    expect(heard.length).toBeGreaterThanOrEqual(8);
    expect(heard.length).toBeLessThan(told.length);
    expect(heard).toEqual(told.slice(0, heard.length));

    const ends = await page.waitFor('utterance-end', 2);
    expect(ends[1]).toMatchObject({ text: ANSWER, interrupted: false });
    const prompt = lastPrompt();
    expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(words(prompt[1]!.content)).toEqual(heard);
    expect(prompt[2]!.content).toMatch(/island/i);

    await page.waitForState('idle');
    const recording = await page.recording();
    const resumedAtMs = (await page.eventsOf('state')).filter(({ state }) => state === 'speaking').at(-1)!.atMs;
    // From when the last faded sample must have been played out, to just before the answer.
    const between = recording.heard(first!.atMs + 600, resumedAtMs - 50);
    expect(between.length).toBeGreaterThan(0);
    expect(envelope(between, recording.rateHz).every((level) => level < VOICED)).toBe(true);

    expect(await page.turn(clips.next)).toMatchObject({ text: 'Yes, I am still here.', interrupted: false });
    expect(lastPrompt().map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
    expect(lastPrompt()[3]!.content).toBe(ANSWER);
  });

  it('does not stop it with a word that only shows attention', async () => {
    await page.speak(clips.story);
    await page.waitForState('speaking');
    await wordsSpoken(8);
    await page.speak(clips.backchannel);
    const ends = await page.waitFor('utterance-end', 1);
    expect(ends[0]!.interrupted).toBe(false);
    expect(words(ends[0]!.text)).toEqual(words(STORY));
    expect((await page.eventsOf('interruption')).map(({ phase }) => phase)).not.toContain('stopped');
    const asked = model.requests.slice(requestsBefore).map(({ body }) => body.messages.at(-1).content as string);
    expect(asked.filter((text) => !/story/i.test(text))).toEqual([]);
  });
});
