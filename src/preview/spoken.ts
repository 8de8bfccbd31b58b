import type { Manner } from '../inference/avatar/manner.js';
import { PhonemeMotion } from '../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION, MOTION_FRAME_LENGTH } from '../inference/avatar/motion-frame.js';
import { perform, placeScenes } from '../worker/avatar/performance.js';
import type { Recital } from '../worker/avatar/recital.js';

/** One frame of a speaking face and what is heard with it. */
export interface SpokenFrame {
  atMs: number;
  /** The word that is heard, or an empty text. */
  word: string;
  motion: Float32Array;
}

/** Every frame of a recital from its start to its end, with the motion that the service itself makes for it. */
export function framesOf(recital: Recital, seed = 1, manner?: Manner): SpokenFrame[] {
  const stream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed, manner });
  const placed = placeScenes([{ kind: 'speech', recital }], FRAME_RATE);
  const motion = new Float32Array(MOTION_FRAME_LENGTH);
  const frames: SpokenFrame[] = [];
  for (const { index, at, part } of perform(placed, stream, FRAME_RATE, motion)) {
    const ms = at?.positionMs ?? 0;
    const word = part?.words.find(({ startMs, endMs }) => ms >= startMs && ms < endMs)?.text ?? '';
    frames.push({ atMs: (index * 1_000) / FRAME_RATE, word, motion: motion.slice() });
  }
  return frames;
}

/** Where the `count` successive frames begin in which the mouth moves most; 0 where there are not as many. */
export function liveliest(frames: readonly SpokenFrame[], count: number): number {
  const moved = frames.map(({ motion }, i) => {
    const before = frames[Math.max(0, i - 1)]!.motion;
    return MOVED.reduce((sum, channel) => sum + Math.abs(motion[channel]! - before[channel]!), 0);
  });
  let best = 0;
  let most = -1;
  for (let from = 0; from + count <= frames.length; from++) {
    const sum = moved.slice(from, from + count).reduce((a, b) => a + b, 0);
    if (sum > most) [best, most] = [from, sum];
  }
  return best;
}

const MOVED = [MOTION.jawOpen, MOTION.mouthClose, MOTION.mouthPucker, MOTION.mouthRollLower, MOTION.mouthStretchLeft];
