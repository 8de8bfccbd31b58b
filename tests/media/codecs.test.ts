import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { OpusDecoder, OpusEncoder, Vp8Decoder, Vp8Encoder } from '../../src/media/codecs.js';
import { lumaPsnr, movingPicture, voiceLike } from '../support/media.js';

const SIZE = 256;
const FRAME_BUDGET_BYTES = (kbps: number): number => (kbps * 1000) / 8 / 25;

describe('VP8', () => {
  test('what is encoded is decoded close to the original', () => {
    const encoder = new Vp8Encoder(SIZE, SIZE, { bitrateKbps: 600 });
    const decoder = new Vp8Decoder();
    const quality: number[] = [];
    for (let n = 0; n < 30; n++) {
      const picture = movingPicture(SIZE, SIZE, n);
      const frame = encoder.encode(picture);
      expect(frame.keyFrame).toBe(n === 0);
      const decoded = decoder.decode(frame.data);
      expect(decoded).toMatchObject({ width: SIZE, height: SIZE });
      quality.push(lumaPsnr(picture, decoded!.i420, SIZE * SIZE));
    }
    expect(Math.min(...quality)).toBeGreaterThan(32);
    expect(quality.at(-1)).toBeGreaterThan(38);
  });

  test('a key frame comes with the very frame that it is asked for and can be decoded alone', () => {
    const encoder = new Vp8Encoder(SIZE, SIZE);
    for (let n = 0; n < 10; n++) encoder.encode(movingPicture(SIZE, SIZE, n));
    const picture = movingPicture(SIZE, SIZE, 10);
    const frame = encoder.encode(picture, true);
    expect(frame.keyFrame).toBe(true);
    const decoded = new Vp8Decoder().decode(frame.data);
    expect(lumaPsnr(picture, decoded!.i420, SIZE * SIZE)).toBeGreaterThan(32);
  });

  test('frames after a repeated key frame attempt decode without drift', () => {
    // So few bits that the first key frame must be tried again.
    const encoder = new Vp8Encoder(SIZE, SIZE, { bitrateKbps: 100 });
    const decoder = new Vp8Decoder();
    let last = 0;
    for (let n = 0; n < 40; n++) {
      const picture = movingPicture(SIZE, SIZE, Math.min(n, 20));
      const decoded = decoder.decode(encoder.encode(picture, n === 10).data);
      last = lumaPsnr(picture, decoded!.i420, SIZE * SIZE);
    }
    expect(last).toBeGreaterThan(36);
  });

  test.each([200, 400, 800])('a key frame at %i kbps costs at most four and a half frames', (kbps) => {
    const encoder = new Vp8Encoder(SIZE, SIZE, { bitrateKbps: kbps });
    for (let n = 0; n < 12; n++) {
      const frame = encoder.encode(movingPicture(SIZE, SIZE, n), n % 4 === 0);
      if (frame.keyFrame) expect(frame.data.length).toBeLessThanOrEqual(4.5 * FRAME_BUDGET_BYTES(kbps));
    }
  });

  test('a change of bitrate is followed without a key frame', () => {
    const noisy = (n: number): Uint8Array => movingPicture(SIZE, SIZE, n).map((v, i) => v + ((i * 7919 + n * 31) % 13));
    const encoder = new Vp8Encoder(SIZE, SIZE, { bitrateKbps: 900 });
    let before = 0;
    for (let n = 0; n < 75; n++)
      before += n < 25 ? 0 * encoder.encode(noisy(n)).data.length : encoder.encode(noisy(n)).data.length;
    encoder.setBitrate(250);
    let after = 0;
    for (let n = 75; n < 175; n++) {
      const frame = encoder.encode(noisy(n));
      expect(frame.keyFrame).toBe(false);
      if (n >= 125) after += frame.data.length;
    }
    expect(after).toBeLessThan(before * 0.6);
    expect((after * 8) / 2 / 1000).toBeLessThan(250 * 1.3);
  });

  test('a frame owns its memory, and a picture may lie in shared memory', () => {
    const encoder = new Vp8Encoder(64, 48);
    const shared = new Uint8Array(new SharedArrayBuffer(64 * 48 * 1.5)).fill(100);
    const first = encoder.encode(shared).data;
    const copy = first.slice();
    expect(first.buffer).toBeInstanceOf(ArrayBuffer);
    expect(first.buffer.byteLength).toBe(first.length);
    shared.fill(200);
    encoder.encode(shared);
    expect(first).toEqual(copy);
    expect(structuredClone(first, { transfer: [first.buffer] })).toEqual(copy);
  });

  test.each([
    [() => new Vp8Encoder(15, 16), /width must be an integer from 16/],
    [() => new Vp8Encoder(16, 17), /height must be even/],
    [() => new Vp8Encoder(16, 16, { bitrateKbps: 1 }), /bitrateKbps must be an integer from 30/],
    [() => new Vp8Encoder(16, 16, { fps: 0.5 }), /fps must be an integer/],
    [() => new Vp8Encoder(16, 16).encode(new Uint8Array(10)), /i420 must be 384 bytes/],
    [() => new Vp8Encoder(16, 16).encode('x' as never), /i420 must be a Uint8Array/],
    [() => new Vp8Encoder(16, 16).setBitrate(Number.NaN), /bitrateKbps/],
    [() => new Vp8Decoder().decode(new Uint8Array(0)), /data must be not empty/],
  ])('a wrong argument is a TypeError that names it (%#)', (act, message) => {
    expect(act).toThrow(TypeError);
    expect(act).toThrow(message);
  });

  test('bytes that are no frame are refused, and a key frame heals the decoder', () => {
    const decoder = new Vp8Decoder();
    expect(() => decoder.decode(new Uint8Array(40).fill(7))).toThrowError(
      expect.objectContaining({ name: 'VisavisError', code: 'bad-request' }),
    );
    const encoder = new Vp8Encoder(64, 64);
    expect(decoder.decode(encoder.encode(movingPicture(64, 64, 0)).data)).toMatchObject({ width: 64 });
  });

  test('a closed codec refuses work and may be closed again', () => {
    const encoder = new Vp8Encoder(64, 64);
    encoder.close();
    encoder.close();
    expect(() => encoder.encode(new Uint8Array(64 * 96))).toThrow(/closed/);
  });
});

describe('Opus', () => {
  const packets = (samples: Int16Array, fec = true): Uint8Array[] => {
    const encoder = new OpusEncoder(48_000, 1, { bitrateKbps: 40, fec, packetLossPercent: fec ? 20 : 0 });
    return Array.from({ length: samples.length / 960 }, (_, i) =>
      encoder.encode(samples.subarray(i * 960, i * 960 + 960)),
    );
  };

  /** Correlation of `a` with the stretch of `b` that is most like it: codecs delay by some milliseconds. */
  const likeness = (a: Int16Array, b: Int16Array): number => {
    let best = 0;
    for (let lag = 0; lag <= b.length - a.length; lag++) {
      let ab = 0;
      let aa = 0;
      let bb = 0;
      for (let i = 0; i < a.length; i++) {
        ab += a[i]! * b[i + lag]!;
        aa += a[i]! ** 2;
        bb += b[i + lag]! ** 2;
      }
      best = Math.max(best, ab / Math.sqrt(aa * bb || 1));
    }
    return best;
  };

  test('a voice survives the round trip', () => {
    const voice = voiceLike(48_000, 48_000);
    const decoder = new OpusDecoder(48_000, 1);
    const decoded = new Int16Array(48_000);
    for (const [i, packet] of packets(voice).entries()) decoded.set(decoder.decode(packet), i * 960);
    expect(likeness(voice.subarray(20_000, 30_000), decoded.subarray(20_000, 31_000))).toBeGreaterThan(0.8);
    const rms = (samples: Int16Array): number => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);
    expect(rms(decoded.subarray(10_000)) / rms(voice.subarray(10_000))).toBeCloseTo(1, 1);
  });

  test('silence is encoded as packets too', () => {
    const encoder = new OpusEncoder(48_000, 1);
    const sizes = Array.from({ length: 100 }, () => encoder.encode(new Int16Array(960)).length);
    expect(Math.min(...sizes)).toBeGreaterThan(2);
  });

  test('a lost packet is concealed with sound, not silence', () => {
    const sent = packets(voiceLike(48_000, 48_000));
    const decoder = new OpusDecoder(48_000, 1);
    for (const packet of sent.slice(0, 20)) decoder.decode(packet);
    const concealed = decoder.decodeLost(960);
    expect(concealed).toHaveLength(960);
    expect(Math.max(...concealed)).toBeGreaterThan(500);
  });

  test('forward error correction restores the lost packet better than concealment does', () => {
    // A change of pitch right at the loss: what came before cannot tell.
    const voice = voiceLike(48_000, 48_000);
    for (let n = 21 * 960; n < voice.length; n++)
      voice[n] = Math.round(9000 * Math.sin((2 * Math.PI * 950 * n) / 48_000));
    const sent = packets(voice);
    const restored = (restore: (decoder: OpusDecoder) => Int16Array): number => {
      const decoder = new OpusDecoder(48_000, 1);
      for (const packet of sent.slice(0, 21)) decoder.decode(packet);
      return likeness(voice.subarray(21 * 960, 21 * 960 + 480), restore(decoder));
    };
    const fec = restored((decoder) => decoder.decodeFec(sent[22]!));
    const concealment = restored((decoder) => decoder.decodeLost(960));
    expect(fec).toBeGreaterThan(0.8);
    expect(concealment).toBeLessThan(0.6);
  });

  test.each([
    [() => new OpusEncoder(44_100, 1), /sampleRateHz must be 8000, 12000/],
    [() => new OpusEncoder(48_000, 3), /channels must be an integer from 1 to 2/],
    [() => new OpusEncoder(48_000, 1, { fec: 1 as never }), /fec must be a boolean/],
    [() => new OpusEncoder(48_000, 1).encode(new Int16Array(959)), /samples must be 2.5, 5, 10/],
    [() => new OpusEncoder(48_000, 1).encode(new Float32Array(960) as never), /samples must be an Int16Array/],
    [() => new OpusDecoder(48_000, 1).decodeLost(100), /samples must be/],
    [() => new OpusDecoder(48_000, 1).decode(new Uint8Array(0)), /packet must be not empty/],
  ])('a wrong argument is a TypeError that names it (%#)', (act, message) => {
    expect(act).toThrow(TypeError);
    expect(act).toThrow(message);
  });

  test('random bytes never do more than throw', () => {
    const decoder = new OpusDecoder(48_000, 1);
    for (let n = 1; n < 300; n++) {
      const bytes = Uint8Array.from({ length: (n % 60) + 1 }, (_, i) => (n * 131 + i * 197 + ((n * i) >> 3)) & 255);
      try {
        expect(decoder.decode(bytes).length).toBeLessThanOrEqual(5760);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'bad-request' });
      }
    }
  });
});

test('several threads use the addon at once', async () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = require(workerData);
    const encoder = new addon.Vp8Encoder(64, 64, {});
    let keys = 0;
    for (let n = 0; n < 50; n++) keys += encoder.encode(new Uint8Array(6144).fill(n), n % 10 === 0).keyFrame ? 1 : 0;
    const packet = new addon.OpusEncoder(48000, 1, {}).encode(new Int16Array(960));
    parentPort.postMessage({ keys, samples: new addon.OpusDecoder(48000, 1).decode(packet).length });`;
  const addon = new URL('../../native/build/visavis.node', import.meta.url).pathname;
  const answers = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const worker = new Worker(source, { eval: true, workerData: addon });
      const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await worker.terminate();
      return answer;
    }),
  );
  expect(answers).toEqual(Array.from({ length: 3 }, () => ({ keys: 5, samples: 960 })));
});

test('threads may be terminated in the middle of a call without taking the process along', async () => {
  const addon = new URL('../../native/build/visavis.node', import.meta.url).pathname;
  // In a process of its own: the failure to be excluded is an abort.
  const busy = `
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = require(workerData);
    const encoder = new addon.Vp8Encoder(64, 64, {});
    const opus = new addon.OpusEncoder(48000, 1, {});
    parentPort.postMessage('running');
    for (;;) {
      encoder.encode(new Uint8Array(6144), false);
      opus.encode(new Int16Array(960));
      try { encoder.setBitrate(-1); } catch {}
    }`;
  const source = `
    const { Worker } = require('node:worker_threads');
    (async () => {
      for (let n = 0; n < 25; n++) {
        const worker = new Worker(${JSON.stringify(busy)}, { eval: true, workerData: ${JSON.stringify(addon)} });
        await new Promise((resolve) => worker.once('message', resolve));
        await new Promise((resolve) => setTimeout(resolve, n % 5));
        await worker.terminate();
      }
      console.log('survived');
    })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', source]);
  expect(stdout.trim()).toBe('survived');
});
