import type { Manner } from '../../inference/avatar/manner.js';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import type { AgentState, MotionStream, SpeechPosition } from '../../inference/engines.js';
import { RECITAL_RATE_HZ, type Recital, type RecitalPart } from './recital.js';

/** A stretch of a performance: silence in a state of mind, or a recital, which may be broken off. */
export type Scene =
  | { kind: 'silence'; state: AgentState; durationMs: number }
  | { kind: 'speech'; recital: Recital; interruptAtMs?: number };

/** A scene with its place: it begins with the frame `firstFrame` and lasts until `endFrame`, which is no longer part of it. */
export interface PlacedScene {
  scene: Scene;
  firstFrame: number;
  endFrame: number;
}

export interface PerformedFrame {
  index: number;
  /** Index of the scene. */
  scene: number;
  /** What is heard with the frame; null for silence. */
  at: SpeechPosition | null;
  /** Where in the recital that is. */
  part: RecitalPart | null;
}

/** As a conversation's voice does when it is interrupted. */
const FADE_OUT_MS = 20;

/** Every scene begins with a frame of its own; one that is broken off ends there. */
export function placeScenes(scenes: readonly Scene[], frameRate: number): PlacedScene[] {
  let frame = 0;
  return scenes.map((scene) => {
    const firstFrame = frame;
    frame += Math.max(1, Math.ceil((lengthMs(scene) * frameRate) / 1_000));
    return { scene, firstFrame, endFrame: frame };
  });
}

function lengthMs(scene: Scene): number {
  if (scene.kind === 'silence') return scene.durationMs;
  return Math.min(scene.recital.durationMs, scene.interruptAtMs ?? Number.POSITIVE_INFINITY);
}

/**
 * Moves a face through scenes as a conversation would, one frame per step: writes the motion of the frame to `out` and yields what is heard with
 * it. Speech is made known at its scene's first frame; an interruption comes with the first frame after it.
 */
export function* perform(
  placed: readonly PlacedScene[],
  motion: MotionStream,
  frameRate: number,
  out: Float32Array,
): Generator<PerformedFrame> {
  let segmentId = 0;
  for (const [index, { scene, firstFrame, endFrame }] of placed.entries()) {
    const before = placed[index - 1]?.scene;
    if (before?.kind === 'speech' && before.interruptAtMs !== undefined) motion.interrupt();
    motion.setState(scene.kind === 'speech' ? 'speaking' : scene.state);
    const parts = scene.kind === 'speech' ? scene.recital.parts : [];
    const firstSegment = segmentId + 1;
    for (const { speech } of parts) motion.addSpeech({ ...speech, segmentId: ++segmentId });
    for (let frame = firstFrame; frame < endFrame; frame++) {
      const ms = ((frame - firstFrame) * 1_000) / frameRate;
      const k = parts.findIndex(({ startMs, speech }) => ms >= startMs && ms < startMs + speech.durationMs);
      const part = parts[k] ?? null;
      const at = part === null ? null : { segmentId: firstSegment + k, positionMs: ms - part.startMs };
      motion.next(at, out);
      yield { index: frame, scene: index, at, part };
    }
  }
}

/** One frame with the motion that conversations have there; the array is used again for the next one. */
export interface MovedFrame extends PerformedFrame {
  motion: Float32Array;
}

/** Performs scenes with the motion of conversations at `FRAME_RATE`, one frame per step. Deterministic for a seed. */
export function* performMoved(
  placed: readonly PlacedScene[],
  o: { seed: number; manner?: Manner | undefined },
): Generator<MovedFrame> {
  const motion = new Float32Array(MOTION_FRAME_LENGTH);
  const stream = new PhonemeMotion().open({ frameRate: FRAME_RATE, ...o });
  for (const frame of perform(placed, stream, FRAME_RATE, motion)) yield { ...frame, motion };
}

/** The word that is heard with a frame, or an empty text. */
export function wordAt({ at, part }: PerformedFrame): string {
  const ms = at?.positionMs ?? 0;
  return part?.words.find(({ startMs, endMs }) => ms >= startMs && ms < endMs)?.text ?? '';
}

/** The performance's sound, mono at `RECITAL_RATE_HZ`, as long as its frames; what is broken off fades out over 20 ms. */
export function soundOf(placed: readonly PlacedScene[], frameRate: number): Float32Array {
  const frames = placed.at(-1)?.endFrame ?? 0;
  const out = new Float32Array(Math.round((frames * RECITAL_RATE_HZ) / frameRate));
  for (const { scene, firstFrame } of placed) {
    if (scene.kind === 'silence') continue;
    const { recital, interruptAtMs } = scene;
    const from = Math.round((firstFrame * RECITAL_RATE_HZ) / frameRate);
    const end = Math.min(recital.samples.length, samples((interruptAtMs ?? recital.durationMs) + FADE_OUT_MS));
    out.set(recital.samples.subarray(0, Math.min(end, out.length - from)), from);
    if (interruptAtMs === undefined) continue;
    const fade = samples(FADE_OUT_MS);
    for (let k = Math.max(0, end - fade); k < end && from + k < out.length; k++) {
      out[from + k] = out[from + k]! * (0.5 + 0.5 * Math.cos((Math.PI * (k - end + fade)) / fade));
    }
  }
  return out;
}

function samples(ms: number): number {
  return Math.round((ms * RECITAL_RATE_HZ) / 1_000);
}
