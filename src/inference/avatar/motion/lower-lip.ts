import { ARTICULATOR } from './visemes.js';

/**
 * The fastest change of how far the lower lip is lowered, in units of the jaw's articulator per ms: lower lips reach about 0.2 m/s in fast speech
 * (Löfqvist & Gracco, JASA 101, 1997), but more than 4 % of the face's width from one frame of 40 ms to the next looks like a jump.
 */
export const FASTEST_LIP = 0.101 / 40;
/** As far as it is ever lowered. */
export const LOWEST_LIP = 1;

/** A tucked lower lip closes this share of what the jaw opens, and by itself goes up as far as this much of the jaw would take it. */
const TUCK_CLOSES = 0.7;
const TUCK_RAISES = 0.16;
/** Lips that are pressed together go up as far as this much of the jaw would take them. */
const PRESS_RAISES = 0.06;
/** Flared lips come down as far as this much of the jaw would take them, a lower lip that is drawn down as far as this. */
const FLARE_LOWERS = 0.1;
const DROP_LOWERS = 0.12;
/**
 * What the jaw has no time for, the upper lip makes up for by a quarter: lips share an opening and step in for a jaw that is held back (Folkins & Abbs,
 * J. Speech and Hearing Research 18, 1975). A raise of 1 opens as far as 0.14 of the jaw.
 */
const UPPER_LIP_SHARE = 1 / 4 / 0.14;
const MOST_EXTRA_RAISE = 0.3;

/** How far jaw and drop lower the lower lip. */
function drawnDown(a: Float32Array): number {
  const open = 1 - a[ARTICULATOR.close]!;
  const tuck = a[ARTICULATOR.tuck]!;
  return a[ARTICULATOR.jaw]! * open * (1 - TUCK_CLOSES * tuck) + DROP_LOWERS * a[ARTICULATOR.drop]! * open * (1 - tuck);
}

/** How far a position of the articulators lowers the lower lip, in units of the jaw, above its highest place, which is that of a tucked lip. */
export function lipLowered(a: Float32Array): number {
  const lips = (PRESS_RAISES + FLARE_LOWERS * a[ARTICULATOR.flare]!) * (1 - a[ARTICULATOR.close]!);
  return drawnDown(a) + lips + TUCK_RAISES * (1 - a[ARTICULATOR.tuck]!);
}

/** Takes jaw and drop back so far that the lower lip is lowered by no more than `limit`; the upper lip makes up for some of it. */
export function limitLowering(a: Float32Array, limit: number): void {
  const drawn = drawnDown(a);
  const missing = Math.min(drawn, lipLowered(a) - limit);
  if (drawn < 1e-3 || missing <= 0) return;
  const share = 1 - missing / drawn;
  a[ARTICULATOR.jaw] = a[ARTICULATOR.jaw]! * share;
  a[ARTICULATOR.drop] = a[ARTICULATOR.drop]! * share;
  const extra = Math.min(MOST_EXTRA_RAISE, UPPER_LIP_SHARE * missing);
  a[ARTICULATOR.raise] = Math.min(1, a[ARTICULATOR.raise]! + extra);
}
