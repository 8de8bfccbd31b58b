import { z } from 'zod';

/**
 * How an avatar carries itself, in numbers that a person can set. The middle of each (0.5, pace 1) is how every avatar is that has no manner.
 * Nothing here changes what it says.
 */
export interface Manner {
  /** 0 sober … 1 warm: how readily it smiles, at rest and at good news, and how much bad news moves it. */
  warmth: number;
  /** 0 still … 1 lively: how much head and brows move, how often it nods and blinks. */
  liveliness: number;
  /** 0 looks away often and long, above all while it thinks … 1 holds the visitor's eye. */
  directness: number;
  /** Speaking rate, 1 is the voice's own. */
  pace: number;
}

/**
 * Bounds of `pace`. Ordinary conversation in English has 190 to 230 words a minute around a mean of 210 (Tauroza & Allison, "Speech rates in
 * British English", Applied Linguistics 1990); beyond these, a voice sounds slowed down or hurried.
 */
export const PACE_RANGE = [0.9, 1.1] as const;

const share = z.number('must be a number from 0 to 1').min(0, 'must be 0 or more').max(1, 'must be 1 or less');
export const mannerSchema = z.strictObject({
  warmth: share,
  liveliness: share,
  directness: share,
  pace: z
    .number(`must be a number from ${PACE_RANGE[0]} to ${PACE_RANGE[1]}`)
    .min(PACE_RANGE[0], `must be ${PACE_RANGE[0]} or more`)
    .max(PACE_RANGE[1], `must be ${PACE_RANGE[1]} or less`),
});

/** One word for a manner, for people who choose. */
export const MANNER_WORDS = ['calm', 'warm', 'lively', 'thoughtful'] as const;
export type MannerWord = (typeof MANNER_WORDS)[number];

/** What each word means in numbers. */
export const MANNERS: Readonly<Record<MannerWord, Manner>> = {
  calm: { warmth: 0.45, liveliness: 0.2, directness: 0.7, pace: 0.96 },
  warm: { warmth: 0.9, liveliness: 0.55, directness: 0.65, pace: 0.98 },
  lively: { warmth: 0.65, liveliness: 0.9, directness: 0.5, pace: 1.05 },
  thoughtful: { warmth: 0.5, liveliness: 0.35, directness: 0.2, pace: 0.95 },
};

/** The word that fits a manner best. */
export function mannerWord(manner: Manner): MannerWord {
  const distance = (word: MannerWord): number => {
    const other = MANNERS[word];
    const pace = (manner.pace - other.pace) / (PACE_RANGE[1] - PACE_RANGE[0]);
    return Math.hypot(
      ...[
        manner.warmth - other.warmth,
        manner.liveliness - other.liveliness,
        manner.directness - other.directness,
        pace,
      ],
    );
  };
  return MANNER_WORDS.reduce((best, word) => (distance(word) < distance(best) ? word : best));
}
