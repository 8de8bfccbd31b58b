import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import type { Crop } from './crop.js';
import { decodeGreyPng, decodePng, type GreyImage, type RgbImage } from './png.js';

/** Files of a package that has plates; all of them or none. */
export const PLATES = 'plates.json';
export const LID_PLATES = 'plate-lids.png';
export const LASH_PLATES = 'plate-lashes.png';
const MAX_SIDE = 2048;
const MAX_STAGES = 4;
const MIN_SIDE = 8;

/** A line along a lid: x and y of its points as fractions of the portrait's width and height, x rising. */
export type LidLine = readonly (readonly [number, number])[];
export interface LidLines {
  upper: LidLine;
  lower: LidLine;
}

/** Both eyes at one degree of closing. */
export interface LidStage {
  /** `eyeBlinkLeft` and `eyeBlinkRight` of the plate, 0 < … ≤ 1. */
  amount: number;
  /** Where the lashes grow from, by eye of the avatar. */
  right: LidLines;
  left: LidLines;
}

/**
 * The portrait's eyes as they close, from the same model, light and camera: `x`, `y`, `width`, `height` say in pixels of the portrait where the plates lie. `skin` has one
 * plate a stage, one below the other, without the upper lashes; `lashes` as many: the share of light, 0…255, that the upper lashes let through.
 */
export interface LidPlates {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Where the lids are in the portrait. */
  rest: { right: LidLines; left: LidLines };
  /** By rising `amount`; the last one is closed. */
  stages: readonly LidStage[];
  skin: RgbImage;
  lashes: GreyImage;
}

export interface Plates {
  lids: LidPlates;
}

const fraction = z.number().min(-0.5).max(1.5);
const line = z
  .array(z.tuple([fraction, fraction]))
  .min(4)
  .max(64)
  .refine((points) => points.every(([x], k) => k === 0 || x > points[k - 1]![0]), 'must go from left to right');
const lines = z.strictObject({ upper: line, lower: line });
const amount = z.number().gt(0).max(1);
const pixels = z.number().int().min(0).max(MAX_SIDE);
const coefficients = z
  .strictObject({ eyeBlinkLeft: amount, eyeBlinkRight: amount })
  .refine(({ eyeBlinkLeft, eyeBlinkRight }) => eyeBlinkLeft === eyeBlinkRight, 'must close both eyes alike');
const stage = z.strictObject({ coefficients, right: lines, left: lines });
const schema = z.strictObject({
  formatVersion: z.literal(1),
  lids: z.strictObject({
    x: pixels,
    y: pixels,
    width: pixels.min(MIN_SIDE),
    height: pixels.min(MIN_SIDE),
    rest: z.strictObject({ right: lines, left: lines }),
    stages: z
      .array(stage)
      .min(1)
      .max(MAX_STAGES)
      .refine(
        (list) =>
          list.every(({ coefficients: c }, k) => k === 0 || c.eyeBlinkLeft > list[k - 1]!.coefficients.eyeBlinkLeft),
        'must close more and more',
      )
      .refine((list) => list.at(-1)?.coefficients.eyeBlinkLeft === 1, 'must end with closed eyes'),
  }),
});

/**
 * The plates among a package's `files` (checked already against the manifest's sums), or undefined where there are none. Throws `bad-request` naming the field where one is missing, is no
 * picture of the size that `plates.json` says, lies beyond the portrait, or is of coefficients that do not exist.
 */
export function parsePlates(
  files: ReadonlyMap<string, Uint8Array>,
  portrait: { width: number; height: number },
): Plates | undefined {
  const text = files.get(PLATES);
  if (text === undefined) {
    const stray = [LID_PLATES, LASH_PLATES].find((name) => files.has(name));
    if (stray !== undefined) throw bad(`must be listed where there is ${stray}`, `files.${PLATES}`);
    return undefined;
  }
  const { lids } = parseText(text);
  if (lids.x + lids.width > portrait.width || lids.y + lids.height > portrait.height) {
    const ends = `${lids.x + lids.width} × ${lids.y + lids.height}`;
    throw bad(`ends at ${ends}, beyond the ${portrait.width} × ${portrait.height} of the portrait`, `${PLATES}.lids`);
  }
  const stages = lids.stages.map(({ coefficients, right, left }) => ({
    amount: coefficients.eyeBlinkLeft,
    right,
    left,
  }));
  const size = { width: lids.width, height: lids.height * stages.length };
  const skin = sized(
    decodePng(fileOf(files, LID_PLATES), { maxSide: MAX_SIDE, field: 'plate-lids' }),
    size,
    LID_PLATES,
  );
  const lashFile = fileOf(files, LASH_PLATES);
  const lashes = sized(decodeGreyPng(lashFile, { maxSide: MAX_SIDE, field: 'plate-lashes' }), size, LASH_PLATES);
  return { lids: { ...lids, stages, skin, lashes } };
}

/** The plates of a part of the picture. */
export function cropPlates({ lids }: Plates, picture: { width: number; height: number }, part: Crop): Plates {
  const line = (points: LidLine): LidLine =>
    points.map(
      ([x, y]) =>
        [(x * picture.width - part.left) / part.width, (y * picture.height - part.top) / part.height] as const,
    );
  const both = ({ upper, lower }: LidLines): LidLines => ({ upper: line(upper), lower: line(lower) });
  const eyes = (of: { right: LidLines; left: LidLines }) => ({ right: both(of.right), left: both(of.left) });
  const stages = lids.stages.map((stage) => ({ ...stage, ...eyes(stage) }));
  return { lids: { ...lids, x: lids.x - part.left, y: lids.y - part.top, rest: eyes(lids.rest), stages } };
}

function parseText(text: Uint8Array): z.infer<typeof schema> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text).toString('utf8'));
  } catch (cause) {
    throw bad('is not JSON', PLATES, cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw bad(issue?.message ?? 'is invalid', [PLATES, ...(issue?.path ?? [])].join('.'));
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const content = files.get(name);
  if (content === undefined) throw bad(`must be listed where there is ${PLATES}`, `files.${name}`);
  return content;
}

function sized<T extends GreyImage | RgbImage>(image: T, size: { width: number; height: number }, name: string): T {
  if (image.width === size.width && image.height === size.height) return image;
  const sizes = `has ${image.width} × ${image.height} pixels, not ${size.width} × ${size.height} as ${PLATES} says`;
  throw bad(sizes, `files.${name}`);
}

function bad(what: string, field: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', `avatar package: ${field} ${what}`, { field, cause });
}
