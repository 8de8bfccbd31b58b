import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { EncodedFrame } from '../../src/media/output-protocol.js';
import {
  AvatarThread,
  type AvatarThreadOptions,
  startAvatarThread,
} from '../../src/worker/avatar/avatar-thread-client.js';
import { PreparedThreads } from '../../src/worker/avatar/prepared-threads.js';

const entry = new URL('../../dist/worker/avatar/avatar-thread.js', import.meta.url);
const avatar = (id: string) => fileURLToPath(new URL(`../../assets/avatars/${id}`, import.meta.url));
const PICTURE = { avatarPath: avatar('mara'), width: 256, height: 256 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((item) => item.close()));
});

function prepared(count: number): PreparedThreads {
  const threads = new PreparedThreads(PICTURE, count, entry);
  open.push(threads);
  return threads;
}

async function openThread(threads: PreparedThreads, o: Partial<AvatarThreadOptions> = {}): Promise<AvatarThread> {
  const options = { ...PICTURE, bitrateKbps: 400, seed: 1, badge: null, ...o };
  const thread = await AvatarThread.create(options, threads.take(options) ?? startAvatarThread(entry));
  open.push(thread);
  return thread;
}

function firstFrame(thread: AvatarThread): Promise<EncodedFrame> {
  return new Promise((resolve) => {
    thread.framePort.once('message', resolve);
    thread.framePort.postMessage({ type: 'frame', index: 0, rtpTimestamp: 0, speech: null, keyFrame: true });
  });
}

describe('a prepared avatar thread', () => {
  it('draws what a new one draws', async () => {
    const threads = prepared(1);
    threads.refill();
    const [ahead, fresh] = [await openThread(threads), await openThread(threads)];
    const [one, two] = [await firstFrame(ahead), await firstFrame(fresh)];
    expect(one.keyFrame).toBe(true);
    expect(one.data).toEqual(two.data);
    ahead.framePort.close();
    fresh.framePort.close();
  });

  it('is waited for until its picture is loaded, or cannot be', async () => {
    const threads = prepared(2);
    threads.refill();
    await threads.loaded(60_000);
    const ahead = threads.take(PICTURE);
    ahead?.postMessage({ type: 'prepare', ...PICTURE, avatarPath: '/nowhere' });
    const [answer] = await once(ahead as Worker, 'message');
    expect(answer).toEqual({ type: 'prepared' });
    void ahead?.terminate();
    const none = new PreparedThreads({ ...PICTURE, avatarPath: '/nowhere' }, 1, entry);
    open.push(none);
    none.refill();
    await none.loaded(60_000);
  });

  it('is kept for its picture when another one is asked for', () => {
    const threads = prepared(1);
    threads.refill();
    expect(threads.take({ ...PICTURE, avatarPath: avatar('sam') })).toBeUndefined();
    expect(threads.take({ ...PICTURE, width: 512 })).toBeUndefined();
    const taken = threads.take(PICTURE);
    expect(taken).toBeDefined();
    void taken?.terminate();
  });

  it('is handed out once, and made anew on request', () => {
    const threads = prepared(2);
    expect(threads.take(PICTURE)).toBeUndefined();
    threads.refill();
    const taken = [threads.take(PICTURE), threads.take(PICTURE), threads.take(PICTURE)];
    expect(taken[2]).toBeUndefined();
    expect(new Set(taken).size).toBe(3);
    threads.refill();
    const again = threads.take(PICTURE);
    expect(again).toBeDefined();
    for (const worker of [...taken, again]) void worker?.terminate();
  });
});
