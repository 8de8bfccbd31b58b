import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { firstVoiced } from '../../src/bench/waveform.js';
import { OpenAiServer, type Script } from '../support/openai-server.js';
import { words } from '../support/speech-audio.js';
import { startService, TalkPage } from '../support/talk-page.js';

const API_KEY = 'sk-end-to-end';
const TIMEOUT_S = 3;
const NORMAL = 'Paris is the capital of France.';
const BROKEN = 'The first step is easy. The second step is to open the';

/** What the model does with a question that contains the key; anything else gets a normal answer. */
const SCRIPTS: Record<string, Script> = {
  slow: { kind: 'reply', text: 'I had to think about that.', firstTokenMs: 1_500, tokenMs: 150 },
  refused: { kind: 'error', status: 401, message: 'Incorrect API key provided: sk-secret.' },
  dead: { kind: 'dead' },
  broken: { kind: 'break-off', text: BROKEN, afterTokens: 20 },
};

describe('an OpenAI-compatible language model', () => {
  let model: OpenAiServer;
  let service: BenchServer;
  let page: TalkPage;
  let question: Int16Array;

  beforeAll(async () => {
    [question] = (await speakAll(['What is the capital of France?'])) as [Int16Array];
    model = await OpenAiServer.start({ apiKey: API_KEY });
    model.otherwise = (said) => {
      const key = Object.keys(SCRIPTS).find((name) => said.includes(name));
      return key === undefined ? { kind: 'reply', text: NORMAL, tokenMs: 20 } : SCRIPTS[key]!;
    };
    service = await startService({
      OPENAI_API_KEY: API_KEY,
      OPENAI_BASE_URL: model.url,
      OPENAI_TIMEOUT_S: String(TIMEOUT_S),
    });
    page = await TalkPage.open(service.url);
  }, 180_000);

  afterAll(async () => {
    await page?.close();
    await service?.close();
    await model?.close();
  });

  /** Errors that the page was told since that many events ago. */
  async function errorsSince(count: number): Promise<{ code: string; retryable: boolean; message: string }[]> {
    return (await page.eventsOf('session-error')).slice(count);
  }

  it('answers a spoken question, and the answer is heard', async () => {
    const reply = await page.turn(question);
    expect(reply).toMatchObject({ text: NORMAL, interrupted: false });
    const { body, authorization } = model.requests.at(-1)!;
    expect(authorization).toBe(`Bearer ${API_KEY}`);
    expect(body).toMatchObject({ stream: true, model: 'gpt-4o-mini' });
    expect(words(body.messages.at(-1).content)).toEqual(words('What is the capital of France?'));
    const recording = await page.recording();
    expect(firstVoiced(recording.avatar, recording.rateHz, 0, recording.avatar.length)).toBeDefined();
  });

  it('that is slow is waited for', async () => {
    expect(await page.turn('Be slow.')).toMatchObject({ text: 'I had to think about that.', interrupted: false });
    expect(await errorsSince(0)).toEqual([]);
  });

  it.each([
    ['refused', { code: 'upstream-failed', retryable: false }, /sorry/i],
    ['dead', { code: 'upstream-timeout', retryable: true }, /sorry/i],
    ['broken', { code: 'upstream-failed', retryable: true }, /^The first step is easy\..*sorry/i],
  ])('that is %s is apologised for, reported with a typed error, and the next turn works', async (key, error, said) => {
    const before = (await page.eventsOf('session-error')).length;
    const reply = await page.turn(`Now be ${key}.`);
    expect(reply.text).toMatch(said);
    expect(reply.interrupted).toBe(false);
    const errors = await errorsSince(before);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject(error);
    expect(JSON.stringify(errors)).not.toMatch(/sk-/);
    expect(await page.turn('What is the capital of France?')).toMatchObject({ text: NORMAL, interrupted: false });
  });
});
