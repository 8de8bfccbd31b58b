/**
 * What the visible articulators do for each phoneme, 0…1. These few are easier to blend than 52 coefficients;
 * `toBlendshapes` turns them into those.
 */
export const ARTICULATORS = ['jaw', 'wide', 'round', 'flare', 'raise', 'drop', 'tongue', 'close', 'tuck'] as const;
export type Articulator = (typeof ARTICULATORS)[number];
export const ARTICULATOR_COUNT = ARTICULATORS.length;
export const ARTICULATOR = Object.freeze(
  Object.fromEntries(ARTICULATORS.map((name, i) => [name, i])) as Record<Articulator, number>,
);
/** The first seven blend by dominance; `close` and `tuck` are contacts, which are made or not made. */
export const BLENDED_COUNT = 7;

export interface Viseme {
  /** Targets by articulator. */
  target: Float32Array;
  /** Dominance α by articulator: how strongly this sound insists on its target. */
  dominance: Float32Array;
  vowel: boolean;
}

type Values = Partial<Record<Articulator, number>>;

function viseme(target: Values, dominance: Values, vowel: boolean): Viseme {
  const base = vowel ? VOWEL_DOMINANCE : CONSONANT_DOMINANCE;
  const result: Viseme = {
    target: new Float32Array(ARTICULATOR_COUNT),
    dominance: new Float32Array(ARTICULATOR_COUNT),
    vowel,
  };
  ARTICULATORS.forEach((name, i) => {
    result.target[i] = target[name] ?? 0;
    result.dominance[i] = dominance[name] ?? (target[name] === undefined ? base : Math.max(base, 0.8));
  });
  return result;
}

const VOWEL_DOMINANCE = 0.45;
/** Consonants that do not use an articulator let the neighbouring vowels shape it. */
const CONSONANT_DOMINANCE = 0.12;

const vowel = (target: Values, dominance: Values = {}) => viseme(target, { jaw: 1, ...dominance }, true);
const consonant = (target: Values, dominance: Values = {}) => viseme(target, dominance, false);

const BILABIAL = consonant({ close: 1, jaw: 0.1 }, { jaw: 0.5 });
const LABIODENTAL = consonant({ tuck: 1, jaw: 0.08 }, { jaw: 0.9 });
const DENTAL = consonant({ jaw: 0.13, tongue: 0.75, raise: 0.25, drop: 0.2 }, { jaw: 0.8 });
const SIBILANT = consonant({ jaw: 0.05, wide: 0.3, raise: 0.35, drop: 0.45 }, { jaw: 1.1, wide: 0.3 });
const POSTALVEOLAR = consonant(
  { jaw: 0.07, round: 0.35, flare: 0.85, raise: 0.3, drop: 0.3 },
  { jaw: 1.2, flare: 1.8 },
);
const ALVEOLAR = consonant({ jaw: 0.1, tongue: 0.35, raise: 0.15, drop: 0.2 }, { jaw: 0.7 });
const VELAR = consonant({ jaw: 0.15 }, { jaw: 0.45 });
const OPEN_A = vowel({ jaw: 0.42, wide: 0.12, raise: 0.28, drop: 0.25 });
/** Spread vowels let go of a rounding before them: English has no rounded front vowel that they could be taken for. */
const SPREAD = { round: 1.6 };
const NEAR_I = vowel({ jaw: 0.15, wide: 0.4, raise: 0.2, drop: 0.25 }, SPREAD);
const NEAR_U = vowel({ jaw: 0.13, round: 0.9 }, { round: 1.6 });
const OPEN_O = vowel({ jaw: 0.32, round: 0.7, flare: 0.25 }, { round: 1.2 });

/**
 * Visemes of Kokoro's IPA symbols; a symbol with two moves through both. Targets follow the usual descriptions of English
 * articulation (Ladefoged & Johnson, A Course in Phonetics); their sizes were set by eye.
 */
const VISEMES: Readonly<Record<string, readonly Viseme[]>> = {
  ɑ: [OPEN_A],
  a: [OPEN_A],
  æ: [vowel({ jaw: 0.37, wide: 0.4, raise: 0.38, drop: 0.35 }, SPREAD)],
  ʌ: [vowel({ jaw: 0.29, wide: 0.1, drop: 0.2 })],
  ɐ: [vowel({ jaw: 0.22, wide: 0.08, drop: 0.12 }, { jaw: 0.7 })],
  ə: [vowel({ jaw: 0.16, drop: 0.1 }, { jaw: 0.6 })],
  ɔ: [OPEN_O],
  ɒ: [OPEN_O],
  o: [vowel({ jaw: 0.27, round: 0.65, flare: 0.2 })],
  ɛ: [vowel({ jaw: 0.28, wide: 0.32, raise: 0.25, drop: 0.3 }, SPREAD)],
  e: [vowel({ jaw: 0.24, wide: 0.42, raise: 0.25, drop: 0.3 }, SPREAD)],
  ɜ: [vowel({ jaw: 0.2, round: 0.3, flare: 0.3, drop: 0.15 })],
  ɚ: [vowel({ jaw: 0.17, round: 0.3, flare: 0.3 })],
  i: [vowel({ jaw: 0.1, wide: 0.65, raise: 0.25, drop: 0.35 }, { round: 2.2 })],
  ɪ: [NEAR_I],
  ᵻ: [vowel({ jaw: 0.13, wide: 0.3, raise: 0.15, drop: 0.2 }, { jaw: 0.7 })],
  u: [vowel({ jaw: 0.1, round: 0.95 }, { round: 2 })],
  ʊ: [NEAR_U],
  // Rounded front vowels: lips as for the back ones, forward rather than narrow.
  y: [vowel({ jaw: 0.1, round: 0.85, flare: 0.25 }, { round: 2 })],
  ø: [vowel({ jaw: 0.2, round: 0.7, flare: 0.25 }, { round: 1.4 })],
  œ: [vowel({ jaw: 0.28, round: 0.55, flare: 0.3 }, { round: 1.2 })],
  ɨ: [NEAR_I],
  ɯ: [NEAR_I],
  ɤ: [vowel({ jaw: 0.24, wide: 0.15, drop: 0.15 })],
  A: [vowel({ jaw: 0.26, wide: 0.4, raise: 0.25, drop: 0.3 }, SPREAD), NEAR_I],
  I: [OPEN_A, NEAR_I],
  W: [OPEN_A, NEAR_U],
  O: [vowel({ jaw: 0.27, round: 0.8, flare: 0.2 }, { round: 1.6 }), NEAR_U],
  Q: [vowel({ jaw: 0.24, round: 0.3 }), NEAR_U],
  Y: [OPEN_O, NEAR_I],
  p: [BILABIAL],
  b: [BILABIAL],
  m: [BILABIAL],
  f: [LABIODENTAL],
  v: [LABIODENTAL],
  θ: [DENTAL],
  ð: [DENTAL],
  s: [SIBILANT],
  z: [SIBILANT],
  ʃ: [POSTALVEOLAR],
  ʒ: [POSTALVEOLAR],
  ʧ: [POSTALVEOLAR],
  ʤ: [POSTALVEOLAR],
  t: [ALVEOLAR],
  d: [ALVEOLAR],
  n: [ALVEOLAR],
  ɾ: [ALVEOLAR],
  T: [ALVEOLAR],
  l: [consonant({ jaw: 0.16, tongue: 0.6, drop: 0.15 }, { jaw: 0.6 })],
  ɹ: [consonant({ jaw: 0.11, round: 0.4, flare: 0.4 }, { jaw: 0.7, round: 0.6, flare: 0.6 })],
  r: [consonant({ jaw: 0.12, tongue: 0.3 })],
  w: [consonant({ jaw: 0.07, round: 1 }, { jaw: 1.8, round: 5 })],
  ʍ: [consonant({ jaw: 0.07, round: 1 }, { jaw: 1.8, round: 5 })],
  j: [consonant({ jaw: 0.1, wide: 0.5 }, { jaw: 0.6 })],
  k: [VELAR],
  g: [VELAR],
  ɡ: [VELAR],
  ŋ: [VELAR],
  x: [VELAR],
  q: [VELAR],
  c: [VELAR],
  ɣ: [VELAR],
  χ: [VELAR],
  ʁ: [VELAR],
  ɰ: [VELAR],
  ɴ: [VELAR],
  ʔ: [VELAR],
  ɲ: [consonant({ jaw: 0.1, tongue: 0.35, wide: 0.3 }, { jaw: 0.6 })],
  ʎ: [consonant({ jaw: 0.12, tongue: 0.45, wide: 0.3 }, { jaw: 0.6 })],
  ɟ: [ALVEOLAR],
  ɖ: [ALVEOLAR],
  ʈ: [ALVEOLAR],
  ɳ: [ALVEOLAR],
  ɽ: [ALVEOLAR],
  ɻ: [ALVEOLAR],
  ʦ: [SIBILANT],
  ʣ: [SIBILANT],
  S: [SIBILANT],
  ɕ: [POSTALVEOLAR],
  ʥ: [POSTALVEOLAR],
  ʨ: [POSTALVEOLAR],
  ʂ: [POSTALVEOLAR],
  ç: [consonant({ jaw: 0.1, wide: 0.45 }, { jaw: 0.6 })],
  ʝ: [consonant({ jaw: 0.1, wide: 0.45 }, { jaw: 0.6 })],
  // Not quite closed.
  β: [consonant({ close: 0.7, jaw: 0.12 }, { jaw: 0.5 })],
  ɸ: [consonant({ close: 0.7, jaw: 0.12 }, { jaw: 0.5 })],
  ʋ: [LABIODENTAL],
  ɥ: [consonant({ jaw: 0.07, round: 0.9 }, { jaw: 1.4, round: 3 })],
  h: [consonant({ jaw: 0.15 }, { jaw: 0.15 })],
};

/** The mouth at rest between words. It insists little: a comma does not close the mouth at once. */
export const SILENCE: Viseme = viseme(
  { jaw: 0 },
  { jaw: 0.6, wide: 0.3, round: 0.3, flare: 0.3, raise: 0.6, drop: 0.6, tongue: 0.6 },
  false,
);

/** Lengthens what precedes. */
export const LENGTH_MARKS: ReadonlySet<string> = new Set(['ː', 'ˑ', 'ʰ', '̃', '̩', 'ʲ', 'ᵊ']);

/** Visemes of a symbol; punctuation, spaces and unknown symbols are silence. */
export function visemesOf(symbol: string): readonly Viseme[] {
  return VISEMES[symbol] ?? VISEMES[symbol.normalize('NFD')[0] ?? ''] ?? [SILENCE];
}
