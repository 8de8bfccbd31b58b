import { EventEmitter } from 'node:events';
import type { Producer, WebRtcTransport } from 'mediasoup/types';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/log.js';
import type { Sfu } from '../../src/media/sfu.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { Session, type SessionOptions, type SessionServices } from '../../src/signaling/session.js';
import type { SessionMedia } from '../../src/signaling/session-media.js';
import { SessionMicrophones } from '../../src/signaling/session-microphones.js';
import { Viewer, type ViewerHost } from '../../src/signaling/viewer.js';
import { AvatarWorkerClient } from '../../src/worker/avatar-worker-client.js';
import type { WorkerChannel } from '../../src/worker/supervised-process.js';

const logger = createLogger('test', 'silent');

/** A promise that a test keeps until it says so. */
class Gate {
  open!: () => void;
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** An avatar worker that opens every conversation at once. */
class FakeWorker implements WorkerChannel {
  isUp = true;
  readonly opened: string[] = [];
  #message: (message: unknown) => void = () => {};
  #up: () => void = () => {};
  #down: () => void = () => {};

  send(message: unknown): boolean {
    const { type, conversationId } = message as { type: string; conversationId: string };
    if (!this.isUp) return false;
    if (type !== 'open') return true;
    this.opened.push(conversationId);
    setImmediate(() => this.#message({ type: 'opened', conversationId }));
    return true;
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

  kill(): void {}

  set alive(alive: boolean) {
    this.isUp = alive;
    (alive ? this.#up : this.#down)();
  }
}

describe('a session', () => {
  it('goes on when the new worker dies as well, while the link is still being resumed', async () => {
    const gates: Gate[] = [];
    const endpoint = {
      link: { localPort: 47_000 },
      pause: async () => {},
      resume: () => {
        const gate = new Gate();
        gates.push(gate);
        return gate.passed;
      },
      close: () => {},
    };
    const room = { router: { rtpCapabilities: {} }, createLink: async () => endpoint, close: () => {} };
    const channel = new FakeWorker();
    const worker = new AvatarWorkerClient(channel, { logger });
    const services = {
      ...{ sfu: { createRoom: async () => room } as unknown as Sfu, worker, logger, metrics: new Metrics() },
      ...{ standardSpeech: 'piper', iceServers: () => [], admit: () => {}, onSessionEnd: () => {} },
    } as SessionServices;
    const options = {
      id: 'one',
      avatar: { id: 'tess', name: 'Tess', width: 512, height: 512 },
      conversation: { language: 'en', videoBitrateKbps: 1_200, greeting: null },
      disclosure: { text: '', language: 'en' },
      ...{ idleTimeoutMs: 60_000, joinWithinMs: 60_000, maxSessionMs: 600_000 },
    } as unknown as SessionOptions;
    const session = await Session.create(options, services);

    channel.alive = false;
    channel.alive = true;
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    channel.alive = false;
    gates[0]?.open();
    await settle();
    await expect(session.say('anybody?')).rejects.toMatchObject({ code: 'unavailable' });
    channel.alive = true;
    await vi.waitFor(() => expect(gates).toHaveLength(2));
    gates[1]?.open();
    expect(channel.opened).toEqual(['one', 'one', 'one']);

    await session.close('left');
    worker.dispose();
  });
});

describe('a viewer', () => {
  afterEach(() => vi.useRealTimers());

  it('that leaves while a transport is being made leaves nothing running', async () => {
    vi.useFakeTimers();
    const gate = new Gate();
    const observer = new EventEmitter();
    const transport = Object.assign(new EventEmitter(), {
      ...{ id: 'one', observer, closed: false, iceParameters: {}, iceCandidates: [], dtlsParameters: {} },
      enableTraceEvent: () => gate.passed,
      close: () => observer.emit('close'),
    });
    const host = { createTransport: async () => transport as unknown as WebRtcTransport, iceServers: () => [] };
    const viewer = new Viewer('somebody', host as unknown as ViewerHost);
    const created = viewer.createTransport('receive');
    await vi.advanceTimersByTimeAsync(0);
    viewer.close();
    gate.open();
    await created;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a microphone', () => {
  it('that is closed while it is being forwarded is neither kept nor announced', async () => {
    const gate = new Gate();
    const told: string[] = [];
    const producer = { closed: false } as { closed: boolean };
    const microphone = {
      stream: { ssrc: 1, payloadType: 2 },
      resume: async () => {},
      close: () => told.push('closed'),
    };
    const media = {
      addMicrophone: async () => {
        await gate.passed;
        return microphone;
      },
    } as unknown as SessionMedia;
    const worker = {
      addMicrophone: () => told.push('added'),
      removeMicrophone: () => told.push('removed'),
    } as unknown as AvatarWorkerClient;
    const microphones = new SessionMicrophones({ conversationId: 'one', worker, media, isServed: () => true });
    const adding = expect(microphones.add('somebody', producer as unknown as Producer)).rejects.toMatchObject({
      code: 'conflict',
    });
    producer.closed = true;
    microphones.remove('somebody');
    gate.open();
    await adding;
    microphones.announce();
    expect(told).toEqual(['removed', 'closed']);
  });
});
