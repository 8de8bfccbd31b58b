import type { SpeechMotion, TimedPhoneme } from '../../engines.js';
import { LoudnessTrack } from './loudness-track.js';
import { FASTEST_LIP, LOWEST_LIP, limitLowering, lipLowered } from './lower-lip.js';
import { OpeningLimit } from './opening-limit.js';
import {
  ARTICULATOR,
  ARTICULATOR_COUNT,
  BLENDED_COUNT,
  LENGTH_MARKS,
  SILENCE,
  type Viseme,
  visemesOf,
} from './visemes.js';

/** A loud stressed syllable, which head and brows may mark. */
export interface Accent {
  atMs: number;
  strength: number;
}

interface Segment {
  viseme: Viseme;
  startMs: number;
  endMs: number;
  /** Scales the jaw: stressed vowels open more. */
  emphasis: number;
  /** Of a contact of the lips: from when to when it lasts, how long it takes to be made and to be released. */
  contactFromMs: number;
  contactToMs: number;
  inMs: number;
  outMs: number;
}

const MAX_PHONEMES = 2_000;
/** A sound farther away than this has no influence. */
const REACH_MS = 420;
/** Rates θ of the dominance functions in 1/ms, before (anticipation) and after the sound, by articulator. */
const ANTICIPATION = rates({ jaw: 50, wide: 75, round: 105, flare: 85, raise: 55, drop: 55, tongue: 45 });
const CARRYOVER = rates({ jaw: 45, wide: 60, round: 65, flare: 60, raise: 50, drop: 50, tongue: 35 });
/** A gap between words shorter than this is no pause: the mouth goes straight on to the next sound. */
const PAUSE_MS = 110;
/**
 * Contacts of the lips: how long they take to be made and to be released where there is time, at least between two that are close
 * together, and how long they last at least.
 */
const CONTACT_IN_MS = 110;
const CONTACT_OUT_MS = 125;
const HURRIED_MS = 85;
const CONTACT_MIN_MS = 46;
/**
 * Where in its sound a contact lasts, as shares of it: mostly, and beside another contact. Between two of them the vowel gets the time that they
 * can spare: the first is let go at the burst, of which a third to a half of the sound is still to come (voice onset time of /p/: 58 ms, Lisker &
 * Abramson, Word 20, 1964), the second made when it is heard.
 */
const CONTACT = { from: 0.1, to: 0.8 } as const;
const HURRIED_CONTACT = { from: 0.25, to: 0.5 } as const;
/** Contacts farther apart than the first leave each other alone, those closer than the second are hurried. */
const APART_MS = 230;
const CLOSE_BY_MS = 160;
/** Share of the time between two contacts that each of them may take for its way. */
const WAY = 0.5;
/** A lip that is tucked in has a longer way. */
const TUCK_FACTOR = 1.3;

function rates(
  timesMs: Record<'jaw' | 'wide' | 'round' | 'flare' | 'raise' | 'drop' | 'tongue', number>,
): Float32Array {
  const out = new Float32Array(BLENDED_COUNT);
  for (const [name, ms] of Object.entries(timesMs)) out[ARTICULATOR[name as keyof typeof timesMs]] = 1 / ms;
  return out;
}

/**
 * The articulators of one stretch of speech as functions of time.
 *
 * Coarticulation follows Cohen & Massaro, "Modeling coarticulation in synthetic visual speech" (1993): every sound pulls each
 * articulator to its target with a dominance α·exp(−θ·|τ|) that falls with the distance τ from the sound; the position is the
 * mean of the targets weighted by dominance. Closures of the lips are not blended, since a half-closed /p/ is wrong at sight: they
 * are reached within the sound for longer than one frame lasts.
 */
export class Articulation {
  readonly durationMs: number;
  readonly accents: readonly Accent[];
  readonly #segments: Segment[];
  readonly #loudness: LoudnessTrack;
  readonly #fromSound: boolean;
  readonly #limit: OpeningLimit;
  readonly #unlimited = new Float32Array(ARTICULATOR_COUNT);
  readonly #weighted = new Float64Array(BLENDED_COUNT);
  readonly #weights = new Float64Array(BLENDED_COUNT);

  constructor(speech: SpeechMotion) {
    this.durationMs = speech.durationMs;
    this.#loudness = new LoudnessTrack(speech);
    const phonemes = speech.phonemes ?? [];
    this.#fromSound = phonemes.length === 0;
    const built = buildSegments(phonemes.slice(0, MAX_PHONEMES), speech.durationMs);
    this.#segments = built.segments;
    paceContacts(this.#segments);
    this.#limit = new OpeningLimit({
      opening: (ms) => {
        this.#position(ms, this.#unlimited);
        return lipLowered(this.#unlimited);
      },
      perMs: FASTEST_LIP,
      most: LOWEST_LIP,
      fromMs: 0,
      toMs: speech.durationMs,
    });
    this.accents = built.stressed
      .map((segment) => ({ atMs: segment.startMs, strength: this.#loudness.at((segment.startMs + segment.endMs) / 2) }))
      .filter((accent) => accent.strength > 0.75);
  }

  loudnessAt(ms: number): number {
    return this.#loudness.at(ms);
  }

  /** Writes `ARTICULATOR_COUNT` positions. */
  at(ms: number, out: Float32Array): void {
    this.#position(ms, out);
    limitLowering(out, this.#limit.at(ms, lipLowered(out)));
  }

  #position(ms: number, out: Float32Array): void {
    if (this.#fromSound) this.#followSound(ms, out);
    else this.#blend(ms, out);
  }

  #blend(ms: number, out: Float32Array): void {
    this.#weighted.fill(0);
    this.#weights.fill(1e-6);
    let close = 0;
    let tuck = 0;
    for (const segment of this.#segments) {
      const { viseme, startMs, endMs, emphasis } = segment;
      if (startMs > ms + REACH_MS) break;
      if (endMs < ms - REACH_MS) continue;
      const core = 0.25 * (endMs - startMs);
      const before = startMs + core - ms;
      const after = ms - endMs + core;
      const { target, dominance } = viseme;
      for (let k = 0; k < BLENDED_COUNT; k++) {
        const decay = before > 0 ? before * ANTICIPATION[k]! : after > 0 ? after * CARRYOVER[k]! : 0;
        const d = dominance[k]! * Math.exp(-decay);
        this.#weighted[k] = this.#weighted[k]! + d * target[k]! * (k === ARTICULATOR.jaw ? emphasis : 1);
        this.#weights[k] = this.#weights[k]! + d;
      }
      if (target[ARTICULATOR.close]! > 0) close = Math.max(close, contact(ms, segment));
      if (target[ARTICULATOR.tuck]! > 0) tuck = Math.max(tuck, contact(ms, segment));
    }
    for (let k = 0; k < BLENDED_COUNT; k++) out[k] = this.#weighted[k]! / this.#weights[k]!;
    out[ARTICULATOR.jaw] = out[ARTICULATOR.jaw]! * Math.min(1.2, 0.72 + 0.4 * this.#loudness.at(ms));
    out[ARTICULATOR.close] = close;
    out[ARTICULATOR.tuck] = tuck * (1 - close);
  }

  /** Without phonemes: the jaw follows the loudness, lips part and spread a little with it, pauses close them. */
  #followSound(ms: number, out: Float32Array): void {
    const loud = this.#loudness.at(ms);
    out.fill(0);
    out[ARTICULATOR.jaw] = 0.34 * Math.min(1, loud) ** 0.8;
    out[ARTICULATOR.drop] = 0.3 * Math.min(1, loud * 1.5);
    out[ARTICULATOR.raise] = 0.2 * Math.min(1, loud * 1.5);
    // Slow changes between spread and rounded lips keep it from looking like a hinge.
    const colour = Math.sin(ms / 190) * Math.sin(ms / 71 + 1);
    out[ARTICULATOR.wide] = 0.35 * Math.max(0, colour) * Math.min(1, loud * 2);
    out[ARTICULATOR.round] = 0.4 * Math.max(0, -colour) * Math.min(1, loud * 2);
  }
}

/** 1 while the lips touch, rising and falling smoothly around the sound. */
function contact(ms: number, { contactFromMs: from, contactToMs: to, inMs, outMs }: Segment): number {
  const t = ms < from ? 1 - (from - ms) / inMs : ms > to ? 1 - (ms - to) / outMs : 1;
  const c = Math.max(0, t);
  // Half-way between an even course, which is the slowest, and a smooth one.
  return 0.5 * c + 0.5 * c * c * (3 - 2 * c);
}

/** Between two contacts the mouth must have time to open for the vowel. */
function paceContacts(segments: readonly Segment[]): void {
  const contacts = segments.filter(({ viseme }) => isContact(viseme));
  const hurries = contacts.map((segment, i) => hurryOf((contacts[i + 1]?.startMs ?? Infinity) - segment.endMs));
  contacts.forEach((segment, i) => {
    placeContact(segment, hurries[i - 1] ?? 0, hurries[i]!);
    if (segment.viseme.target[ARTICULATOR.tuck]! <= 0) return;
    segment.inMs *= TUCK_FACTOR;
    segment.outMs *= TUCK_FACTOR;
  });
  contacts.slice(1).forEach((segment, i) => {
    const before = contacts[i]!;
    const room = Math.max(HURRIED_MS, WAY * (segment.contactFromMs - before.contactToMs));
    before.outMs = Math.min(before.outMs, room);
    segment.inMs = Math.min(segment.inMs, room);
  });
}

function isContact({ target }: Viseme): boolean {
  return target[ARTICULATOR.close]! > 0 || target[ARTICULATOR.tuck]! > 0;
}

/** 0: contacts so far apart leave each other alone; 1: they are as close together as in "mama". */
function hurryOf(gapMs: number): number {
  return Math.min(1, Math.max(0, (APART_MS - gapMs) / (APART_MS - CLOSE_BY_MS)));
}

/** `before`, `after`: how hurried the sounds between the contacts are. A sound too short for its contact has it where there is no hurry. */
function placeContact(segment: Segment, before: number, after: number): void {
  const lengthMs = segment.endMs - segment.startMs;
  const from = segment.startMs + lengthMs * (CONTACT.from + (HURRIED_CONTACT.from - CONTACT.from) * before);
  const to = segment.startMs + lengthMs * (CONTACT.to + (HURRIED_CONTACT.to - CONTACT.to) * after);
  const missingMs = Math.max(0, CONTACT_MIN_MS - (to - from));
  const early = 0.5 + 0.5 * (after - before);
  segment.contactFromMs = from - missingMs * early;
  segment.contactToMs = to + missingMs * (1 - early);
}

function buildSegments(phonemes: readonly TimedPhoneme[], durationMs: number) {
  const segments: Segment[] = [];
  const stressed: Segment[] = [];
  let stress: TimedPhoneme['stress'];
  let lastMs = 0;
  const add = (viseme: Viseme, startMs: number, endMs: number, emphasis = 1): Segment => {
    const contact = { contactFromMs: startMs, contactToMs: endMs, inMs: CONTACT_IN_MS, outMs: CONTACT_OUT_MS };
    const segment = { viseme, startMs, endMs, emphasis, ...contact };
    segments.push(segment);
    return segment;
  };
  add(SILENCE, -1_000, Math.min(0, phonemes[0]?.startMs ?? 0));
  for (const phoneme of phonemes) {
    const { symbol, startMs, endMs } = phoneme;
    if (!(endMs > startMs) || startMs < lastMs - 1) continue;
    stress = phoneme.stress ?? stress;
    const previous = segments[segments.length - 1]!;
    if (LENGTH_MARKS.has(symbol)) {
      previous.endMs = endMs;
      continue;
    }
    if (lastMs > 0 && startMs - lastMs >= PAUSE_MS) add(SILENCE, lastMs, startMs);
    lastMs = endMs;
    const visemes = visemesOf(symbol);
    if (visemes[0] === SILENCE && endMs - startMs < PAUSE_MS) continue;
    const vowel = visemes[0]!.vowel;
    const emphasis = vowel ? (stress === 'primary' ? 1.12 : stress === 'secondary' ? 1 : 0.86) : 1;
    const cut = startMs + (endMs - startMs) * 0.58;
    const first = add(visemes[0]!, startMs, visemes.length > 1 ? cut : endMs, emphasis);
    if (visemes.length > 1) add(visemes[1]!, cut, endMs, emphasis);
    if (vowel) {
      if (stress === 'primary') stressed.push(first);
      stress = undefined;
    }
  }
  add(SILENCE, Math.max(lastMs, 0), Math.max(durationMs, lastMs) + 1_000);
  return { segments, stressed };
}

export function restArticulators(): Float32Array {
  return new Float32Array(ARTICULATOR_COUNT);
}
