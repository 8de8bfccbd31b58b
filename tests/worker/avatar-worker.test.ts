import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.js';
import type { WorkerEngines } from '../../src/worker/avatar/engines.js';
import type { PreparedThreads } from '../../src/worker/avatar/prepared-threads.js';
import type { AvatarWorker } from '../../src/worker/avatar/worker.js';
import type { FromAvatarWorker, ToAvatarWorker } from '../../src/worker/control.js';
import { stockFolder } from '../inference/avatar/stock.js';
import { eventually } from '../support/eventually.js';
import { ScriptedSynthesiser, ScriptedVad } from '../support/scripted-engines.js';

const compiled = fileURLToPath(new URL('../../dist/worker/avatar/worker.js', import.meta.url));

function freeUdpPort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

describe('an avatar worker', () => {
  let worker: AvatarWorker | undefined;
  const sent: FromAvatarWorker[] = [];
  let letOpen: () => void = () => {};
  /** Conversations that were closed down to their last thread. */
  let ended = 0;
  afterEach(async () => {
    await worker?.close();
    sent.length = 0;
  });

  /** Opening waits for `letOpen()`. */
  const start = async () => {
    const gate = new Promise<void>((resolve) => {
      letOpen = resolve;
    });
    ended = 0;
    // Asked to make threads ready each time the last conversation is gone.
    const threads = {
      take: () => undefined,
      refill: () => ended++,
      close: async () => {},
    } as unknown as PreparedThreads;
    const engines = {
      turnSettings: () => ({}),
      hearing: {},
      listens: () => false,
      forConversation: () =>
        gate.then(() => ({ vad: { open: () => new ScriptedVad() }, synthesiser: new ScriptedSynthesiser() })),
      speech: { histograms: {}, pending: { recognition: 0, synthesis: 0, embedding: 0 } },
      close: async () => {},
    } as unknown as WorkerEngines;
    const { AvatarWorker: Worker } = (await import(compiled)) as typeof import('../../src/worker/avatar/worker.js');
    worker = await Worker.create({
      engines,
      threads,
      send: (message) => sent.push(message),
      log: createLogger('test', 'silent'),
    });
    return worker;
  };

  const open = async (): Promise<ToAvatarWorker> => ({
    type: 'open',
    conversationId: 'a',
    link: {
      localIp: '127.0.0.1',
      localPort: await freeUdpPort(),
      remoteIp: '127.0.0.1',
      remotePort: await freeUdpPort(),
      cname: 'test',
      audio: { ssrc: 1, payloadType: 100 },
      video: { ssrc: 2, payloadType: 101 },
    },
    options: {
      name: 'Mara',
      avatarPath: stockFolder('mara'),
      width: 256,
      height: 256,
      speech: 'piper',
      greeting: null,
      apology: null,
      language: 'en',
      badge: null,
      videoBitrateKbps: 600,
      seed: 1,
    } as never,
    history: [],
  });

  const has = (...types: string[]) =>
    eventually(() => expect(sent.some(({ type }) => types.includes(type))).toBe(true));
  const hosted = async (): Promise<number | undefined> => {
    sent.length = 0;
    worker?.handle({ type: 'ping', id: 1 });
    await has('pong');
    const pong = sent.find((message) => message.type === 'pong');
    return pong?.stats.conversations;
  };

  it('keeps nothing of a conversation that was closed while it was being opened', async () => {
    const w = await start();
    w.handle(await open());
    w.handle({ type: 'close', conversationId: 'a' });
    await has('closed');
    letOpen();
    await eventually(() => expect(ended).toBe(1));
    expect(await hosted()).toBe(0);
    expect(sent.map(({ type }) => type)).not.toContain('opened');
  });

  it('opens one that was asked for again before its opening had ended', async () => {
    const w = await start();
    const message = await open();
    w.handle(message);
    w.handle({ type: 'close', conversationId: 'a' });
    w.handle(message);
    letOpen();
    await has('opened');
    expect(await hosted()).toBe(1);
  });
});
