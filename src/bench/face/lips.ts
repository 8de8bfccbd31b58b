import { MOUTH_GAPS } from '../../inference/vision/landmarks.js';
import { distance, type FaceTrack } from './track.js';

/** What the lips do in each frame, in per cent of the face's width; NaN where no face was seen. */
export interface LipTrack {
  frameRate: number;
  /** How far the inner lips are apart in the middle of the mouth; below 0 where the landmarks cross. */
  gap: Float32Array;
  /** From corner to corner. */
  width: Float32Array;
}

const [RIGHT, LEFT] = MOUTH_GAPS.corners;

export function lipTrack(track: FaceTrack): LipTrack {
  const unit = 100 / track.faceWidth;
  const of = (measure: (points: Float32Array) => number) =>
    Float32Array.from(track.frames, (points) => (points === null ? Number.NaN : measure(points) * unit));
  return { frameRate: track.frameRate, gap: of(gapOf), width: of((points) => distance(points, RIGHT, LEFT)) };
}

/** Mean distance of three pairs of points at the middle of the inner lips, across the line of the corners: sums to nothing where it is only noise. */
function gapOf(points: Float32Array): number {
  const [x, y] = [points[2 * LEFT]! - points[2 * RIGHT]!, points[2 * LEFT + 1]! - points[2 * RIGHT + 1]!];
  const length = Math.hypot(x, y) || 1;
  const across = (upper: number, lower: number) =>
    ((points[2 * lower + 1]! - points[2 * upper + 1]!) * x - (points[2 * lower]! - points[2 * upper]!) * y) / length;
  return MOUTH_GAPS.gaps.reduce((sum, [upper, lower]) => sum + across(upper!, lower!), 0) / MOUTH_GAPS.gaps.length;
}

/** One sound of a performance, in ms from its first frame. */
export interface SpokenSound {
  symbol: string;
  startMs: number;
  endMs: number;
  word: string;
}

/** One sound with what the lips did in it. */
export interface SoundMeasure extends SpokenSound {
  /** In per cent of the face's width. */
  value: number;
  met: boolean;
}

const BILABIAL = new Set('pbm');
/** Vowels and diphthongs with a low tongue and an open jaw; none of them is ever reduced. */
const OPEN = new Set('ɑæaIW');
/** Shorter vowels do not reach their target in careful speech either (Lindblom, "Spectrographic study of vowel reduction", JASA 1963). */
const LEAST_VOWEL_MS = 80;
const ROUNDED = new Set('uʊwO');
const SPREAD = new Set('iɪA');

/** For each p, b and m: the least gap within the sound and one frame before and after it, and whether that is closed. */
export function closures(lips: LipTrack, sounds: readonly SpokenSound[], limit: number): SoundMeasure[] {
  return sounds
    .filter(({ symbol }) => BILABIAL.has(symbol))
    .map((sound) => {
      const value = Math.min(...valuesWithin(lips, lips.gap, sound, 1));
      return { ...sound, value, met: value <= limit };
    });
}

/** For each open vowel that is not hurried: the greatest gap within it, and whether that reaches `least`. */
export function openings(lips: LipTrack, sounds: readonly SpokenSound[], least: number): SoundMeasure[] {
  return sounds
    .filter(({ symbol, startMs, endMs }) => OPEN.has(symbol) && endMs - startMs >= LEAST_VOWEL_MS)
    .map((sound) => {
      const value = Math.max(...valuesWithin(lips, lips.gap, sound, 0));
      return { ...sound, value, met: value >= least };
    });
}

/** Mean width of the mouth in the middle of rounded sounds over that in spread ones; NaN when either kind is missing. */
export function rounding(lips: LipTrack, sounds: readonly SpokenSound[]): number {
  const mean = (kind: ReadonlySet<string>) => {
    const widths = sounds
      .filter(({ symbol }) => kind.has(symbol))
      .map(
        ({ startMs, endMs }) =>
          lips.width[Math.round((((startMs + endMs) / 2) * lips.frameRate) / 1_000)] ?? Number.NaN,
      )
      .filter((width) => !Number.isNaN(width));
    return widths.reduce((sum, width) => sum + width, 0) / widths.length;
  };
  return mean(ROUNDED) / mean(SPREAD);
}

/** Pearson's correlation over the frames in which both are known; NaN when one of them never changes. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = Array.from({ length: Math.min(a.length, b.length) }, (_, i) => [a[i]!, b[i]!] as const).filter(
    ([x, y]) => !Number.isNaN(x) && !Number.isNaN(y),
  );
  const mean = (k: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length;
  const [mx, my] = [mean(0), mean(1)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [x, y] of pairs) {
    xy += (x - mx) * (y - my);
    xx += (x - mx) ** 2;
    yy += (y - my) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

/** What was measured while a sound is heard, and in so many frames before and after; NaN when no face was seen in any. */
function valuesWithin(lips: LipTrack, values: Float32Array, sound: SpokenSound, around: number): number[] {
  const frameMs = 1_000 / lips.frameRate;
  const first = Math.max(0, Math.ceil(sound.startMs / frameMs - 1e-6) - around);
  const last = Math.floor(sound.endMs / frameMs + 1e-6) + around;
  const seen = [...values.subarray(first, last + 1)].filter((value) => !Number.isNaN(value));
  return seen.length > 0 ? seen : [Number.NaN];
}
