import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { createLogger } from '../../src/log.js';
import {
  AvatarWorkerClient,
  type ConversationListener,
  type OpenRequest,
} from '../../src/worker/avatar-worker-client.js';
import type { FromAvatarWorker, ToAvatarWorker } from '../../src/worker/control.js';
import type { WorkerChannel } from '../../src/worker/supervised-process.js';

class FakeChannel implements WorkerChannel {
  isUp = true;
  /** All but pings, which come by themselves. */
  readonly sent: ToAvatarWorker[] = [];
  pings = 0;
  readonly killed: string[] = [];
  #message: (message: unknown) => void = () => {};
  #up = () => {};
  #down = () => {};
  send(message: unknown): boolean {
    if (this.isUp && (message as ToAvatarWorker).type === 'ping') this.pings++;
    else if (this.isUp) this.sent.push(message as ToAvatarWorker);
    return this.isUp;
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }
  onUp(listener: () => void): void {
    this.#up = listener;
  }
  onDown(listener: () => void): void {
    this.#down = listener;
  }
  kill(reason: string): void {
    this.killed.push(reason);
  }
  receive(message: FromAvatarWorker): void {
    this.#message(message);
  }
  goDown(): void {
    this.isUp = false;
    this.#down();
  }
  comeUp(): void {
    this.isUp = true;
    this.#up();
  }
}

function recorder(): ConversationListener & { seen: unknown[] } {
  const seen: unknown[] = [];
  return {
    seen,
    onEvent: (event) => seen.push(event),
    onClosed: (error) => seen.push({ closed: error?.code }),
    onWorkerLost: () => seen.push('lost'),
    onWorkerBack: () => seen.push('back'),
  };
}

const OPEN = { link: {}, options: {}, history: [] } as unknown as OpenRequest;
const STATE: ConversationEvent = { type: 'state', state: 'thinking' };

let channel: FakeChannel;
let client: AvatarWorkerClient;
beforeEach(() => {
  channel = new FakeChannel();
  const limits = { openMs: 60, answerMs: 60, pingEveryMs: 20, pongMs: 50 };
  client = new AvatarWorkerClient(channel, { logger: createLogger('test', 'silent'), limits });
});
afterEach(() => client.dispose());

describe('AvatarWorkerClient', () => {
  it('resolves and rejects requests by what the worker answers', async () => {
    const said = client.say('a', 'hello');
    const asked = client.ask('a', 'p', 'why');
    const [say, ask] = channel.sent.filter((message) => 'requestId' in message);
    channel.receive({
      type: 'answer',
      requestId: ask!.requestId,
      error: { code: 'conflict', message: 'no', retryable: false },
    });
    channel.receive({ type: 'answer', requestId: say!.requestId });
    await said;
    await expect(asked).rejects.toMatchObject({ code: 'conflict', message: 'no' });
  });

  it('gives up a request that is not answered in time', async () => {
    await expect(client.interrupt('a')).rejects.toMatchObject({ code: 'upstream-timeout' });
    await expect(client.open('a', OPEN)).rejects.toMatchObject({ code: 'upstream-timeout' });
  });

  it('asks a successor again that takes its time, and takes its late answer', async () => {
    const reopened = client.reopen('a', OPEN, () => true);
    await vi.waitUntil(() => channel.sent.length === 2, { timeout: 10_000 });
    channel.receive({ type: 'opened', conversationId: 'a' });
    await reopened;
    const refused = client.reopen('a', OPEN, () => true);
    const error = { code: 'engine-failed' as const, message: 'no face', retryable: false };
    channel.receive({ type: 'open-failed', conversationId: 'a', error });
    await expect(refused).rejects.toMatchObject({ code: 'engine-failed' });
    await expect(client.reopen('a', OPEN, () => false)).rejects.toMatchObject({ code: 'upstream-timeout' });
  });

  it('brings events to the conversation that they belong to', () => {
    const [one, two] = [recorder(), recorder()];
    client.listen('one', one);
    client.listen('two', two);
    channel.receive({ type: 'event', conversationId: 'two', event: STATE });
    channel.receive({ type: 'event', conversationId: 'nobody', event: STATE });
    channel.receive({
      type: 'closed',
      conversationId: 'one',
      error: { code: 'engine-failed', message: '', retryable: true },
    });
    expect(one.seen).toEqual([{ closed: 'engine-failed' }]);
    expect(two.seen).toEqual([STATE]);
  });

  it('hears nothing of a conversation that it closed', () => {
    const listener = recorder();
    client.listen('a', listener);
    client.close('a');
    channel.receive({ type: 'event', conversationId: 'a', event: STATE });
    channel.receive({ type: 'closed', conversationId: 'a' });
    expect(listener.seen).toEqual([]);
    expect(channel.sent).toEqual([{ type: 'close', conversationId: 'a' }]);
  });

  it('fails what is under way when the worker dies, and tells every conversation, then that it is back', async () => {
    const listener = recorder();
    client.listen('a', listener);
    const opening = client.open('a', OPEN);
    const saying = client.say('a', 'hello');
    channel.goDown();
    await expect(opening).rejects.toMatchObject({ code: 'unavailable' });
    await expect(saying).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(client.say('a', 'again')).rejects.toMatchObject({ code: 'unavailable' });
    channel.comeUp();
    expect(listener.seen).toEqual(['lost', 'back']);
  });

  it('takes a port that is in use for a conflict, so that another one is tried', async () => {
    const opening = client.open('a', OPEN);
    const error = { code: 'internal' as const, message: 'bind EADDRINUSE 127.0.0.1:47000', retryable: false };
    channel.receive({ type: 'open-failed', conversationId: 'a', error });
    await expect(opening).rejects.toMatchObject({ code: 'conflict' });
  });

  it('kills a worker that answers no ping', async () => {
    await expect.poll(() => channel.killed.length, { timeout: 10_000 }).toBe(1);
    expect(channel.pings).toBeGreaterThan(0);
  });
});
