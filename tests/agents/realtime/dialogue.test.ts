import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RealtimeDialogue, type RealtimeOptions } from '../../../src/agents/realtime/dialogue.js';
import type { Message, RecognitionStream, SpeechChunk, SpokenAnswer } from '../../../src/inference/engines.js';
import { eventually } from '../../support/eventually.js';
import { RealtimeServer } from '../../support/realtime-server.js';
import { ScriptedRecognition } from '../../support/scripted-engines.js';

let server: RealtimeServer;
const open: RealtimeDialogue[] = [];

beforeEach(async () => {
  server = await RealtimeServer.start();
});
afterEach(async () => {
  for (const dialogue of open.splice(0)) await dialogue.close();
  await server.close();
});

function begin(o: Partial<RealtimeOptions> = {}): RealtimeDialogue {
  const dialogue = new RealtimeDialogue({
    apiKey: 'sk-test',
    baseUrl: server.url,
    realtimeModel: 'talker',
    speechVoice: 'marin',
    transcriptionModel: 'ear',
    timeoutMs: 3_000,
    name: 'Nora',
    language: 'de',
    ...o,
  });
  open.push(dialogue);
  return dialogue;
}

async function connected(o: Partial<RealtimeOptions> = {}): Promise<RealtimeDialogue> {
  const dialogue = begin(o);
  const before = server.of('session.update').length;
  await eventually(() => expect(server.of('session.update').length).toBeGreaterThan(before - 1));
  await eventually(() => expect(server.sessions.length).toBeGreaterThan(0));
  await eventually(() => expect(server.sessions.at(-1)?.config.type).toBe('realtime'));
  // The answer to the update is on its way.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return dialogue;
}

const user = (text: string): Message => ({ role: 'user', text });
const voice = (ms: number) => Float32Array.from({ length: ms * 16 }, (_, i) => 0.2 * Math.sin(i / 9));
const never = () => new AbortController().signal;

async function say(ear: RecognitionStream, ms = 500): Promise<string> {
  for (let at = 0; at < ms; at += 32) ear.push(voice(32));
  return (await ear.final({ signal: never() })).text;
}

async function hear(answer: SpokenAnswer): Promise<SpeechChunk[]> {
  const chunks: SpeechChunk[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return chunks;
}

const wordsOf = (chunks: SpeechChunk[]) => chunks.flatMap(({ words }) => words.map(({ text }) => text));
const msOf = (chunks: SpeechChunk[]) =>
  chunks.reduce((sum, { samples, sampleRateHz }) => sum + (samples.length * 1000) / sampleRateHz, 0);

describe('a turn with a model that hears and speaks', () => {
  it('sends what was said, says what the server understood, and brings the answer with its words', async () => {
    const dialogue = await connected();
    const ear = dialogue.ear.open({});
    server.script({ kind: 'say', text: 'Good morning, how are you today?', soundMs: 2_000 });
    const text = await say(ear);
    expect(text).toBe('What the server heard.');
    ear.reset();
    const chunks = await hear(dialogue.answer([user(text)], { signal: never() }));
    expect(wordsOf(chunks).join(' ')).toBe('Good morning, how are you today?');
    expect(msOf(chunks)).toBeCloseTo(2_000, 0);
    expect(server.items.map(({ role, text }) => [role, text])).toEqual([
      ['user', ''],
      ['assistant', 'Good morning, how are you today?'],
    ]);
    expect(server.items[0]?.audioMs).toBeGreaterThan(495);
    expect(server.complaints).toEqual([]);
  });

  it('turns the server’s own turn detection off and names voice, language and who it is', async () => {
    await connected();
    const { session } = server.of('session.update')[0];
    expect(session.audio.input).toMatchObject({
      turn_detection: null,
      transcription: { model: 'ear', language: 'de' },
    });
    expect(session.audio.output).toMatchObject({ voice: 'marin', format: { type: 'audio/pcm', rate: 24_000 } });
    expect(session.instructions).toMatch(/You are Nora.*You are an AI/s);
  });

  it('takes the texts of a local recogniser that knows the language', async () => {
    const local = new ScriptedRecognition();
    local.text = 'What time is it?';
    const dialogue = await connected({
      recogniser: { open: () => local, close: async () => {} },
      language: 'en',
    });
    const ear = dialogue.ear.open({});
    expect(await say(ear)).toBe('What time is it?');
    expect((await ear.partial({ signal: never() })).text).toBe('What time is it?');
    expect(server.of('session.update')[0].session.audio.input.transcription).toBeUndefined();
    await hear(dialogue.answer([user('What time is it?')], { signal: never() }));
    expect(server.items.map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it.each([
    ['is still being spoken', { kind: 'say', text: 'Which one do you like?', soundMs: 3_000, takesMs: 3_000 }],
    ['is complete', { kind: 'say', text: 'Yes?', soundMs: 300 }],
  ] as const)('that goes on while what was prepared for it %s is one turn of two pieces', async (_, prepared) => {
    const dialogue = await connected();
    const ear = dialogue.ear.open({});
    server.transcribe = (ms) => (ms > 300 ? 'I would like' : 'a bicycle.');
    expect(await say(ear, 480)).toBe('I would like');
    const abort = new AbortController();
    server.script(prepared);
    const o = { signal: abort.signal, committed: new Promise<void>(() => {}) };
    await dialogue
      .answer([user('I would like')], o)
      [Symbol.asyncIterator]()
      .next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort();
    expect(await say(ear, 256)).toBe('I would like a bicycle.');
    ear.reset();
    await hear(dialogue.answer([user('I would like a bicycle.')], { signal: never() }));
    // What was prepared in vain has left no trace.
    await eventually(() => expect(server.items.map(({ role }) => role)).toEqual(['user', 'user', 'assistant']));
    expect(server.complaints).toEqual([]);
  });

  it('that nobody answers is taken back when the next one begins', async () => {
    const dialogue = await connected();
    const ear = dialogue.ear.open({});
    await say(ear);
    ear.reset();
    await eventually(() => expect(server.items).toHaveLength(1));
    const text = await say(ear);
    await eventually(() => expect(server.items).toHaveLength(1));
    ear.reset();
    await hear(dialogue.answer([user(text)], { signal: never() }));
    expect(server.items.map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it('that is typed is sent as text, after all that was said before', async () => {
    const dialogue = await connected();
    const history: Message[] = [
      { role: 'assistant', text: 'Hello, I am an AI.' },
      user('Who are'),
      { role: 'assistant', text: 'I am', interrupted: true },
    ];
    await hear(dialogue.answer([...history, user('What?')], { signal: never() }));
    dialogue.note({ role: 'assistant', text: 'The museum closes soon.' });
    await hear(dialogue.answer([...history, user('What?'), user('When?')], { signal: never() }));
    expect(server.items.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      'assistant: Hello, I am an AI.',
      'user: Who are',
      'assistant: I am —',
      'user: What?',
      'assistant: Of course.',
      'assistant: The museum closes soon.',
      'user: When?',
      'assistant: Of course.',
    ]);
  });

  it('is answered while the sound comes more slowly than it is heard', async () => {
    const dialogue = await connected({ idleTimeoutMs: 1_000 });
    server.script({ kind: 'say', text: 'Slowly but surely.', soundMs: 500, takesMs: 1_500, afterMs: 200 });
    const chunks = await hear(dialogue.answer([user('Hm?')], { signal: never() }));
    expect(wordsOf(chunks).join(' ')).toBe('Slowly but surely.');
    expect(msOf(chunks)).toBeCloseTo(500, 0);
  });
});

describe('an interruption', () => {
  it('cancels the response and cuts the item at the millisecond that was heard', async () => {
    const dialogue = await connected();
    server.script({ kind: 'say', text: 'One two three four five six seven eight.', soundMs: 4_000, takesMs: 4_000 });
    const abort = new AbortController();
    const answer = dialogue.answer([user('Count.')], { signal: abort.signal });
    let heardMs = 0;
    const reading = (async () => {
      for await (const { samples, sampleRateHz } of answer) {
        heardMs += (samples.length * 1000) / sampleRateHz;
        if (heardMs > 800) break;
      }
    })();
    await reading;
    abort.abort();
    answer.cutAt(777.7);
    await eventually(() => expect(server.of('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 777 }]));
    await eventually(() => expect(server.of('response.cancel')).toHaveLength(1));
    expect(server.complaints).toEqual([]);
    // The next turn works, once the cancelled response has ended.
    const chunks = await hear(dialogue.answer([user('Thank you.')], { signal: never() }));
    expect(wordsOf(chunks)).toEqual(['Of', 'course.']);
    expect(server.items.find(({ role }) => role === 'assistant')?.audioMs).toBe(777);
  });

  it('after the model has finished cuts what was not heard', async () => {
    const dialogue = await connected();
    server.script({ kind: 'say', text: 'One two three.', soundMs: 3_000 });
    const abort = new AbortController();
    const answer = dialogue.answer([user('Count.')], { signal: abort.signal });
    await hear(answer);
    abort.abort();
    answer.cutAt(1_200);
    await eventually(() => expect(server.of('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 1_200 }]));
    expect(server.of('response.cancel')).toHaveLength(0);
  });

  it('before anything was heard takes the whole answer back', async () => {
    const dialogue = await connected();
    server.script({ kind: 'say', text: 'One two three.', soundMs: 3_000, takesMs: 2_000 });
    const abort = new AbortController();
    const answer = dialogue.answer([user('Count.')], { signal: abort.signal });
    await answer[Symbol.asyncIterator]().next();
    abort.abort();
    answer.cutAt(0);
    await eventually(() => expect(server.items.map(({ role }) => role)).toEqual(['user']));
    expect(server.complaints).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['a failed response', { kind: 'fail', code: 'rate_limit_exceeded' }, /failed \(rate_limit_exceeded\)/],
    [
      'a response that fails in mid-sentence',
      { kind: 'fail', code: 'server_error', afterSoundMs: 500 },
      /server_error/,
    ],
    ['a refused request', { kind: 'refuse', code: 'invalid_value' }, /refused to answer \(invalid_value\)/],
    ['an empty response', { kind: 'empty' }, /empty answer/],
    ['a server that hangs up', { kind: 'hang-up', afterSoundMs: 300 }, /broke off/],
    ['something that is no event', { kind: 'raw', message: '{"typ' }, /something else than events/],
    ['events of another shape', { kind: 'raw', message: '{"type":"response.done"}' }, /something else than events/],
  ] as const)('%s is a typed error, and the next turn works', async (_, answering, message) => {
    const dialogue = await connected();
    server.script(answering);
    const error = await hear(dialogue.answer([user('Well?')], { signal: never() })).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'upstream-failed', message: expect.stringMatching(message) });
    const history = [user('Well?'), user('Once more?')];
    expect(wordsOf(await hear(dialogue.answer(history, { signal: never() })))).toEqual(['Of', 'course.']);
  });

  it('a model that does not answer is given up: upstream-timeout', async () => {
    const dialogue = await connected({ timeoutMs: 300 });
    server.script({ kind: 'silence' });
    await expect(hear(dialogue.answer([user('Well?')], { signal: never() }))).rejects.toMatchObject({
      code: 'upstream-timeout',
    });
  });

  it('a lost connection is made again, and the model told what was said', async () => {
    const dialogue = await connected();
    const ear = dialogue.ear.open({});
    const text = await say(ear);
    ear.reset();
    const first = await hear(dialogue.answer([user(text)], { signal: never() }));
    server.hangUp();
    await eventually(() => expect(server.sessions).toHaveLength(2));
    const history: Message[] = [user(text), { role: 'assistant', text: wordsOf(first).join(' ') }, user('And now?')];
    await hear(dialogue.answer(history, { signal: never() }));
    expect(server.items.map(({ text }) => text)).toEqual([text, 'Of course.', 'And now?', 'Of course.']);
  });

  it('a turn during which the connection was lost is sent again', async () => {
    const dialogue = await connected();
    const ear = dialogue.ear.open({});
    await say(ear, 320);
    server.hangUp();
    const text = await say(ear, 480);
    expect(text).toBe('What the server heard.');
    ear.reset();
    await hear(dialogue.answer([user(text)], { signal: never() }));
    expect(server.items.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(server.items[0]?.audioMs).toBeGreaterThan(795);
  });

  it('a turn whose sound was lost with the connection is answered by its text', async () => {
    const local = new ScriptedRecognition();
    local.text = 'Are you still there?';
    const dialogue = await connected({ recogniser: { open: () => local, close: async () => {} } });
    const ear = dialogue.ear.open({});
    const text = await say(ear);
    ear.reset();
    server.hangUp();
    await eventually(() => expect(server.sessions).toHaveLength(2));
    await hear(dialogue.answer([user(text)], { signal: never() }));
    expect(server.items.map(({ text }) => text)).toEqual(['Are you still there?', 'Of course.']);
  });

  it('a text that the server does not find is a typed error', async () => {
    const dialogue = await connected();
    const ear = dialogue.ear.open({});
    server.transcribe = () => null;
    await expect(say(ear)).rejects.toMatchObject({ code: 'upstream-failed', message: /did not understand/ });
    ear.reset();
    server.transcribe = () => 'Better now.';
    expect(await say(ear)).toBe('Better now.');
  });

  it('a refused key is said without waiting, and tried again when asked again', async () => {
    server.refuseWith = 401;
    const dialogue = begin();
    const refused = hear(dialogue.answer([user('Hello?')], { signal: never() }));
    await expect(refused).rejects.toMatchObject({ code: 'upstream-failed', retryable: false, message: /key/ });
    server.refuseWith = undefined;
    expect(wordsOf(await hear(dialogue.answer([user('Hello?')], { signal: never() })))).toEqual(['Of', 'course.']);
  });

  it('a busy server is tried again', async () => {
    server.refuseWith = 503;
    const dialogue = begin();
    setTimeout(() => {
      server.refuseWith = undefined;
    }, 100);
    expect(wordsOf(await hear(dialogue.answer([user('Hello?')], { signal: never() })))).toEqual(['Of', 'course.']);
  });

  it('closing ends what waits', async () => {
    const dialogue = await connected();
    server.script({ kind: 'silence' });
    const waiting = hear(dialogue.answer([user('Hello?')], { signal: never() }));
    await eventually(() => expect(server.of('response.create')).toHaveLength(1));
    await dialogue.close();
    await expect(waiting).rejects.toMatchObject({ code: 'conflict' });
  });
});
