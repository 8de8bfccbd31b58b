import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../../abort.js';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import type { AvatarPackage } from '../../inference/avatar/package.js';
import { openStream } from '../../inference/avatar/renderer/open-stream.js';
import type { AvatarStream } from '../../inference/engines.js';
import { i420Bytes } from '../../media/codecs.js';
import { type PerformedFrame, type PlacedScene, perform } from './performance.js';

/** One frame of a film. The arrays are used again for the next one. */
export interface FilmFrame extends PerformedFrame {
  motion: Float32Array;
  /** I420, with what `decorate` drew. */
  picture: Uint8Array;
  stream: AvatarStream;
}

export interface FilmOptions {
  width: number;
  height: number;
  seed?: number;
  /** Draws onto every picture, as onto those of a conversation. */
  decorate?: (i420: Uint8Array) => void;
  /** Only these frames are drawn and given; the face moves through the others all the same. */
  wanted?: (index: number) => boolean;
  signal: AbortSignal;
}

/**
 * Draws a performance frame by frame through the motion and the renderer that conversations use. Lets events through between frames; rejects
 * with AbortError when aborted.
 */
export async function* film(
  avatar: AvatarPackage,
  placed: readonly PlacedScene[],
  o: FilmOptions,
): AsyncGenerator<FilmFrame> {
  const stream = await openStream(avatar, {
    width: o.width,
    height: o.height,
    ...(o.seed !== undefined && { seed: o.seed }),
  });
  const { manner } = avatar.manifest;
  const motionStream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed: o.seed ?? 1, manner });
  const motion = new Float32Array(MOTION_FRAME_LENGTH);
  const picture = new Uint8Array(i420Bytes(o.width, o.height));
  try {
    for (const frame of perform(placed, motionStream, FRAME_RATE, motion)) {
      if (o.wanted?.(frame.index) === false) continue;
      throwIfAborted(o.signal);
      await stream.prepare?.(motion);
      stream.render(motion, picture);
      o.decorate?.(picture);
      yield { ...frame, motion, picture, stream };
      await nextTurn();
    }
  } finally {
    stream.close();
  }
}
