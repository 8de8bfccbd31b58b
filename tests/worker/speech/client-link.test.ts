import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TimedWord } from '../../../src/inference/engines.js';
import { SpeechWorkerClient } from '../../../src/worker/speech/client.js';
import { encodeFrame, FrameDecoder } from '../../../src/worker/speech/framing.js';
import type { ClientMessage, ServerMessage } from '../../../src/worker/speech/protocol.js';

const signal = () => new AbortController().signal;
const WORDS: TimedWord[] = [];

/** A speech worker's socket whose answers the test writes itself. */
class ScriptedWorker {
  readonly #folder = mkdtempSync(join(tmpdir(), 'visavis-link-test-'));
  readonly socketPath = join(this.#folder, 's.sock');
  readonly received: ClientMessage[] = [];
  #server: Server | undefined;
  #socket: Socket | undefined;

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      this.#socket = socket;
      const decoder = new FrameDecoder();
      socket.on('data', (bytes) => this.received.push(...(decoder.push(bytes) as ClientMessage[])));
      socket.on('error', () => undefined);
      this.send({ type: 'synthesisers', loaded: { kokoro: { sampleRateHz: 24_000, voices: ['af_heart'] } } });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
  }

  send(message: ServerMessage): void {
    this.#socket!.write(encodeFrame(message));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket!.write(bytes);
  }

  dropConnection(): void {
    this.#socket!.destroy();
  }

  /** Resolves with the first message of that type, once it is there. */
  async message<T extends ClientMessage['type']>(type: T): Promise<Extract<ClientMessage, { type: T }>> {
    return vi.waitUntil(() => this.received.find((message) => message.type === type), { timeout: 10_000 }) as never;
  }

  close(): void {
    this.#socket?.destroy();
    this.#server?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

let worker: ScriptedWorker;
let client: SpeechWorkerClient;
beforeEach(async () => {
  worker = new ScriptedWorker();
  await worker.listen();
  client = await SpeechWorkerClient.connect(worker.socketPath, { timeoutMs: 5_000, callLimitMs: 20_000 });
});
afterEach(async () => {
  await client.close();
  worker.close();
});

describe('SpeechWorkerClient', () => {
  it('knows the loaded synthesisers once it is connected, and the rates of the others', () => {
    expect(client.synthesiser('kokoro').voices).toEqual(['af_heart']);
    expect(client.synthesiser('piper')).toMatchObject({ sampleRateHz: 22_050, voices: [] });
  });

  it('sends audio in messages of 100 ms, and the rest when a text is asked for', async () => {
    const stream = client.recogniser().open({});
    for (let i = 0; i < 12; i += 1) stream.push(new Float32Array(320).fill(i));
    const final = stream.final({ signal: signal() });
    const { id } = await worker.message('recognise');
    expect(
      worker.received.map((message) => (message.type === 'stream-push' ? message.samples.length : message.type)),
    ).toEqual(['stream-open', 1_600, 1_600, 640, 'recognise']);
    worker.send({
      type: 'transcript',
      id,
      transcript: { text: 'hi', audioMs: 1, computeMs: 2 },
      queueMs: 0,
      computeMs: 2,
    });
    expect(await final).toEqual({ text: 'hi', audioMs: 240, computeMs: 2 });
  });

  it('tells the worker when a call is aborted, and ignores the late answer', async () => {
    const abort = new AbortController();
    const embedding = client.embedder().embed(['a'], { signal: abort.signal });
    const { id } = await worker.message('embed');
    abort.abort();
    await expect(embedding).rejects.toMatchObject({ name: 'AbortError' });
    expect(await worker.message('cancel')).toEqual({ type: 'cancel', id });
    worker.send({ type: 'embedded', id, vectors: [new Float32Array(384)], queueMs: 0, computeMs: 0 });
    const second = client.embedder().embed(['b']);
    const next = await vi.waitUntil(() => worker.received.filter((message) => message.type === 'embed')[1]);
    worker.send({ type: 'embedded', id: next.id, vectors: [new Float32Array([1])], queueMs: 0, computeMs: 0 });
    expect(await second).toEqual([new Float32Array([1])]);
  });

  it('gives up on a worker that does not answer, and says so to it', async () => {
    const hasty = await SpeechWorkerClient.connect(worker.socketPath, { timeoutMs: 5_000, callLimitMs: 20 });
    await expect(hasty.embedder().embed(['a'])).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await worker.message('cancel');
    await hasty.close();
  });

  it('passes chunks on as they come and ends with the segment', async () => {
    const spoken = client
      .synthesiser('kokoro')
      .speak('Hello.', { priority: 'first', signal: signal() })
      [Symbol.asyncIterator]();
    const first = spoken.next();
    const { id } = await worker.message('speak');
    const chunk = { samples: new Float32Array([1, 2]), sampleRateHz: 24_000, words: WORDS, computeMs: 3 };
    worker.send({ type: 'chunk', id, chunk });
    expect(await first).toEqual({ done: false, value: chunk });
    worker.send({ type: 'spoken', id, queueMs: 0, computeMs: 3 });
    expect(await spoken.next()).toEqual({ done: true, value: undefined });
    expect(worker.received.some((message) => message.type === 'cancel')).toBe(false);
  });

  it('gives chunks a buffer of their own, which the caller may transfer', async () => {
    const spoken = client
      .synthesiser('kokoro')
      .speak('Hello.', { priority: 'first', signal: signal() })
      [Symbol.asyncIterator]();
    const first = spoken.next();
    const { id } = await worker.message('speak');
    worker.send({
      type: 'chunk',
      id,
      chunk: { samples: new Float32Array(8), sampleRateHz: 24_000, words: WORDS, computeMs: 3 },
    });
    expect((await first).value.samples.buffer.byteLength).toBe(32);
    await spoken.return?.();
  });

  it('cancels the rest of a segment that is not listened to', async () => {
    const spoken = client
      .synthesiser('kokoro')
      .speak('Hello.', { priority: 'first', signal: signal() })
      [Symbol.asyncIterator]();
    const first = spoken.next();
    const { id } = await worker.message('speak');
    worker.send({
      type: 'chunk',
      id,
      chunk: { samples: new Float32Array(8), sampleRateHz: 24_000, words: WORDS, computeMs: 3 },
    });
    await first;
    await spoken.return?.();
    expect(await worker.message('cancel')).toEqual({ type: 'cancel', id });
  });

  it.each([
    ['the connection is lost', () => worker.dropConnection()],
    ['an answer is malformed', () => worker.sendBytes(Buffer.from([0, 0, 0, 1, 7]))],
  ])('puts a call again when %s, after the audio that it is about', async (_name, breakIt) => {
    const stream = client.recogniser().open({});
    stream.push(new Float32Array(1_600).fill(0.5));
    const final = stream.final({ signal: signal() });
    await worker.message('recognise');
    worker.received.length = 0;
    breakIt();
    stream.push(new Float32Array(800).fill(0.25));
    const { id } = await worker.message('recognise');
    expect(worker.received.map((message) => message.type)).toEqual(['stream-open', 'stream-push', 'recognise']);
    const push = await worker.message('stream-push');
    expect([push.samples.length, push.samples[0], push.samples[2_399]]).toEqual([2_400, 0.5, 0.25]);
    const transcript = { text: 'hi', audioMs: 1, computeMs: 2 };
    worker.send({ type: 'transcript', id, transcript, queueMs: 0, computeMs: 2 });
    expect((await final).text).toBe('hi');
  });

  it('rejects a call that has cost two workers their lives', async () => {
    const embedding = client.embedder().embed(['a']);
    const rejected = expect(embedding).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await worker.message('embed');
    worker.received.length = 0;
    worker.dropConnection();
    await worker.message('embed');
    worker.dropConnection();
    await rejected;
  });

  it('rejects a partial text at once while there is no worker: it is worth nothing later', async () => {
    const stream = client.recogniser().open({});
    stream.push(new Float32Array(1_600));
    worker.close();
    await vi.waitUntil(() => !client.isConnected, { timeout: 10_000 });
    await expect(stream.partial({ signal: signal() })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('goes on in mid-segment after the chunks that it has, when the next worker speaks it anew', async () => {
    const chunk = (value: number) => ({
      samples: new Float32Array([value]),
      sampleRateHz: 24_000,
      words: WORDS,
      computeMs: 3,
    });
    const spoken = client
      .synthesiser('kokoro')
      .speak('One, two, three.', { priority: 'first', signal: signal() })
      [Symbol.asyncIterator]();
    const first = spoken.next();
    const { id } = await worker.message('speak');
    worker.send({ type: 'chunk', id, chunk: chunk(1) });
    expect((await first).value.samples).toEqual(new Float32Array([1]));
    const second = spoken.next();
    worker.received.length = 0;
    worker.dropConnection();
    await worker.message('speak');
    for (const value of [1, 2]) worker.send({ type: 'chunk', id, chunk: chunk(value) });
    expect((await second).value.samples).toEqual(new Float32Array([2]));
    worker.send({ type: 'spoken', id, queueMs: 0, computeMs: 3 });
    expect((await spoken.next()).done).toBe(true);
  });

  it('bounds the streams of a connection, and frees a closed one', () => {
    const recogniser = client.recogniser();
    const streams = Array.from({ length: 256 }, () => recogniser.open({}));
    expect(() => recogniser.open({})).toThrow(expect.objectContaining({ code: 'too-many-requests' }));
    streams[0]!.close();
    streams[0]!.close();
    recogniser.open({});
    expect(() => recogniser.open({})).toThrow(expect.objectContaining({ code: 'too-many-requests' }));
  });

  it('rejects what is under way when it is closed, and everything after', async () => {
    const stream = client.recogniser().open({});
    const underWay = client.embedder().embed(['a']);
    await client.close();
    await expect(underWay).rejects.toMatchObject({ code: 'unavailable' });
    await expect(client.embedder().embed(['a'])).rejects.toMatchObject({ code: 'unavailable' });
    stream.close();
    await expect(stream.final({ signal: signal() })).rejects.toMatchObject({ code: 'conflict' });
  });
});
