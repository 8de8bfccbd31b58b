import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import type { AvatarPackage } from '../../inference/avatar/package.js';
import { openAvatar } from '../../inference/avatar/renderer/portrait.js';
import { i420Bytes } from '../../media/codecs.js';
import { type PlacedScene, perform } from '../../worker/avatar/performance.js';
import { isSpoken } from './script.js';

/** Until the code is compiled and the caches are warm, a frame says nothing about those to come. */
const WARM_UP_FRAMES = 50;
const FRAMES = 300;

export interface DrawingTimes {
  /** Wall milliseconds of each frame. */
  wallMs: number[];
  /** Processor time a frame, mean: unlike wall time it hardly depends on what else the machine does. */
  cpuMs: number;
}

/** What 300 frames of speech take the renderer, one directly after the other, nothing between. */
export function drawingTimes(avatar: AvatarPackage, placed: readonly PlacedScene[], side: number): DrawingTimes {
  const motionStream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed: 1 });
  const motion = new Float32Array(MOTION_FRAME_LENGTH);
  const moves: Float32Array[] = [];
  for (const { scene } of perform(placed, motionStream, FRAME_RATE, motion)) {
    if (isSpoken(placed[scene]!)) moves.push(motion.slice());
    if (moves.length === FRAMES) break;
  }
  const stream = openAvatar(avatar, { width: side, height: side });
  const picture = new Uint8Array(i420Bytes(side, side));
  for (let i = 0; i < WARM_UP_FRAMES; i++) stream.render(moves[i % moves.length]!, picture);
  const before = process.cpuUsage();
  const wallMs = moves.map((move) => {
    const began = performance.now();
    stream.render(move, picture);
    return performance.now() - began;
  });
  const { user, system } = process.cpuUsage(before);
  stream.close();
  return { wallMs, cpuMs: (user + system) / 1_000 / moves.length };
}
