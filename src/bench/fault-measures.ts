import { quantile } from './figures.js';
import type { ChatTurn } from './scripted-model.js';

/** A pause between two pictures that a visitor notices. */
const FREEZE_MS = 500;
/** A freeze that begins later than this is not the failure's. */
const CAUSED_WITHIN_MS = 2_000;
/** What is heard this soon after a kill was still on its way. */
const ON_ITS_WAY_MS = 300;

/**
 * From the failure to the picture after the last freeze that began within 2 s of it; 0 when the picture never stood still;
 * undefined when it never came back. `frames` are arrival times, ascending.
 */
export function timeToPicture(frames: readonly number[], failedAtMs: number, untilMs: number): number | undefined {
  const seen = frames.filter((at) => at >= failedAtMs - FREEZE_MS && at <= untilMs);
  let returnedMs = 0;
  let last = failedAtMs;
  for (const at of seen) {
    if (at - last > FREEZE_MS && last <= failedAtMs + CAUSED_WITHIN_MS) returnedMs = at - failedAtMs;
    last = Math.max(last, at);
  }
  return last <= failedAtMs + CAUSED_WITHIN_MS && untilMs - last > FREEZE_MS ? undefined : returnedMs;
}

/** From the failure to the first voice that was not on its way already. */
export function timeToSound(firstVoicedAtMs: (sinceMs: number) => number | undefined, failedAtMs: number) {
  const at = firstVoicedAtMs(failedAtMs + ON_ITS_WAY_MS);
  return at === undefined ? undefined : at - failedAtMs;
}

/** A conversation as one text that does not depend on how turns were cut into messages, nor on punctuation. */
export function flatten(turns: readonly ChatTurn[]): string {
  let out = '';
  let role = '';
  for (const turn of turns) {
    const words = turn.content.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
    if (words.length === 0) continue;
    if (turn.role !== role) out += ` <${turn.role}>`;
    role = turn.role;
    out += ` ${words.join(' ')}`;
  }
  return out;
}

/**
 * How many of the requests do not begin with everything that the request before them knew, but for its last turn: a reply is asked for
 * before it is certain that the visitor has finished, and the text may still change.
 */
export function historyBreaks(requests: readonly (readonly ChatTurn[])[]): number {
  const certain = requests.map((turns) => flatten(turns.slice(0, -1)));
  return requests.filter((turns, i) => i > 0 && !flatten(turns).startsWith(certain[i - 1] as string)).length;
}

export interface Summary {
  p50: number;
  p95: number;
  max: number;
  n: number;
  never: number;
}

/** Undefined values never happened. */
export function summarise(values: readonly (number | undefined)[]): Summary {
  const known = values.filter((value) => value !== undefined);
  return {
    p50: quantile(known, 0.5),
    p95: quantile(known, 0.95),
    max: known.length === 0 ? Number.NaN : Math.max(...known),
    n: values.length,
    never: values.length - known.length,
  };
}
