import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { EncodedFrame, FrameRequest } from '../../../src/media/output-protocol.js';
import type { AvatarThread as Thread } from '../../../src/worker/avatar/avatar-thread-client.js';
import { SENTENCE, speechOf, stockFolder } from './stock.js';

const compiled = fileURLToPath(new URL('../../../dist/worker/avatar/avatar-thread-client.js', import.meta.url));

/** Asks over the pacer's port and waits for the answer to the newest request. */
function ask(port: MessagePort, ...requests: FrameRequest[]): Promise<EncodedFrame> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no frame within 5 s')), 5_000);
    port.on('message', function take(frame: EncodedFrame) {
      if (frame.index !== requests.at(-1)!.index) return;
      port.off('message', take);
      clearTimeout(timer);
      resolve(frame);
    });
    for (const request of requests) port.postMessage(request);
  });
}

const request = (index: number, o: Partial<FrameRequest> = {}): FrameRequest => ({
  type: 'frame',
  index,
  rtpTimestamp: index * 3_600,
  speech: null,
  keyFrame: false,
  ...o,
});

/** RFC 6386, 9.1: bit 0 of the first byte is 0 in a key frame, then its start code and its size. */
function keyFrameSize(data: Uint8Array): { width: number; height: number } | null {
  if ((data[0]! & 1) !== 0) return null;
  expect([...data.subarray(3, 6)]).toEqual([0x9d, 0x01, 0x2a]);
  return { width: (data[6]! | (data[7]! << 8)) & 0x3fff, height: (data[8]! | (data[9]! << 8)) & 0x3fff };
}

describe('avatar thread', () => {
  let thread: Thread | undefined;
  const open = async (o: Partial<Parameters<typeof Thread.create>[0]> = {}) => {
    const { AvatarThread } = (await import(
      compiled
    )) as typeof import('../../../src/worker/avatar/avatar-thread-client.js');
    thread = await AvatarThread.create({
      avatarPath: stockFolder('mara'),
      width: 256,
      height: 256,
      bitrateKbps: 600,
      seed: 1,
      badge: 'AI',
      ...o,
    });
    return thread;
  };
  afterEach(() => thread?.close());

  it('answers frame requests with VP8, a key frame first and on demand only', async () => {
    const { framePort } = await open();
    const frames: EncodedFrame[] = [];
    for (let index = 0; index < 6; index++)
      frames.push(await ask(framePort, request(index, { keyFrame: index === 4 })));
    expect(frames.map((frame) => frame.keyFrame)).toEqual([true, false, false, false, true, false]);
    expect(frames.map((frame) => keyFrameSize(frame.data) !== null)).toEqual([true, false, false, false, true, false]);
    expect(keyFrameSize(frames[0]!.data)).toEqual({ width: 256, height: 256 });
    for (const frame of frames) {
      expect(frame.renderMs).toBeGreaterThan(0);
      expect(frame.encodeMs).toBeGreaterThan(0);
    }
  });

  it('answers requests that piled up once, with the newest, and keeps a key frame asked for among them', async () => {
    const { framePort } = await open();
    await ask(framePort, request(0));
    const indices: number[] = [];
    framePort.on('message', (frame: EncodedFrame) => indices.push(frame.index));
    const burst = Array.from({ length: 40 }, (_, k) => request(k + 1, { keyFrame: k === 38 }));
    const last = await ask(framePort, ...burst);
    expect(last.index).toBe(40);
    expect(indices.length).toBeLessThan(40);
    expect(indices).toEqual([...indices].sort((a, b) => a - b));
  });

  it('speaks, is interrupted and changes its bitrate without missing a frame', async () => {
    const stats: number[] = [];
    const avatar = await open({ onStats: ({ renderMs }) => stats.push(renderMs.length) });
    avatar.speech(speechOf(1, SENTENCE));
    avatar.setState('speaking');
    for (let index = 0; index < 30; index++) {
      if (index === 12) avatar.interrupt();
      if (index === 20) avatar.bitrate(200);
      const speech = index < 15 ? { segmentId: 1, positionMs: index * 40 } : null;
      expect((await ask(avatar.framePort, request(index, { speech }))).index).toBe(index);
    }
    expect(stats).toEqual([25]);
  });

  it('listens to speech without phonemes, is interrupted while it does, and closes', async () => {
    const avatar = await open({ listens: true });
    const samples = Float32Array.from({ length: 24_000 }, (_, i) => 0.1 * Math.sin(i / 20) * Math.sin(i / 900));
    const loudness = new Float32Array(100).fill(0.05);
    for (const segmentId of [1, 2]) {
      const audio = { samples, sampleRateHz: 24_000, continues: segmentId > 1 };
      avatar.speech({ segmentId, durationMs: 1_000, loudness, audio });
    }
    for (let index = 0; index < 30; index++) {
      if (index === 20) avatar.interrupt();
      const speech = index < 20 ? { segmentId: 1, positionMs: index * 40 } : null;
      expect((await ask(avatar.framePort, request(index, { speech }))).index).toBe(index);
    }
    await avatar.close();
    expect(await avatar.closed).toBeUndefined();
  });

  it('refuses a badge that it cannot draw and leaves no thread behind', async () => {
    await expect(open({ badge: '人工知能' })).rejects.toMatchObject({ message: expect.stringContaining('U+4EBA') });
  });

  it('refuses a package that is not there and leaves no thread behind', async () => {
    await expect(open({ avatarPath: stockFolder('nobody') })).rejects.toMatchObject({ code: 'engine-failed' });
  });

  it('closes once and says so', async () => {
    const avatar = await open();
    await Promise.all([avatar.close(), avatar.close()]);
    expect(await avatar.closed).toBeUndefined();
  });
});
