import { EventEmitter } from 'node:events';
import type { Producer, WebRtcTransport } from 'mediasoup/types';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ServingWorker } from '../../src/signaling/serving-worker.js';
import { Session, type SessionOptions } from '../../src/signaling/session.js';
import type { SessionMedia } from '../../src/signaling/session-media.js';
import { SessionMicrophones } from '../../src/signaling/session-microphones.js';
import { Viewer, type ViewerHost } from '../../src/signaling/viewer.js';
import type { AvatarWorkerClient } from '../../src/worker/avatar-worker-client.js';
import { FakeWorker, Gate, sessionServices } from '../support/session-services.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a session', () => {
  it('goes on when the new worker dies as well, while the link is still being resumed', async () => {
    const gates: Gate[] = [];
    const channel = new FakeWorker();
    const services = sessionServices(channel, {
      resumeLink: () => {
        const gate = new Gate();
        gates.push(gate);
        return gate.passed;
      },
    });
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
    services.worker.dispose();
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
    const microphones = new SessionMicrophones(new ServingWorker(worker, 'one'), media);
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
