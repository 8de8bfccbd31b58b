import { FRAME_RATE, MOTION } from '../../inference/avatar/motion-frame.js';
import type { AvatarPackage } from '../../inference/avatar/package.js';
import { SURFACE_COUNT } from '../../inference/avatar/rig.js';
import { SampledImage } from '../../inference/vision/sample.js';
import { film } from '../../worker/avatar/film.js';
import type { BenchScript } from './script.js';
import { isSpoken } from './script.js';
import { backgroundOf, difference } from './stillness.js';
import { type FaceTrack, flat, trackOf } from './track.js';
import { expectFace, FaceWatcher, imageOfI420, type Vision, withOpacity } from './watcher.js';

/** Everything that was seen of one avatar's performance, frame by frame. */
export interface Observation {
  side: number;
  /** What the attention mesh sees in the rendered frames. */
  seen: FaceTrack;
  /** Where the renderer put its own landmarks; null where it does not tell. */
  drawn: FaceTrack | null;
  /** How far the motion asked the mouth to open in each frame: `jawOpen` less what `mouthClose` takes back. */
  asked: Float32Array;
  /** How far the motion asked the left eye to shut. */
  lid: Float32Array;
  /** 1 in frames of speech that is not broken off. */
  spoken: Uint8Array;
  /** Distance of the face descriptor to that of the portrait, in some frames of speech; empty without the descriptor's model. */
  likeness: { frame: number; distance: number }[];
  /** Mean change of the background from the frame before, in levels of luma; NaN without a background. */
  background: Float32Array;
  /** Share of the picture that is far from the person. */
  backgroundShare: number;
}

/** The person's surroundings begin this far from the matte, in widths of the face. */
const BACKGROUND_MARGIN = 0.12;
/** Speech in which the likeness is looked at: every so many frames. */
const LIKENESS_EVERY = 5;
export const SEED = 7;

/** Performs the script with an avatar at `side`² pixels and looks at every frame. Rejects with AbortError when aborted. */
export async function observe(
  avatar: AvatarPackage,
  { placed }: BenchScript,
  vision: Vision,
  o: { side: number; signal: AbortSignal; onProgress?: (share: number) => void },
): Promise<Observation> {
  const frames = placed.at(-1)?.endFrame ?? 0;
  const portrait = await describePortrait(avatar, vision);
  const watcher = new FaceWatcher(vision);
  const seen: (Float32Array | null)[] = [];
  const drawn: Float32Array[] = [];
  const likeness: Observation['likeness'] = [];
  const asked = new Float32Array(frames);
  const lid = new Float32Array(frames);
  const spoken = new Uint8Array(frames);
  const background = new Float32Array(frames).fill(Number.NaN);
  let before: Uint8Array | undefined;
  let where: Uint32Array = new Uint32Array(0);
  const size = { width: o.side, height: o.side };
  for await (const { index, scene, motion, picture, stream } of film(avatar, placed, {
    ...size,
    seed: SEED,
    signal: o.signal,
  })) {
    const image = imageOfI420(picture, o.side, o.side);
    const points = await watcher.look(image);
    seen.push(points === null ? null : flat(points));
    if (stream.landmarks !== undefined) {
      const own = new Float32Array(SURFACE_COUNT * 2);
      stream.landmarks(own);
      drawn.push(own);
    }
    asked[index] = Math.max(0, motion[MOTION.jawOpen]! - motion[MOTION.mouthClose]!);
    lid[index] = motion[MOTION.eyeBlinkLeft]!;
    spoken[index] = isSpoken(placed[scene]!) ? 1 : 0;
    if (portrait !== null && points !== null && spoken[index] === 1 && index % LIKENESS_EVERY === 0) {
      const descriptor = await vision.identity?.describe(image, points);
      if (descriptor !== undefined) likeness.push({ frame: index, distance: apart(portrait, descriptor) });
    }
    if (before === undefined) {
      const face = trackOf([flat(expectFace(points, 'the first frame'))], FRAME_RATE);
      const mask = await vision.mask.segment(image);
      where = backgroundOf(mask, o.side, o.side, Math.round(BACKGROUND_MARGIN * face.faceWidth));
      before = picture.slice();
    } else {
      background[index] = difference(before, picture, where);
      before.set(picture);
    }
    o.onProgress?.((index + 1) / frames);
  }
  return {
    side: o.side,
    seen: trackOf(seen, FRAME_RATE),
    drawn: drawn.length === 0 ? null : trackOf(drawn, FRAME_RATE),
    ...{ asked, lid, spoken, likeness, background },
    backgroundShare: where.length / (o.side * o.side),
  };
}

async function describePortrait({ portrait }: AvatarPackage, vision: Vision): Promise<Float32Array | null> {
  if (vision.identity === null) return null;
  const image = new SampledImage(withOpacity(portrait.data, portrait.width, portrait.height));
  const points = expectFace(await new FaceWatcher(vision).look(image), 'portrait.png');
  return vision.identity.describe(image, points);
}

export function apart(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, k) => value - b[k]!));
}
