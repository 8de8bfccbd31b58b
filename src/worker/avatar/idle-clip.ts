import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Manner } from '../../inference/avatar/manner.js';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import type { AvatarPackage } from '../../inference/avatar/package.js';
import { openStream } from '../../inference/avatar/renderer/open-stream.js';
import { videoKbps } from '../../media/bitrate.js';
import { i420Bytes, Vp8Encoder } from '../../media/codecs.js';
import { muxWebm, type WebmFrame } from '../../media/webm.js';
import { webpOfKeyFrame } from '../../media/webp.js';
import type { PictureSize } from '../../picture-size.js';

/** How the avatar looks while nobody talks with it. */
export interface IdleClip {
  /** WebM of one VP8 track, made to be looped. */
  clip: Buffer;
  /** Its first frame, as WebP. */
  still: Buffer;
}

export interface IdleClipOptions {
  /** By default the avatar's own. */
  size?: PictureSize;
  seconds?: number;
  seed?: number;
  /** Drawn onto every picture (I420), as onto those of a conversation. */
  decorate?: (i420: Uint8Array) => void;
}

const SECONDS = 9;
/** At 512²: about 300 kB. */
const CLIP_KBPS = 260;
/** The first frame is the only key frame: it is given this much at 512², because everything after it builds upon it. */
const KEY_FRAME_KBPS = 1_700;
/** In which the end of the movement goes over into its beginning. */
const SEAM_FRAMES = Math.round(1.2 * FRAME_RATE);
const SEED = 20;

/**
 * Draws a loop of the avatar at rest: breathing, looking, blinking. What follows the last frame is the first one. Lets events through
 * between frames.
 */
export async function renderIdleClip(avatar: AvatarPackage, o: IdleClipOptions = {}): Promise<IdleClip> {
  const { manner } = avatar.manifest;
  const { width, height } = o.size ?? avatar.manifest;
  const movement = idleLoop(Math.round((o.seconds ?? SECONDS) * FRAME_RATE), o.seed ?? SEED, manner);
  const picture = new Uint8Array(i420Bytes(width, height));
  const stream = await openStream(avatar, { width, height, loop: movement.length });
  const encoder = new Vp8Encoder(width, height, {
    bitrateKbps: videoKbps(KEY_FRAME_KBPS, { width, height }),
    fps: FRAME_RATE,
  });
  const frames: WebmFrame[] = [];
  try {
    for (const frame of movement) {
      await stream.prepare?.(frame);
      stream.render(frame, picture);
      o.decorate?.(picture);
      frames.push(encoder.encode(picture, frames.length === 0));
      if (frames.length === 1) encoder.setBitrate(videoKbps(CLIP_KBPS, { width, height }));
      await nextTurn();
    }
  } finally {
    stream.close();
    encoder.close();
  }
  const first = frames[0];
  if (first === undefined) throw new RangeError('an idle clip has at least one frame');
  return { clip: muxWebm(frames, { width, height, fps: FRAME_RATE }), still: webpOfKeyFrame(first.data) };
}

/**
 * `length` frames of idle movement of which the last is followed by the first: over the seam, the movement that would go on beyond the
 * end is blended into the one at the beginning. Begins with the eyes open, because the first frame is also shown alone.
 */
export function idleLoop(length: number, seed: number, manner?: Manner): Float32Array[] {
  const stream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed, manner });
  const all = Array.from({ length: length + SEAM_FRAMES }, () => {
    const frame = new Float32Array(MOTION_FRAME_LENGTH);
    stream.next(null, frame);
    return frame;
  });
  const loop = all.slice(0, length);
  for (let index = 0; index < Math.min(SEAM_FRAMES, length); index++) {
    const beyond = all[length + index];
    const begun = loop[index];
    if (beyond === undefined || begun === undefined) continue;
    const t = index / SEAM_FRAMES;
    const keep = 1 - t * t * (3 - 2 * t);
    for (let k = 0; k < begun.length; k++) begun[k] = (begun[k] ?? 0) * (1 - keep) + (beyond[k] ?? 0) * keep;
  }
  return startWithOpenEyes(loop);
}

/** A lid this far down is not yet a blink. */
const MAX_LID = 0.12;

/** A loop may begin anywhere. */
function startWithOpenEyes(loop: Float32Array[]): Float32Array[] {
  const open = loop.findIndex((frame) => (frame[MOTION.eyeBlinkLeft] ?? 0) < MAX_LID);
  return open <= 0 ? loop : [...loop.slice(open), ...loop.slice(0, open)];
}
