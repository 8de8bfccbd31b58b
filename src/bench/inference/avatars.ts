import { setTimeout as sleep } from 'node:timers/promises';
import { VisavisError } from '../../errors.js';
import { LoopRunner } from '../../inference/avatar/loop/loop-runner.js';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../inference/avatar/package.js';
import { openStream } from '../../inference/avatar/renderer/open-stream.js';
import type { AvatarStream } from '../../inference/engines.js';
import { i420Bytes } from '../../media/codecs.js';
import type { PictureSize } from '../../picture-size.js';
import { quantile } from '../figures.js';

export interface AvatarFigures {
  avatar: string;
  family: 'portrait' | 'lite-avatar';
  msP50: number;
  msP95: number;
  framesPerSecond: number;
  /** From the package on disk to the first picture. */
  firstFrameMs: number;
  /** Of one that is opened besides others. */
  memoryBytes: number;
}

export interface LoadFigures {
  conversations: number;
  seconds: number;
  due: number;
  missed: number;
  /** What the loop said when one more asked to be let in; null where it was let in. */
  refused: string | null;
}

const FRAME_MS = 1_000 / FRAME_RATE;
/** A frame is drawn within so much of its time; the rest is for encoding it. */
const LEAD_MS = 0.9 * FRAME_MS;
const WARM_UP_FRAMES = 30;
const MOVES = 250;
const GRAPH = 'avatar';
/** Two seconds of speech: frames cost more the wider the mouth opens. */
const CALIBRATION_FRAMES = 50;

/** A mouth at work without a pause: open and closed in turn, four sounds a second. */
export function speakingMoves(): Float32Array[] {
  const motion = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed: 1 });
  const eachMs = 250;
  const durationMs = MOVES * FRAME_MS;
  const phonemes = Array.from({ length: Math.floor(durationMs / eachMs) }, (_, i) => ({
    symbol: ['m', 'ɑ', 'b', 'i'][i % 4]!,
    startMs: i * eachMs,
    endMs: (i + 1) * eachMs,
  }));
  motion.setState('speaking');
  motion.addSpeech({ segmentId: 1, durationMs, phonemes, loudness: new Float32Array(durationMs / 10).fill(0.1) });
  return Array.from({ length: MOVES }, (_, i) => {
    const out = new Float32Array(MOTION_FRAME_LENGTH);
    motion.next({ segmentId: 1, positionMs: i * FRAME_MS }, out);
    return out;
  });
}

async function open(folder: string, size: PictureSize, seed = 1): Promise<AvatarStream> {
  return openStream(await loadAvatarPackage(folder, { size }), { ...size, seed });
}

async function draw(stream: AvatarStream, move: Float32Array, out: Uint8Array): Promise<void> {
  await stream.prepare?.(move);
  stream.render(move, out);
}

/** Draws `frames` frames of an avatar that speaks, one directly after the other. */
export async function measureAvatar(
  avatar: { name: string; folder: string },
  o: { size: PictureSize; frames: number; signal: AbortSignal },
): Promise<AvatarFigures> {
  const moves = speakingMoves();
  const out = new Uint8Array(i420Bytes(o.size.width, o.size.height));
  const { lite } = await loadAvatarPackage(avatar.folder, { size: o.size });
  const before = process.memoryUsage.rss();
  const began = performance.now();
  const stream = await open(avatar.folder, o.size);
  await draw(stream, moves[0]!, out);
  const firstFrameMs = performance.now() - began;
  const memoryBytes = Math.max(0, process.memoryUsage.rss() - before);
  const times: number[] = [];
  for (let frame = -WARM_UP_FRAMES; frame < o.frames; frame++) {
    o.signal.throwIfAborted();
    const from = performance.now();
    await draw(stream, moves[(frame + WARM_UP_FRAMES) % MOVES]!, out);
    if (frame >= 0) times.push(performance.now() - from);
  }
  stream.close();
  const family = lite === undefined ? 'portrait' : 'lite-avatar';
  const [msP50, msP95] = [quantile(times, 0.5), quantile(times, 0.95)];
  return { avatar: avatar.name, family, msP50, msP95, framesPerSecond: 1_000 / msP50, firstFrameMs, memoryBytes };
}

/**
 * Lets conversations with one avatar into a deadline loop until one is refused, `most` at most, has all of them speak for `seconds` in real time at 25 frames a second, their frames
 * spread evenly over the frame's time, and counts what was missed. One thread draws for all.
 */
export async function measureLoad(
  folder: string,
  o: { size: PictureSize; seconds: number; most: number; signal: AbortSignal },
): Promise<LoadFigures> {
  const moves = speakingMoves();
  const out = new Uint8Array(i420Bytes(o.size.width, o.size.height));
  const runner = new LoopRunner({ leadMs: LEAD_MS });
  const streams: { stream: AvatarStream; frame: number }[] = [];
  const drawFor = async (index: number) => {
    const one = streams[index]!;
    await draw(one.stream, moves[one.frame++ % MOVES]!, out);
  };
  try {
    streams.push({ stream: await open(folder, o.size), frame: 0 });
    await runner.addGraph(GRAPH, {
      sizes: [1],
      runs: CALIBRATION_FRAMES,
      tryOut: () => drawFor(0),
      draw: async (ids, size) => {
        for (let k = 0; k < size; k++) await drawFor(Number(ids[k]));
      },
    });
    const refused = await admitAll(runner, o, async (index) => {
      if (index > 0) streams.push({ stream: await open(folder, o.size, index + 1), frame: 0 });
    });
    const conversations = refused.at;
    const each = Array.from({ length: conversations }, (_, k) =>
      converse(runner, String(k), (k / conversations) * FRAME_MS, o),
    );
    await Promise.all(each);
    const { due, missed } = runner.counts;
    return { conversations, seconds: o.seconds, due, missed, refused: refused.reason };
  } finally {
    await runner.close();
    for (const { stream } of streams) stream.close();
  }
}

async function admitAll(
  runner: LoopRunner,
  o: { most: number; signal: AbortSignal },
  onAdmitted: (index: number) => Promise<void>,
): Promise<{ at: number; reason: string | null }> {
  for (let index = 0; index < o.most; index++) {
    o.signal.throwIfAborted();
    try {
      runner.admit(String(index), GRAPH);
    } catch (thrown) {
      const { code, message } = VisavisError.from(thrown);
      return { at: index, reason: `${code}: ${message}` };
    }
    await onAdmitted(index);
  }
  return { at: o.most, reason: null };
}

/** Asks for every frame as soon as it may be drawn. */
async function converse(
  runner: LoopRunner,
  id: string,
  offsetMs: number,
  o: { seconds: number; signal: AbortSignal },
): Promise<void> {
  const firstMs = performance.now() + 2 * FRAME_MS + offsetMs;
  for (let frame = 0; frame < o.seconds * FRAME_RATE && !o.signal.aborted; frame++) {
    const dueMs = firstMs + frame * FRAME_MS;
    await sleep(Math.max(0, dueMs - FRAME_MS - performance.now()));
    await runner.frame(id, dueMs);
  }
}
