import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MOTION } from '../../src/inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../src/inference/avatar/package.js';
import { Vp8Decoder } from '../../src/media/codecs.js';
import { idleLoop, renderIdleClip } from '../../src/worker/avatar/idle-clip.js';

const AVATAR = fileURLToPath(new URL('../../assets/avatars/mara', import.meta.url));

/** The greatest difference of any channel between two frames. */
function step(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, k) => Math.abs(value - b[k]!)));
}

describe('idleLoop', () => {
  it.each([1, 2, 3, 20])('has no jump where the end meets the beginning (seed %i)', (seed) => {
    const loop = idleLoop(225, seed);
    const steps = loop.map((frame, index) => step(frame, loop[(index + 1) % loop.length]!));
    const seam = steps.at(-1)!;
    const largest = Math.max(...steps.slice(0, -1));
    expect(seam).toBeLessThanOrEqual(largest);
  });

  it('moves, blinks, and begins with open eyes', () => {
    const loop = idleLoop(225, 20);
    const lids = loop.map((frame) => frame[MOTION.eyeBlinkLeft]!);
    expect(Math.max(...lids)).toBeGreaterThan(0.8);
    expect(lids[0]).toBeLessThan(0.12);
    expect(new Set(loop.map((frame) => frame[MOTION.headYaw])).size).toBeGreaterThan(200);
  });
});

describe('renderIdleClip', () => {
  it('makes a film under 400 kB whose still is its first frame', async () => {
    const avatar = await loadAvatarPackage(AVATAR);
    let drawn = 0;
    const { clip, still } = await renderIdleClip(avatar, { seconds: 2, decorate: () => void drawn++ });
    expect(drawn).toBe(50);
    expect(clip.length).toBeLessThan(400_000 * (2 / 9));
    const frame = still.subarray(20, 20 + still.readUInt32LE(16));
    expect(clip.includes(frame)).toBe(true);
    const decoder = new Vp8Decoder();
    expect(decoder.decode(frame)).toMatchObject({ width: 512, height: 512 });
    decoder.close();
  });
});
