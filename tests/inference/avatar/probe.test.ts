import { describe, expect, it } from 'vitest';
import { MOTION_FRAME_LENGTH } from '../../../src/inference/avatar/motion-frame.js';
import { PROBE_PERIOD_MS, ProbeAvatar, ProbeMotion } from '../../../src/inference/avatar/renderer/probe.js';

const speech = (segmentId: number, durationMs: number) => ({ segmentId, durationMs, loudness: new Float32Array(0) });

describe('the probe avatar', () => {
  it('counts the position through all segments', () => {
    const motion = new ProbeMotion();
    const out = new Float32Array(MOTION_FRAME_LENGTH);
    motion.addSpeech(speech(1, 1_000));
    motion.addSpeech(speech(2, 500));
    motion.next({ segmentId: 2, positionMs: 40 }, out);
    expect(out[0]).toBe(1_040);
    motion.next(null, out);
    expect(out[0]).toBe(-1);
  });

  it('paints the position as brightness over the whole picture', () => {
    const avatar = new ProbeAvatar({ width: 16, height: 16 });
    const picture = new Uint8Array(16 * 16 * 1.5);
    const motion = new Float32Array(MOTION_FRAME_LENGTH);
    motion[0] = 3 * PROBE_PERIOD_MS + PROBE_PERIOD_MS / 2;
    avatar.render(motion, picture);
    expect(new Set(picture.subarray(0, 256))).toEqual(new Set([126]));
    expect(new Set(picture.subarray(256))).toEqual(new Set([128]));
    motion[0] = -1;
    avatar.render(motion, picture);
    expect(picture[0]).toBe(16);
  });
});
