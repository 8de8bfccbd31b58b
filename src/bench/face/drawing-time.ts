import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import type { AvatarPackage } from '../../inference/avatar/package.js';
import { openStream } from '../../inference/avatar/renderer/open-stream.js';
import { i420Bytes } from '../../media/codecs.js';
import type { PictureSize } from '../../picture-size.js';
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
export async function drawingTimes(
  avatar: AvatarPackage,
  placed: readonly PlacedScene[],
  size: PictureSize,
): Promise<DrawingTimes> {
  const motionStream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed: 1, manner: avatar.manifest.manner });
  const motion = new Float32Array(MOTION_FRAME_LENGTH);
  const moves: Float32Array[] = [];
  for (const { scene } of perform(placed, motionStream, FRAME_RATE, motion)) {
    if (isSpoken(placed[scene]!)) moves.push(motion.slice());
    if (moves.length === FRAMES) break;
  }
  const stream = await openStream(avatar, size);
  const picture = new Uint8Array(i420Bytes(size.width, size.height));
  const draw = async (move: Float32Array) => {
    if (stream.prepare !== undefined) await stream.prepare(move);
    stream.render(move, picture);
  };
  for (let i = 0; i < WARM_UP_FRAMES; i++) await draw(moves[i % moves.length]!);
  const before = process.cpuUsage();
  const wallMs: number[] = [];
  for (const move of moves) {
    const began = performance.now();
    await draw(move);
    wallMs.push(performance.now() - began);
  }
  const { user, system } = process.cpuUsage(before);
  stream.close();
  return { wallMs, cpuMs: (user + system) / 1_000 / moves.length };
}
