import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecognitionStream } from '../../../src/inference/engines.js';
import { OpenAiRecogniser } from '../../../src/inference/speech/openai-recogniser.js';
import { eventually } from '../../support/eventually.js';
import { OpenAiServer } from '../../support/openai-server.js';
import { ScriptedRecognition } from '../../support/scripted-engines.js';

const KEY = 'sk-of-the-test';
let server: OpenAiServer;

beforeEach(async () => {
  server = await OpenAiServer.start({ apiKey: KEY });
});
afterEach(() => server.close());

function recogniser(o: { apiKey?: string; timeoutMs?: number; partials?: ScriptedRecognition } = {}): OpenAiRecogniser {
  const { partials, apiKey = KEY, timeoutMs = 5_000 } = o;
  return new OpenAiRecogniser({
    ...{ apiKey, baseUrl: server.url, transcriptionModel: 'ear', timeoutMs },
    ...(partials && { partials: { open: () => partials, close: async () => {} } }),
  });
}

/** A sound of that length that differs from second to second. */
function sound(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * 16_000 }, (_, i) => 0.3 * Math.sin(i / (20 + Math.floor(i / 16_000))));
}

const signal = new AbortController().signal;
function spoken(stream: RecognitionStream, seconds = 1): RecognitionStream {
  stream.push(sound(seconds));
  return stream;
}

describe('recognition by the OpenAI audio API', () => {
  it('sends the turn as 16 kHz WAV with model and language and answers with the trimmed text', async () => {
    server.transcription.script({ kind: 'text', text: ' Guten Tag, wie geht’s? ' });
    const transcript = await spoken(recogniser().open({ language: 'de-AT' })).final({ signal });
    expect(transcript).toMatchObject({ text: 'Guten Tag, wie geht’s?', audioMs: 1_000 });
    const [request] = server.transcription.heard;
    expect(request).toMatchObject({ model: 'ear', language: 'de', sampleRateHz: 16_000 });
    const given = sound(1);
    expect(Math.max(...given.map((value, i) => Math.abs(value - (request?.samples[i] ?? 9))))).toBeLessThan(1e-4);
  });

  it('names no language where none is known', async () => {
    await spoken(recogniser().open()).final({ signal });
    expect(server.transcription.heard[0]?.language).toBeNull();
  });

  it('takes one JSON object from servers that do not stream', async () => {
    server.transcription.streams = false;
    server.transcription.script({ kind: 'text', text: 'Plain.' });
    expect((await spoken(recogniser().open()).final({ signal })).text).toBe('Plain.');
  });

  it('sends nothing for silence, and nothing twice', async () => {
    const stream = recogniser().open();
    stream.push(new Float32Array(32_000));
    expect((await stream.final({ signal })).text).toBe('');
    expect(server.transcription.heard).toHaveLength(0);
    stream.push(sound(1));
    await stream.final({ signal });
    await stream.final({ signal });
    expect(server.transcription.heard).toHaveLength(1);
  });

  it('sends a long turn in pieces, each once', async () => {
    let piece = 0;
    server.transcription.otherwise = () => ({ kind: 'text', text: `piece ${++piece}` });
    const stream = spoken(recogniser().open(), 20);
    expect((await stream.final({ signal })).text).toBe('piece 1 piece 2');
    stream.push(sound(1));
    expect((await stream.final({ signal })).text).toBe('piece 1 piece 3');
    const lengths = server.transcription.heard.map(({ samples }) => samples.length);
    expect(lengths.every((length) => length <= 15 * 16_000)).toBe(true);
    expect((lengths[0] ?? 0) + (lengths[1] ?? 0)).toBe(20 * 16_000);
  });

  it('tries a failure that may pass once more, as soon as the server wants', async () => {
    server.transcription.script({ kind: 'error', status: 429, retryAfterS: 0 }, { kind: 'text', text: 'Second try.' });
    expect((await spoken(recogniser().open()).final({ signal })).text).toBe('Second try.');
    server.transcription.script({ kind: 'error', status: 500 }, { kind: 'text', text: 'And again.' });
    expect((await spoken(recogniser().open()).final({ signal })).text).toBe('And again.');
  });

  it.each([
    ['429 that asks for a long wait', { kind: 'error', status: 429, retryAfterS: 60 }, 1, /status 429/],
    ['500 twice', { kind: 'error', status: 500 }, 2, /status 500/],
    ['400', { kind: 'error', status: 400 }, 1, /status 400/],
    ['broken JSON', { kind: 'raw', type: 'application/json', body: '{"text": "hel' }, 2, /something else than a text/],
    ['JSON of another shape', { kind: 'raw', type: 'application/json', body: '{"words": []}' }, 2, /something else/],
    ['a broken event', { kind: 'raw', type: 'text/event-stream', body: 'data: {"type\n\n' }, 2, /something else/],
    [
      'events that end early',
      { kind: 'raw', type: 'text/event-stream', body: 'data: {"type":"transcript.text.delta","delta":"He"}\n\n' },
      2,
      /before its text was complete/,
    ],
    ['an error event', { kind: 'raw', type: 'text/event-stream', body: 'data: {"error":{}}\n\n' }, 2, /an error/],
    ['a connection that breaks off', { kind: 'break-off' }, 2, /broke off/],
  ] as const)('rejects with upstream-failed: %s', async (_, hearing, requests, message) => {
    server.transcription.otherwise = () => hearing;
    const stream = spoken(recogniser().open());
    await expect(stream.final({ signal })).rejects.toMatchObject({
      code: 'upstream-failed',
      message: expect.stringMatching(message),
    });
    expect(server.transcription.heard.length).toBeLessThanOrEqual(requests);
    // The next turn works.
    server.transcription.otherwise = () => ({ kind: 'text', text: 'Fine now.' });
    stream.reset();
    expect((await spoken(stream).final({ signal })).text).toBe('Fine now.');
  });

  it('says that the key was refused, without the key', async () => {
    const wrong = recogniser({ apiKey: 'sk-wrong' }).open();
    const error: Error = await spoken(wrong)
      .final({ signal })
      .then(
        () => expect.fail('it was accepted'),
        (thrown) => thrown,
      );
    expect(error).toMatchObject({ code: 'upstream-failed', retryable: false });
    expect(error.message).not.toContain('sk-wrong');
  });

  it('gives up a server that never answers: upstream-timeout', async () => {
    server.transcription.script({ kind: 'hang' });
    const stream = spoken(recogniser({ timeoutMs: 200 }).open());
    await expect(stream.final({ signal })).rejects.toMatchObject({ code: 'upstream-timeout' });
  });

  it('cancels the request when it is aborted', async () => {
    server.transcription.script({ kind: 'hang' });
    const abort = new AbortController();
    const text = spoken(recogniser().open()).final({ signal: abort.signal });
    await eventually(() => expect(server.transcription.heard).toHaveLength(1));
    abort.abort();
    await expect(text).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(() => expect(server.transcription.heard[0]?.aborted).toBe(true));
  });

  it('leaves partial texts to the local recogniser, and has none without', async () => {
    const partials = new ScriptedRecognition();
    partials.text = 'hello';
    const stream = spoken(recogniser({ partials }).open({ language: 'en' }));
    expect((await stream.partial({ signal })).text).toBe('hello');
    expect(partials.pushed).toBe(16_000);
    const alone = spoken(recogniser().open({ language: 'en' }));
    await expect(alone.partial({ signal })).rejects.toMatchObject({ code: 'unavailable' });
    expect(server.transcription.heard).toHaveLength(0);
  });

  it('refuses what is no language', () => {
    expect(() => recogniser().open({ language: 'the one they speak' })).toThrow(/language tag/);
  });
});
