import { FRAME_RATE } from '../../inference/avatar/motion-frame.js';
import type { AvatarPackage } from '../../inference/avatar/package.js';
import { INNER_LIPS, OUTER_LIPS, OVAL } from '../../inference/vision/landmarks.js';
import type { Region } from '../../inference/vision/sample.js';
import { film } from '../../worker/avatar/film.js';
import { blinks, eyeOpenness } from './blinks.js';
import { PictureGrid, soundName } from './grid.js';
import type { FaceDetails } from './judge.js';
import type { LipTrack, SoundMeasure } from './lips.js';
import { type Observation, SEED } from './observe.js';
import type { BenchScript } from './script.js';
import { largestStep } from './steps.js';
import { imageOfI420 } from './watcher.js';

interface Cell {
  frame: number;
  label: string;
  part: 'face' | 'mouth';
}

const COLUMNS = 12;
const CELL = 168;
export const BLIND_CELL = 240;
export const BLIND_COLUMNS = 6;
const BLIND_COUNT = 24;
const FACE_MARGIN = 1.15;
const MOUTH_MARGIN = 1.6;

/**
 * The frames that decide: lips at p, b and m, at open, rounded and spread sounds, neighbours in a sentence, a blink, interruptions, the
 * largest steps, and the silence. A row each, named.
 */
export function chooseFrames(observed: Observation, details: FaceDetails, { placed, sounds }: BenchScript): Cell[] {
  const { lips } = details;
  const at = (frame: number, part: Cell['part'] = 'face', name = ''): Cell => ({
    frame: Math.max(0, Math.min(observed.seen.frames.length - 1, frame)),
    label: `${(frame / FRAME_RATE).toFixed(2)} s ${name}`,
    part,
  });
  const row = (first: number, part: Cell['part'] = 'face', step = 1) =>
    Array.from({ length: COLUMNS }, (_, i) => at(first + i * step, part));
  const worst = (list: readonly SoundMeasure[], sign: number) =>
    fill([...list].sort((a, b) => sign * (b.value - a.value)).slice(0, COLUMNS));
  const lipsAt = (list: readonly SoundMeasure[], extreme: 'least' | 'most'): Cell[] =>
    list.map((sound) => {
      const name = `${soundName(sound.symbol)} ${sound.word} ${sound.value.toFixed(1)}`;
      return { ...at(extremeFrame(lips, sound, extreme), 'mouth'), label: name };
    });
  const middle = (symbols: string) =>
    fill(sounds.filter(({ symbol }) => symbols.includes(symbol)).slice(0, COLUMNS / 2), COLUMNS / 2).map(
      ({ symbol, word, startMs, endMs }): Cell => ({
        ...at(Math.round((((startMs + endMs) / 2) * FRAME_RATE) / 1_000), 'mouth'),
        label: `${soundName(symbol)} ${word}`,
      }),
    );
  const firstSentence = placed.find(({ scene }) => scene.kind === 'speech')?.firstFrame ?? 0;
  const blink = blinks(eyeOpenness(observed.seen), FRAME_RATE)[0]?.frame ?? 0;
  const broken = placed.filter(({ scene }) => scene.kind === 'speech' && scene.interruptAtMs !== undefined);
  const jumps = [details.drawnSteps, details.seenSteps].flatMap((list) => {
    const largest = largestStep(list);
    if (largest === undefined) return [];
    const name = `${largest.percent.toFixed(1)}`;
    return [-2, -1, 0, 1, 2, 3].map((k) => at(largest.frame + k, 'face', k === 0 ? name : ''));
  });
  const idleFrames = placed[0]?.endFrame ?? 1;
  return [
    ...lipsAt(worst(details.closures, 1), 'least'),
    ...lipsAt(worst(details.openings, -1), 'most'),
    ...middle('uʊwO'),
    ...middle('iɪA'),
    ...row(firstSentence + 12, 'face'),
    ...row(firstSentence + 24, 'mouth'),
    ...row(blink - 4),
    ...fill(broken.slice(0, 2), 2).flatMap(({ endFrame }) => [-1, 0, 1, 2, 3, 4].map((k) => at(endFrame + k))),
    ...fill(jumps),
    ...row(0, 'face', Math.max(1, Math.floor(idleFrames / COLUMNS))),
  ];
}

/** Exactly `count` entries, the last one repeated; none of none. */
function fill<T>(list: readonly T[], count = COLUMNS): T[] {
  const last = list.at(-1);
  if (last === undefined) return [];
  return Array.from({ length: count }, (_, i) => list[i] ?? last);
}

function extremeFrame(lips: LipTrack, sound: SoundMeasure, extreme: 'least' | 'most'): number {
  const from = Math.floor((sound.startMs * lips.frameRate) / 1_000) - 1;
  const to = Math.ceil((sound.endMs * lips.frameRate) / 1_000) + 1;
  let best = Math.max(0, from);
  for (let frame = best; frame <= Math.min(to, lips.gap.length - 1); frame++) {
    const better = lips.gap[frame]! - lips.gap[best]!;
    if (extreme === 'least' ? better < 0 : better > 0) best = frame;
  }
  return best;
}

/** Two pictures of the performance, PNG: the frames that decide with what they are, and some without a word, for comparing blind. */
export async function drawStrips(
  avatar: AvatarPackage,
  script: BenchScript,
  observed: Observation,
  details: FaceDetails,
  o: { signal: AbortSignal },
): Promise<{ strip: Buffer; blind: Buffer }> {
  const cells = chooseFrames(observed, details, script);
  const spoken = [...observed.spoken.keys()].filter((frame) => observed.spoken[frame] === 1);
  const blindFrames = blindChoice(spoken);
  const wanted = new Set([...cells.map(({ frame }) => frame), ...blindFrames]);
  const strip = new PictureGrid({ columns: COLUMNS, count: cells.length, cell: CELL, labelled: true });
  const blind = new PictureGrid({
    columns: BLIND_COLUMNS,
    count: blindFrames.length,
    cell: BLIND_CELL,
    labelled: false,
  });
  const regions = regionsOf(observed.seen.frames.find((points) => points !== null) ?? new Float32Array(0));
  const size = { width: observed.side, height: observed.side };
  for await (const { index, picture } of film(avatar, script.placed, {
    ...size,
    seed: SEED,
    signal: o.signal,
    wanted: (frame) => wanted.has(frame),
  })) {
    const image = imageOfI420(picture, observed.side, observed.side);
    cells.forEach(({ frame, label, part }, i) => {
      if (frame === index) strip.place(i, image, regions[part], label);
    });
    blindFrames.forEach((frame, i) => {
      if (frame === index) blind.place(i, image, regions.face);
    });
  }
  return { strip: strip.png(), blind: blind.png() };
}

/** Half of them spread over all frames, half neighbours (every third) from the middle on. */
export function blindChoice(frames: readonly number[]): number[] {
  const half = BLIND_COUNT / 2;
  const spread = Array.from({ length: half }, (_, i) => frames[Math.floor((i * frames.length) / half)] ?? 0);
  const middle = Math.max(0, Math.floor(frames.length / 2) - (3 * half) / 2);
  const near = Array.from({ length: half }, (_, i) => frames[Math.min(frames.length - 1, middle + 3 * i)] ?? 0);
  return [...spread, ...near];
}

/** The squares around face and mouth, from the landmarks of a face at rest. */
export function regionsOf(points: Float32Array): Record<Cell['part'], Region> {
  return {
    face: around(points, OVAL, FACE_MARGIN),
    mouth: around(points, [...OUTER_LIPS, ...INNER_LIPS], MOUTH_MARGIN),
  };
}

function around(points: Float32Array, indices: readonly number[], margin: number): Region {
  const xs = indices.map((i) => points[2 * i] ?? 0);
  const ys = indices.map((i) => points[2 * i + 1] ?? 0);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const side = Math.max(x1 - x0, y1 - y0) * margin;
  return { centreX: (x0 + x1) / 2, centreY: (y0 + y1) / 2, side, angle: 0 };
}
