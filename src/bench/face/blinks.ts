import { EYE_GAPS } from '../../inference/vision/landmarks.js';
import { quantile } from '../figures.js';
import { distance, type FaceTrack } from './track.js';

export interface SeenBlink {
  /** First frame in which the eyes are at most half open. */
  frame: number;
  /** How long they are. */
  durationMs: number;
  /** Least openness, 0 shut … 1 as open as otherwise. */
  least: number;
}

/** A blink brings the lids at least this far down: what is smaller is a squint or a look downwards. */
const DEEP = 0.35;
const HALF = 0.5;
/** Lids that stay down longer are not blinking (Caffier, Erdmann & Ullsperger, "Experimental evaluation of eye-blink parameters", 2003). */
const LONGEST_MS = 800;

/**
 * How far the eyes are open in each frame: gap over width, both eyes' mean, relative to the usual (median) openness above the shut one. NaN where
 * no face was seen.
 */
export function eyeOpenness(track: FaceTrack): Float32Array {
  const raw = Float32Array.from(track.frames, (points) => (points === null ? Number.NaN : openness(points)));
  const usual = quantile(
    [...raw].filter((value) => !Number.isNaN(value)),
    0.5,
  );
  return raw.map((value) => (value - SHUT) / (usual - SHUT));
}

/** What the mesh's landmarks show of shut eyes: 0.02 to 0.03 on the stock avatars' blinks. */
const SHUT = 0.03;

export function openness(points: Float32Array): number {
  const eye = ({ gaps, corners }: (typeof EYE_GAPS)['right' | 'left']) =>
    gaps.reduce((sum, [upper, lower]) => sum + distance(points, upper!, lower!), 0) /
    gaps.length /
    Math.max(1e-6, distance(points, corners[0]!, corners[1]!));
  return (eye(EYE_GAPS.right) + eye(EYE_GAPS.left)) / 2;
}

/** Blinks that begin and end within the frames `from` … `to` − 1. */
export function blinks(open: Float32Array, frameRate: number, from = 0, to = open.length): SeenBlink[] {
  const found: SeenBlink[] = [];
  for (let frame = Math.max(1, from); frame < to; frame++) {
    if (!(open[frame]! <= HALF && open[frame - 1]! > HALF)) continue;
    let end = frame;
    let least = 1;
    while (end < to && open[end]! <= HALF) least = Math.min(least, open[end++]!);
    const durationMs = ((end - frame) * 1_000) / frameRate;
    if (end < to && least <= DEEP && durationMs <= LONGEST_MS) found.push({ frame, durationMs, least });
    frame = end;
  }
  return found;
}
