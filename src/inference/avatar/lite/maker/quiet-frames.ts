import { type Frames, frameAt } from '../frames.js';

/** Frames over which movement is averaged, to both sides. */
const AROUND = 3;
/** Of all frames this share is quiet enough to turn at. */
const QUIET = 0.4;
/** Turns are at least this far apart. */
const APART = 10;
/** A frame this much blurrier than usual (the first ones of a film often are) is not shown. */
const SHARP_ENOUGH = 0.9;

/** Frames (I420) at which the clip may be turned round without being seen to: those around which it moves least; ascending, the first and last sharp frame among them. */
export function quietFrames(clip: Frames): number[] {
  const sharp = sharpRange(clip);
  const movement = movementOf(clip);
  const calm = Array.from({ length: clip.count }, (_, i) => {
    const near = movement.slice(Math.max(1, i - AROUND + 1), i + AROUND + 1);
    return near.length === 0 ? 0 : near.reduce((a, b) => a + b, 0) / near.length;
  });
  const within = calm.slice(sharp.first, sharp.last + 1);
  const limit = [...within].sort((a, b) => a - b)[Math.floor(QUIET * (within.length - 1))] ?? 0;
  const byCalm = [...within.keys()].map((i) => i + sharp.first).sort((a, b) => calm[a]! - calm[b]! || a - b);
  const turns: number[] = [];
  for (const frame of byCalm) {
    if (calm[frame]! > limit) break;
    if (turns.every((turn) => Math.abs(turn - frame) >= APART)) turns.push(frame);
  }
  // The walk needs room: where all quiet places lie together, it goes to the ends.
  for (const end of [sharp.first, sharp.last]) {
    const isFar = turns.every((turn) => Math.abs(turn - end) >= clip.count / 4);
    if (isFar || turns.length < 2) turns.push(end);
  }
  return [...new Set(turns)].sort((a, b) => a - b);
}

/** Mean change of luma from the frame before; 0 for the first. */
function movementOf(clip: Frames): number[] {
  const luma = clip.width * clip.height;
  const out = [0];
  for (let i = 1; i < clip.count; i++) {
    const [a, b] = [frameAt(clip, i - 1), frameAt(clip, i)];
    let sum = 0;
    for (let at = 0; at < luma; at++) sum += Math.abs(a[at]! - b[at]!);
    out.push(sum / luma);
  }
  return out;
}

function sharpRange(clip: Frames): { first: number; last: number } {
  const { width, height } = clip;
  const sharpness = Array.from({ length: clip.count }, (_, i) => {
    const frame = frameAt(clip, i);
    let sum = 0;
    for (let y = 1; y < height; y += 2)
      for (let x = 1; x < width; x++) sum += Math.abs(frame[y * width + x]! - frame[y * width + x - 1]!);
    return sum;
  });
  const usual = [...sharpness].sort((a, b) => a - b)[clip.count >> 1] ?? 0;
  const isSharp = (value: number) => value >= SHARP_ENOUGH * usual;
  const first = Math.max(0, sharpness.findIndex(isSharp));
  return { first, last: Math.max(first, sharpness.findLastIndex(isSharp)) };
}
