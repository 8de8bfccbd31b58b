import { describe, expect, it } from 'vitest';
import { resizeFrames } from '../../../../src/inference/avatar/lite/clip-size.js';
import {
  bytesPerFrame,
  decodeFrames,
  encodeFrames,
  type Frames,
  frameAt,
} from '../../../../src/inference/avatar/lite/frames.js';
import { quietFrames } from '../../../../src/inference/avatar/lite/maker/quiet-frames.js';

function framesOf(count: number, value: (frame: number, at: number) => number, side = 8): Frames {
  const shape = { layout: 'i420' as const, width: side, height: side };
  const bytes = bytesPerFrame(shape);
  const data = Uint8Array.from({ length: bytes * count }, (_, i) => value(Math.floor(i / bytes), i % bytes));
  return { ...shape, count, data };
}

const refusal = (file: Uint8Array) =>
  decodeFrames(file, 'clip.bin').then(
    () => expect.fail('was read'),
    (error: unknown) => error as Error & { code: string; field: string },
  );

describe('frames in a file', () => {
  it.each(['i420', 'rgb'] as const)('come out as they went in (%s)', async (layout) => {
    const frames = { ...framesOf(5, (frame, at) => (at * 7 + frame * frame * 31) & 255), layout };
    const data = Uint8Array.from({ length: bytesPerFrame(frames) * 5 }, (_, i) => (i * i) & 255);
    expect(await decodeFrames(await encodeFrames({ ...frames, data }), 'clip.bin')).toEqual({
      ...frames,
      data: Buffer.from(data),
    });
  });

  it('cost nearly nothing while nothing moves', async () => {
    const noise = framesOf(40, (_, at) => (at * 2654435761) >>> 24, 32);
    expect((await encodeFrames(noise)).length).toBeLessThan(2 * bytesPerFrame(noise));
  });

  it('are refused when damaged, cut off, of another length, or beyond the limits', async () => {
    const file = await encodeFrames(framesOf(3, (frame, at) => (at + frame) & 255));
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(file);
      copy.writeUInt16LE(value, at);
      return copy;
    };
    for (const [bytes, message] of [
      [Buffer.from('no frames at all'), /does not hold frames/],
      [file.subarray(0, 12), /does not hold frames/],
      [file.subarray(0, -6), /damaged or cut off/],
      [changed(4, 9), /has version 9/],
      [changed(6, 5), /layout 5/],
      [changed(8, 3), /3 × 8 pixels/],
      [changed(10, 4096), /8 × 4096 pixels/],
      [changed(12, 2), /damaged or cut off/],
      [changed(12, 4), /holds 288 bytes of frames, not 384/],
      [changed(12, 60_000), /has 60000 frames/],
    ] as const) {
      const error = await refusal(bytes);
      expect(error.message).toMatch(message);
      expect(error).toMatchObject({ code: 'bad-request', field: 'files.clip.bin' });
    }
  });

  it('keep their brightness when they are made smaller or larger', () => {
    const frames = framesOf(2, (frame, at) => (at < 64 ? 40 + frame * 60 : 90));
    for (const side of [4, 12]) {
      const out = resizeFrames(frames, side, side);
      expect([...new Set(frameAt(out, 1).subarray(0, side * side))]).toEqual([100]);
      expect([...new Set(frameAt(out, 0).subarray(side * side))]).toEqual([90]);
    }
    expect(resizeFrames(frames, 8, 8)).toBe(frames);
  });
});

describe('the places at which a clip may turn', () => {
  /** Moves but around frames 20 and 60; every frame as sharp as the others but the first four. */
  const clip = framesOf(
    80,
    (frame, at) => {
      const still = [20, 60].some((middle) => Math.abs(frame - middle) < 6);
      const phase = still ? 0 : frame;
      const contrast = frame < 4 ? 20 : 100;
      return at < 256 ? 128 + ((at + phase) % 2 === 0 ? contrast : -contrast) : 128;
    },
    16,
  );

  it('are those where it stands still, and none in blurred beginnings', () => {
    const turns = quietFrames(clip);
    expect(turns).toEqual([...turns].sort((a, b) => a - b));
    expect(turns.some((turn) => Math.abs(turn - 20) < 6)).toBe(true);
    expect(turns.some((turn) => Math.abs(turn - 60) < 6)).toBe(true);
    expect(turns[0]).toBeGreaterThanOrEqual(4);
  });

  it('exist in a clip of one frame, too', () => {
    expect(quietFrames(framesOf(1, () => 7))).toEqual([0]);
  });
});
