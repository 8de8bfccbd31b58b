import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { getPriority } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SpeechChunk } from '../../../src/inference/engines.js';
import { resample } from '../../../src/media/resample.js';
import { type CallReport, SpeechWorkerClient } from '../../../src/worker/speech/client.js';
import { encodeFrame } from '../../../src/worker/speech/framing.js';
import { concat, RATE_HZ, SPOKEN_TEXT, silence, spokenQuestion, words } from '../../support/speech-audio.js';
import { SpeechWorkerProcess } from '../../support/speech-worker.js';

// The worker runs at nice 10: on a busy machine everything here takes its time.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const signal = () => new AbortController().signal;
const worker = new SpeechWorkerProcess();
const clients: SpeechWorkerClient[] = [];

beforeAll(() => worker.start());
afterAll(() => worker.close());
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function openClient(onCall?: (report: CallReport) => void): Promise<SpeechWorkerClient> {
  const client = await SpeechWorkerClient.connect(worker.socketPath, { timeoutMs: 5_000, onCall });
  clients.push(client);
  return client;
}

describe('the speech worker', () => {
  it('tells its supervisor what it loads and when it is ready, and runs below the pacer', () => {
    expect(worker.messages).toEqual([
      { type: 'progress', loading: 'sentence embeddings' },
      { type: 'progress', loading: 'speech recognition' },
      { type: 'ready', synthesisers: {} },
    ]);
    expect(getPriority(worker.child.pid!)).toBe(10);
  });

  it('recognises what is pushed piece by piece, goes on after a final text, and begins anew after reset', async () => {
    const reports: CallReport[] = [];
    const stream = (await openClient((report) => reports.push(report))).recogniser().open({ language: 'en' });
    const samples = spokenQuestion();
    for (let at = 0; at < samples.length; at += 512) stream.push(samples.subarray(at, at + 512));
    const first = await stream.final({ signal: signal() });
    expect(words(first.text)).toEqual(words(SPOKEN_TEXT));
    expect(first.audioMs).toBeCloseTo(samples.length / 16, 3);
    expect(words((await stream.partial({ signal: signal() })).text)).toEqual(words(SPOKEN_TEXT));
    expect((await stream.final({ signal: signal() })).computeMs).toBe(0);

    stream.push(concat(silence(400), samples));
    expect(words((await stream.final({ signal: signal() })).text)).toEqual(words(`${SPOKEN_TEXT} ${SPOKEN_TEXT}`));
    stream.reset();
    expect((await stream.final({ signal: signal() })).text).toBe('');
    expect(reports.map((report) => report.type)).toEqual(Array.from({ length: 5 }, () => 'recognise'));
    expect(reports[0]!.totalMs).toBeGreaterThanOrEqual(reports[0]!.computeMs);
  });

  it('loads a synthesiser when it is first spoken with, and speaks so that it is understood', async () => {
    const client = await openClient();
    const synthesiser = client.synthesiser('piper');
    expect(synthesiser.voices).toEqual([]);
    const chunks: SpeechChunk[] = [];
    for await (const chunk of synthesiser.speak(SPOKEN_TEXT, { priority: 'first', signal: signal() }))
      chunks.push(chunk);
    expect(synthesiser.voices.length).toBeGreaterThan(0);
    expect(chunks.flatMap((chunk) => chunk.words.map((word) => word.text)).join(' ')).toBe(SPOKEN_TEXT);
    const spoken = concat(...chunks.map((chunk) => resample(chunk.samples, chunk.sampleRateHz, RATE_HZ)));
    const stream = client.recogniser().open({});
    stream.push(spoken);
    const heard = new Set(words((await stream.final({ signal: signal() })).text));
    expect(words(SPOKEN_TEXT).filter((word) => heard.has(word)).length).toBeGreaterThanOrEqual(5);
  });

  it('embeds any number of texts', async () => {
    const embedder = (await openClient()).embedder();
    const texts = Array.from({ length: 70 }, (_, i) => `text number ${i}`);
    const vectors = await embedder.embed([...texts, 'x'.repeat(20_000)]);
    expect(vectors).toHaveLength(71);
    expect(vectors.every((vector) => vector.length === 384)).toBe(true);
    expect((await embedder.embed([texts[69]!]))[0]).toEqual(vectors[69]);
  });

  it('rejects aborted calls at once and serves the next', async () => {
    const client = await openClient();
    const stream = client.recogniser().open({});
    stream.push(spokenQuestion());
    const abort = new AbortController();
    const aborted = stream.final({ signal: abort.signal });
    const waiting = client.embedder().embed(['hello'], { signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(words((await stream.final({ signal: signal() })).text)).toEqual(words(SPOKEN_TEXT));
  });

  it('stops a synthesis that nobody listens to any more', async () => {
    const client = await openClient();
    const speak = (text: string, abort: AbortSignal) =>
      client.synthesiser('piper').speak(text, { priority: 'later', signal: abort });
    for await (const chunk of speak(SPOKEN_TEXT, signal())) {
      expect(chunk.samples.length).toBeGreaterThan(0);
      break;
    }
    const abort = new AbortController();
    const spoken = speak(SPOKEN_TEXT, abort.signal)[Symbol.asyncIterator]().next();
    abort.abort();
    await expect(spoken).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('refuses a request whose content is wrong and keeps the connection', async () => {
    const client = await openClient();
    const tooLong = client.synthesiser('piper').speak('a'.repeat(1_001), { priority: 'first', signal: signal() });
    await expect(tooLong[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'bad-request', field: 'text' });
    const noSuchVoice = client
      .synthesiser('piper')
      .speak('Hello.', { voice: 'nobody', priority: 'first', signal: signal() });
    await expect(noSuchVoice[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'bad-request' });
    expect(await client.embedder().embed(['still here'])).toHaveLength(1);
    expect(() => client.recogniser().open({ language: 'xx' })).toThrow(/"xx"/);
  });

  it.each([
    ['no protocol at all', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an unknown message', encodeFrame({ type: 'format-disk' })],
    [
      'audio for a stream that is not open',
      encodeFrame({ type: 'stream-push', stream: 99, samples: new Float32Array(1) }),
    ],
    ['audio that is none', encodeFrame({ type: 'stream-push', stream: 0, samples: [1, 2, 3] })],
  ])('cuts off a client that sends %s, and no other', async (_name, bytes) => {
    const other = await openClient();
    const socket = connect(worker.socketPath);
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(bytes);
    await closed;
    expect(await other.embedder().embed(['still here'])).toHaveLength(1);
    expect(worker.child.exitCode).toBeNull();
  });

  it('answers its supervisor with its figures', async () => {
    await openClient();
    worker.send({ type: 'ping', id: 5 });
    expect(await worker.answer('pong')).toMatchObject({
      id: 5,
      stats: { clients: 1, threads: { recognition: { queued: 0, restarts: 0 }, embedding: { restarts: 0 } } },
    });
  });
});

describe('when the speech worker is killed', () => {
  it('the text of a turn and the other calls under way come from the next worker', async () => {
    const client = await openClient();
    const stream = client.recogniser().open({});
    const samples = spokenQuestion();
    stream.push(samples.subarray(0, 16_000));
    await stream.partial({ signal: signal() });
    stream.push(samples.subarray(16_000, 24_000));

    const underWay = client.embedder().embed(['x']);
    await worker.kill();
    // Audio goes on arriving while there is no worker.
    stream.push(samples.subarray(24_000));
    const final = stream.final({ signal: signal() });
    await worker.start();
    expect(words((await final).text)).toEqual(words(SPOKEN_TEXT));
    expect((await underWay)[0]).toHaveLength(384);
  });
});

describe('the end of the speech worker', () => {
  it('rejects with unavailable when nobody listens', async () => {
    const connecting = SpeechWorkerClient.connect('/nonexistent/speech.sock', { timeoutMs: 200 });
    await expect(connecting).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each(['shutdown', 'disconnect'] as const)('exits and removes its socket on %s', async (how) => {
    const own = new SpeechWorkerProcess();
    await own.start();
    expect(existsSync(own.socketPath)).toBe(true);
    const exited = once(own.child, 'exit');
    if (how === 'shutdown') own.send({ type: 'shutdown' });
    else own.child.disconnect();
    expect((await exited)[0]).toBe(0);
    expect(existsSync(own.socketPath)).toBe(false);
    await own.close();
  });

  it('exits with status 1 and says why when it cannot start', async () => {
    const own = new SpeechWorkerProcess('espeak');
    await expect(own.start()).rejects.toThrow('exited with 1');
    expect(own.messages.at(-1)).toMatchObject({
      type: 'failed',
      error: { code: 'bad-request', field: 'synthesisers' },
    });
    await own.close();
  });
});
