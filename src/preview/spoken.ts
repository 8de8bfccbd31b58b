import type { Manner } from '../inference/avatar/manner.js';
import { FRAME_RATE, MOTION } from '../inference/avatar/motion-frame.js';
import { performMoved, placeScenes, wordAt } from '../worker/avatar/performance.js';
import type { Recital } from '../worker/avatar/recital.js';

/** One frame of a speaking face and what is heard with it. */
export interface SpokenFrame {
  atMs: number;
  /** The word that is heard, or an empty text. */
  word: string;
  motion: Float32Array;
}

/** Every frame of a recital from its start to its end, as a film of it would show them. */
export function framesOf(recital: Recital, seed = 1, manner?: Manner): SpokenFrame[] {
  const placed = placeScenes([{ kind: 'speech', recital }], FRAME_RATE);
  return Array.from(performMoved(placed, { seed, manner }), (frame) => ({
    atMs: (frame.index * 1_000) / FRAME_RATE,
    word: wordAt(frame),
    motion: frame.motion.slice(),
  }));
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
