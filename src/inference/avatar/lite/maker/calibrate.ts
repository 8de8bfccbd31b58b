import { throwIfAborted } from '../../../../abort.js';
import { MOTION_FRAME_LENGTH } from '../../motion-frame.js';
import { LITE_PARAMETER_COUNT } from '../networks.js';
import { CONTROLS, LITE_PARAMETERS, MOUTH_NUMBERS, mouthOf } from '../parameters.js';
import type { LiteSettings } from '../settings.js';
import { LOOK_WEIGHTS, LOOKS } from './mouth-look.js';
import { ridge } from './ridge.js';
import { singlePoses, speechPoses } from './speech-poses.js';
import type { Seen, Studio } from './studio.js';

/** Steps of one parameter from the neutral pose; the last also with the jaw open. */
const STEPS = [-0.15, 0.15, 0.3, 0.5] as const;
/** The first of them, from which slopes are taken. */
const SMALL_STEPS = 3;
const OPEN_STEP = 0.2;
const JAW_OPEN_AT = 0.25;
/** Skin may change by this much (mean of 0…255 a channel) before a parameter goes no farther; beyond a step, stains are taken to grow with its square. */
const STAIN_LIMIT = 5;
const FARTHEST = 0.6;
/** A stain of one level costs as much as this error, in per cent of the face's width. */
const STAIN_COST = 0.28;
/** Whatever is moved without need costs a little. */
const LEAST_COST = 0.5;
const ROUNDS = 6;
/** A pose whose target is within this of the clip's closed lips asks for closed lips; their errors weigh more. */
const CLOSED = 0.5;
const CLOSED_WEIGHT = 4;
const MAP_RIDGE = 0.004;
const SINGLE_WEIGHT = 0.35;

/** What our own rig makes of a motion on this face, as `lookOf` sees it; the same object for the same motion at rest. */
export type TargetOf = (motion: Float32Array) => number[];

type Progress = (share: number) => void;

interface Pose {
  mouth: Float32Array;
  target: number[];
  weight: number;
  closed: boolean;
}

/**
 * Finds the map from ARKit mouths to the decoder's parameters by looking: steps each parameter, sees how the mouth and the skin answer, then has the decoder say
 * sentences and moves the map until what is seen is what our own rig would show (Gauss–Newton on a linear map, regularised by how much each parameter stains the skin).
 * Deterministic.
 *
 * About 500 drawings and looks, 30 s of one core. Rejects with AbortError between two of them.
 */
export async function calibrate(
  studio: Studio,
  neutral: Float32Array,
  targetOf: TargetOf,
  o: { signal?: AbortSignal; onProgress?: Progress } = {},
): Promise<Pick<LiteSettings, 'map' | 'limits' | 'calibration'>> {
  const clip = await studio.lookAtClip();
  const rest = targetOf(new Float32Array(MOTION_FRAME_LENGTH));
  const posed = (motion: Float32Array, weight: number): Pose => {
    const mouth = new Float32Array(MOUTH_NUMBERS);
    mouthOf(motion, mouth);
    const target = targetOf(motion).map((value, k) => value - rest[k]! + clip[k]!);
    const closed = target[0]! - clip[0]! < CLOSED;
    return { mouth, target, weight: closed ? weight * CLOSED_WEIGHT : weight, closed };
  };
  const speech = speechPoses();
  const taught = [
    ...speech.taught.map((motion) => posed(motion, 1)),
    ...singlePoses().map((motion) => posed(motion, SINGLE_WEIGHT)),
  ];
  const judged = speech.judged.map((motion) => posed(motion, 1));
  const probes = CONTROLS.length * (STEPS.length + 1);
  const drawings = probes + ROUNDS * taught.length + 2 * judged.length;
  let done = 0;
  const draw = async (parameters: ArrayLike<number>): Promise<Seen> => {
    throwIfAborted(o.signal);
    await new Promise((resolve) => setImmediate(resolve));
    const seen = await studio.draw(parameters);
    o.onProgress?.(++done / drawings);
    return seen;
  };
  const response = await probe(studio, neutral, draw);
  const map = new Float64Array(LITE_PARAMETER_COUNT * MOUTH_NUMBERS);
  for (let p = 0; p < LITE_PARAMETER_COUNT; p++) map[p * MOUTH_NUMBERS + MOUTH_NUMBERS - 1] = neutral[p]!;
  const { limits } = response;
  let best = { error: Number.POSITIVE_INFINITY, map: Float64Array.from(map) };
  for (let round = 0; round < ROUNDS; round++) {
    const wanted: Float64Array[] = [];
    let error = 0;
    for (const pose of taught) {
      const parameters = applied(map, pose.mouth, limits);
      const { look } = await draw(parameters);
      const missing = missingOf(pose, look);
      error += pose.weight * errorOf(missing);

      wanted.push(stepFor(missing, parameters, neutral, look[0]! - clip[0]!, response));
    }
    if (error < best.error) best = { error, map: Float64Array.from(map) };
    const damping = 1 / (1 + 0.5 * round);
    for (const [c, parameters] of CONTROLS.entries()) {
      const change = ridge(
        taught.map(({ mouth }) => mouth),
        wanted.map((step) => damping * step[c]!),
        taught.map(({ weight }) => weight),
        new Float64Array(MOUTH_NUMBERS).fill(MAP_RIDGE * taught.length),
      );
      for (const p of parameters) for (let k = 0; k < MOUTH_NUMBERS; k++) map[p * MOUTH_NUMBERS + k]! += change[k]!;
    }
  }
  // The last change was not looked at; those judged below are.
  const { seen: last, ...figures } = await judge(best.map, judged, limits, draw);
  const own = await judge(ownNames(neutral), judged, limits, draw);
  const asked = judged.map(({ target }) => target[0]!);
  const closedGaps = last.filter((_, i) => judged[i]!.closed).map(({ look }) => look[0]!);
  return {
    map: Array.from({ length: LITE_PARAMETER_COUNT }, (_, p) =>
      Array.from(best.map.subarray(p * MOUTH_NUMBERS, (p + 1) * MOUTH_NUMBERS), rounded),
    ),
    limits: { low: Array.from(limits.low, rounded), high: Array.from(limits.high, rounded) },
    calibration: {
      poses: taught.length,
      heldOut: judged.length,
      before: own.errors,
      after: figures.errors,
      openingCorrelation: rounded(
        correlationOf(
          asked,
          last.map(({ look }) => look[0]!),
        ),
      ),
      widestClosed: rounded(Math.max(clip[0]!, ...closedGaps)),
      closedInClip: rounded(clip[0]!),
    },
  };
}

interface Response {
  /** Change of each look for each control's 1, with the lips together and with the jaw open; controls vary fastest. */
  closed: Float64Array;
  open: Float64Array;
  /** How far the jaw's step opened the lips. */
  openGap: number;
  /** Cost of each control's distance from the neutral pose. */
  cost: Float64Array;
  /** How far each control may go from there. */
  reach: { low: Float64Array; high: Float64Array };
  /** The same for parameters. */
  limits: { low: Float64Array; high: Float64Array };
}

async function probe(
  studio: Studio,
  neutral: Float32Array,
  draw: (p: ArrayLike<number>) => Promise<Seen>,
): Promise<Response> {
  const n = CONTROLS.length;
  const closed = new Float64Array(LOOKS.length * n);
  const open = new Float64Array(LOOKS.length * n);
  const cost = new Float64Array(n);
  const reach = { low: new Float64Array(n), high: new Float64Array(n) };
  const limits = { low: Float64Array.from(neutral), high: Float64Array.from(neutral) };
  const base = await studio.setBase(neutral);
  let widest = { control: 0, gap: 0 };
  for (const [c, parameters] of CONTROLS.entries()) {
    const seen: Seen[] = [];
    for (const step of STEPS) seen.push(await draw(moved(neutral, c, step)));
    const small = STEPS.slice(0, SMALL_STEPS);
    for (let k = 0; k < LOOKS.length; k++) {
      const slopes = small.map((step, s) => (seen[s]!.look[k]! - base.look[k]!) * step);
      closed[k * n + c] = slopes.reduce((a, b) => a + b, 0) / small.reduce((sum, step) => sum + step * step, 0);
    }
    cost[c] = LEAST_COST + STAIN_COST * (seen[2]!.stain / STEPS[2]);
    reach.high[c] = reachOf(STEPS.slice(1).map((step, s) => [step, seen[s + 1]!.stain] as const));
    reach.low[c] = -reachOf([[-STEPS[0], seen[0]!.stain]]);
    for (const p of parameters) {
      limits.high[p]! += reach.high[c]!;
      limits.low[p]! += reach.low[c]!;
    }
    const gap = seen[2]!.look[0]! - base.look[0]!;
    if (gap > widest.gap) widest = { control: c, gap };
  }
  // What opens the mouth most is the jaw, whatever the parameters are called.
  const opened = moved(neutral, widest.control, JAW_OPEN_AT);
  const openBase = await studio.setBase(opened);
  for (let c = 0; c < n; c++) {
    const { look } = await draw(moved(opened, c, OPEN_STEP));
    for (let k = 0; k < LOOKS.length; k++) open[k * n + c] = (look[k]! - openBase.look[k]!) / OPEN_STEP;
  }
  await studio.setBase(neutral);
  return { closed, open, openGap: Math.max(0.5, openBase.look[0]! - base.look[0]!), cost, reach, limits };
}

/** How far a parameter may go until skin changes by `STAIN_LIMIT`, from pairs of distance and stain, ascending. */
function reachOf(seen: readonly (readonly [number, number])[]): number {
  let reach = 0;
  for (const [distance, stain] of seen) {
    const allowed = distance * Math.sqrt(STAIN_LIMIT / Math.max(stain, 1e-3));
    if (allowed < distance) return Math.max(reach, allowed);
    reach = Math.min(FARTHEST, allowed, 2 * distance);
  }
  return reach;
}

function moved(from: Float32Array, control: number, step: number): Float32Array {
  const out = Float32Array.from(from);
  for (const parameter of CONTROLS[control]!) out[parameter]! += step;
  return out;
}

function applied(map: Float64Array, mouth: Float32Array, limits: Response['limits']): Float32Array {
  const out = new Float32Array(LITE_PARAMETER_COUNT);
  for (let p = 0; p < out.length; p++) {
    let sum = 0;
    for (let k = 0; k < MOUTH_NUMBERS; k++) sum += map[p * MOUTH_NUMBERS + k]! * mouth[k]!;
    out[p] = Math.min(limits.high[p]!, Math.max(limits.low[p]!, sum));
  }
  return out;
}

/** What is asked less what is seen. Lips that are to be closed cannot be too closed. */
function missingOf({ target, closed }: Pose, look: readonly number[]): number[] {
  const missing = target.map((value, k) => value - look[k]!);
  if (closed) missing[0] = Math.min(0, missing[0]!);
  return missing;
}

function errorOf(missing: readonly number[]): number {
  return missing.reduce((sum, value, k) => sum + LOOK_WEIGHTS[LOOKS[k]!] * value * value, 0);
}

/** The change of parameters that would bring what is missing with the least stain. */
function stepFor(
  missing: readonly number[],
  at: Float32Array,
  neutral: Float32Array,
  gap: number,
  o: Response,
): Float64Array {
  const n = CONTROLS.length;
  const share = Math.min(1, Math.max(0, gap / o.openGap));
  // Unknown is the distance from neutral, which is what stains; where it is now is known.
  const offset = CONTROLS.map(([p = 0]) => at[p]! - neutral[p]!);
  const rows = LOOKS.map((_, k) => {
    const row = new Float64Array(n);
    for (let c = 0; c < n; c++) row[c] = (1 - share) * o.closed[k * n + c]! + share * o.open[k * n + c]!;
    return row;
  });
  const wanted = rows.map((row, k) => missing[k]! + row.reduce((sum, value, c) => sum + value * offset[c]!, 0));
  const lambda = o.cost.map((value) => value * value);
  const weights = LOOKS.map((look) => LOOK_WEIGHTS[look]);
  return ridge(rows, wanted, weights, lambda).map(
    (value, c) => Math.min(o.reach.high[c]!, Math.max(o.reach.low[c]!, value)) - offset[c]!,
  );
}

/** The map that takes parameters for the blendshapes that they are named after, for comparison. */
function ownNames(neutral: Float32Array): Float64Array {
  const map = new Float64Array(LITE_PARAMETER_COUNT * MOUTH_NUMBERS);
  for (let p = 0; p < LITE_PARAMETERS.length; p++) {
    map[p * MOUTH_NUMBERS + p] = 1;
    map[p * MOUTH_NUMBERS + MOUTH_NUMBERS - 1] = neutral[p]!;
  }
  return map;
}

async function judge(
  map: Float64Array,
  poses: readonly Pose[],
  limits: Response['limits'],
  draw: (p: ArrayLike<number>) => Promise<Seen>,
): Promise<{ seen: Seen[]; errors: Record<string, number> }> {
  const seen: Seen[] = [];
  for (const { mouth } of poses) seen.push(await draw(applied(map, mouth, limits)));
  const errors: Record<string, number> = {};
  for (const [k, look] of LOOKS.entries()) {
    const squares = seen.reduce((sum, one, i) => sum + missingOf(poses[i]!, one.look)[k]! ** 2, 0);
    errors[look] = rounded(Math.sqrt(squares / poses.length));
  }
  errors['stain'] = rounded(seen.reduce((sum, { stain }) => sum + stain, 0) / poses.length);
  return { seen, errors };
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return ab / (Math.sqrt(aa * bb) || 1);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
