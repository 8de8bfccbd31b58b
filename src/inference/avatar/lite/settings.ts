import { z } from 'zod';
import { VisavisError } from '../../../errors.js';
import { LITE_PARAMETER_COUNT } from './networks.js';
import { MOUTH_NUMBERS } from './parameters.js';

const share = z.number().min(0).max(1);
const number = z.number().min(-20).max(20);
const figure = z.number();
const settingsSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** The rectangle that the networks draw, in parts of the clip's width and height. */
  box: z
    .strictObject({ x: share, y: share, width: z.number().min(0.02).max(1), height: z.number().min(0.02).max(1) })
    .refine(({ x, y, width, height }) => x + width <= 1.0001 && y + height <= 1.0001, 'must lie in the picture'),
  /** Frames of the clip at which it may be turned round, ascending. */
  turns: z
    .array(z.number().int().min(0))
    .min(1)
    .max(250)
    .refine((list) => list.every((frame, i) => i === 0 || frame > list[i - 1]!), 'must ascend'),
  /** From a mouth (`mouthOf`) to the decoder's parameters: a row for each of these, in their order. */
  map: z.array(z.array(number).length(MOUTH_NUMBERS)).length(LITE_PARAMETER_COUNT),
  /** Between what each parameter is kept: beyond, this decoder stains the skin. */
  limits: z
    .strictObject({
      low: z.array(number).length(LITE_PARAMETER_COUNT),
      high: z.array(number).length(LITE_PARAMETER_COUNT),
    })
    .refine(({ low, high }) => low.every((value, i) => value <= high[i]!), 'low must not be above high'),
  /** What was measured when the map was made. */
  calibration: z.strictObject({
    /** Poses of speech that the map was made of, and others that it was judged by. */
    poses: z.number().int(),
    heldOut: z.number().int(),
    /** Root mean square of what is seen less what is asked over those others, in per cent of the face's width: with the family's own parameters, then with the map. */
    before: z.record(z.string(), figure),
    after: z.record(z.string(), figure),
    /** Correlation of asked and seen opening over those others. */
    openingCorrelation: figure,
    /** Of the poses that ask for closed lips, the widest gap seen, in per cent of the face's width, and what is seen of the clip's own closed lips. */
    widestClosed: figure,
    closedInClip: figure,
  }),
});

/** What a package of the family says besides its networks and pictures (`lite.json`). */
export type LiteSettings = z.infer<typeof settingsSchema>;

/** Checks and unpacks a `lite.json`. Throws `bad-request` naming the first wrong field. */
export function parseLiteSettings(text: string): LiteSettings {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new VisavisError('bad-request', 'lite.json is not JSON', { field: 'lite', cause });
  }
  const parsed = settingsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = ['lite', ...(issue?.path ?? [])].join('.');
  throw new VisavisError('bad-request', `lite.json: ${field} ${issue?.message ?? 'is invalid'}`, { field });
}
