import type { Manner } from '../manner.js';

/**
 * What a manner changes in the face, as factors of what every face does; all 1 (and `restSmile` 0) without one. They change how far and how often
 * something moves, never how fast: the head's speed, the course of a blink and that of a smile stay what they are, and with them what a frame may change.
 */
export interface Temperament {
  /** Posture and sway of the head. What is above 1 counts little while it speaks, so that head and jaw together keep the limits of a frame. */
  sway: number;
  /** Depth of nods; those of a speaker, whose jaw moves as well, become smaller by it and never larger. */
  nod: number;
  /** Chance that the head beats time with an accent. */
  beats: number;
  /** Time between nods. */
  nodPause: number;
  /** Brows that rise with accents, and that play at rest. */
  brows: number;
  /** Blinks a minute. */
  blinks: number;
  /** Smiles that come and go at rest. */
  smile: number;
  /** A smile that stays, 0…1 of mouthSmile; it steps back while it speaks. */
  restSmile: number;
  /** What good and bad news do to the face. */
  tone: number;
  /** Time between glances aside. */
  glancePause: number;
  /** Chance of a look aside as a turn begins. */
  aside: number;
  /** Chance of a look back at the visitor while it thinks. */
  lookBack: number;
}

/**
 * Bounds: blinks of a speaker stay between the means that Bentivoglio et al. 1997 count at rest and in conversation (17 and 26 a minute). The others are
 * our own, chosen by eye: from a face that is just not stiff to one that is just not restless.
 */
export function temperamentOf(manner: Manner | undefined): Temperament {
  const { warmth = 0.5, liveliness = 0.5, directness = 0.5 } = manner ?? {};
  return {
    sway: between(liveliness, 0.6, 1.3),
    nod: between(liveliness, 0.7, 1.2),
    beats: between(liveliness, 0.6, 1.3),
    nodPause: between(liveliness, 1.5, 0.7),
    brows: between(liveliness, 0.5, 1.35),
    blinks: between(liveliness, 0.8, 1.2),
    smile: between(warmth, 0.2, 1.5),
    restSmile: Math.max(0, warmth - 0.5) * 0.4,
    tone: between(warmth, 0.6, 1.25),
    glancePause: between(directness, 0.6, 1.6),
    aside: between(directness, 1.5, 0.4),
    lookBack: between(directness, 0.4, 2),
  };
}

/** `low` at 0, exactly 1 at 0.5, `high` at 1. */
function between(value: number, low: number, high: number): number {
  return value <= 0.5 ? 1 + (low - 1) * (1 - 2 * value) : 1 + (high - 1) * (2 * value - 1);
}
