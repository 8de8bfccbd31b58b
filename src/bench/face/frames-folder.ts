import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { decodeImage } from '../../inference/vision/image.js';
import { OVAL } from '../../inference/vision/landmarks.js';
import { SampledImage } from '../../inference/vision/sample.js';
import { quantile } from '../figures.js';
import { blinks, eyeOpenness } from './blinks.js';
import { PictureGrid } from './grid.js';
import { cosineOf, type FaceFigure } from './judge.js';
import { apart } from './observe.js';
import { largestStep, steps } from './steps.js';
import { BLIND_CELL, BLIND_COLUMNS, blindChoice, regionsOf } from './strip.js';
import { flat, trackOf } from './track.js';
import { expectFace, FaceWatcher, type Vision } from './watcher.js';

const MAX_FRAMES = 6_000;
/** Share of the outline that may lie outside of the first picture. */
const MAX_OUTSIDE = 0.15;
const PICTURE = /\.(png|jpe?g|webp)$/i;

/**
 * The same figures for frames that somebody else drew, as far as pictures alone tell: steps, likeness to the first frame, blinks; and the picture
 * for comparing blind. The files are taken in the order of the numbers in their names. Rejects with `bad-request` for a folder without pictures
 * or a picture of another size.
 */
export async function judgeFrames(
  folder: string,
  vision: Vision,
  o: { frameRate: number; signal: AbortSignal; onProgress?: (share: number) => void },
): Promise<{ figures: FaceFigure[]; blind: Buffer }> {
  const names = await picturesIn(folder);
  const watcher = new FaceWatcher(vision);
  const seen: (Float32Array | null)[] = [];
  const distances: number[] = [];
  let first: Float32Array | undefined;
  let size = '';
  for (const [i, name] of names.entries()) {
    throwIfAborted(o.signal);
    const image = await open(join(folder, name));
    size ||= `${image.width} × ${image.height}`;
    if (size !== `${image.width} × ${image.height}`) {
      const got = `${name} has ${image.width} × ${image.height} pixels`;
      throw new VisavisError('bad-request', `--frames: ${got}, expected ${size} as the first`, { field: 'frames' });
    }
    const points = await watcher.look(image);
    if (i === 0) expectWhole(expectFace(points, name), image, name);
    seen.push(points === null ? null : flat(points));
    if (points !== null && vision.identity !== null) {
      const descriptor = await vision.identity.describe(image, points);
      first ??= descriptor;
      distances.push(apart(first, descriptor));
    }
    o.onProgress?.((i + 1) / names.length);
  }
  const track = trackOf(seen, o.frameRate);
  const largest = largestStep(steps(track));
  const found = blinks(eyeOpenness(track), o.frameRate);
  const lengthS = names.length / o.frameRate;
  const figures: FaceFigure[] = [
    {
      goal: 'step-seen',
      value: largest?.percent ?? Number.NaN,
      note: largest === undefined ? 'one frame only' : `${largest.region}, frame ${names[largest.frame]}`,
    },
    {
      goal: 'identity',
      value: cosineOf(quantile(distances, 0.95)),
      note:
        distances.length === 0
          ? 'no model: node scripts/setup.mjs --with face-bench'
          : `against the first frame; distance p95 ${quantile(distances, 0.95).toFixed(2)}`,
    },
    { goal: 'blinks', value: (found.length * 60) / lengthS, note: `${found.length} in ${lengthS.toFixed(1)} s` },
    {
      goal: 'blink-length',
      value: quantile(
        found.map(({ durationMs }) => durationMs),
        0.5,
      ),
      note: '',
    },
    {
      goal: 'face-seen',
      value: (100 * seen.filter((points) => points !== null).length) / seen.length,
      note: `${names.length} frames`,
    },
  ];
  return { figures, blind: await blindPicture(folder, names, seen) };
}

/** Of a face that the picture's edge cuts the mesh invents the rest. */
function expectWhole(points: Float32Array, { width, height }: SampledImage, name: string): void {
  const outside = OVAL.filter((i) => {
    const [x, y] = [points[3 * i]!, points[3 * i + 1]!];
    return x < 0 || y < 0 || x > width || y > height;
  });
  if (outside.length <= MAX_OUTSIDE * OVAL.length) return;
  const got = `${name} shows a part of a face, ${outside.length} of ${OVAL.length} points of its outline lie outside`;
  throw new VisavisError('bad-request', `--frames: ${got}; expected whole faces`, { field: 'frames' });
}

async function blindPicture(folder: string, names: string[], seen: (Float32Array | null)[]): Promise<Buffer> {
  const chosen = blindChoice([...names.keys()]);
  const grid = new PictureGrid({
    columns: BLIND_COLUMNS,
    count: chosen.length,
    cell: BLIND_CELL,
    labelled: false,
  });
  const { face } = regionsOf(seen.find((points) => points !== null)!);
  for (const [i, frame] of chosen.entries()) grid.place(i, await open(join(folder, names[frame]!)), face);
  return grid.png();
}

async function picturesIn(folder: string): Promise<string[]> {
  const all = await readdir(folder).catch((cause: unknown) => {
    throw new VisavisError('not-found', `--frames: ${folder} cannot be read`, { field: 'frames', cause });
  });
  const names = all.filter((name) => PICTURE.test(name));
  if (names.length < 1 || names.length > MAX_FRAMES) {
    const expected = `expected 1 to ${MAX_FRAMES} PNG, JPEG or WebP pictures`;
    throw new VisavisError('bad-request', `--frames: ${folder} holds ${names.length}, ${expected}`, {
      field: 'frames',
    });
  }
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

async function open(path: string): Promise<SampledImage> {
  return new SampledImage(await decodeImage(await readFile(path), { declared: path }));
}
