/** Who says what to the avatar, when, and in which room. Pure: the same seed gives the same conversations. */
import { Random } from '../../inference/avatar/motion/random.js';
import { BACKCHANNELS, CORRECTIONS, FOREIGN, HESITATIONS, INTERRUPTIONS, PAUSED, WHOLE } from './phrases.js';
import { NOISES, type Noise } from './sounds.js';

export const PARTS = ['turns', 'noise', 'languages', 'overlap', 'echo'] as const;
export type Part = (typeof PARTS)[number];

/** Who speaks: an engine of this service, or espeak-ng for languages that those do not have. */
export interface VisitorVoice {
  engine: 'piper' | 'kokoro' | 'espeak';
  name: string;
}

export interface Utterance {
  kind: 'whole' | 'pause' | 'hesitation' | 'correction' | 'backchannel' | 'interruption';
  voice: VisitorVoice;
  /** What is said between the pauses, in order. */
  phrases: string[];
  /** After each phrase but the last, in ms. */
  pausesMs: number[];
}

export type Step =
  /** Says it into a silence and waits for the answer. */
  | { kind: 'turn'; utterance: Utterance }
  /** Says it, or makes the sound, over the avatar's story; `waitMs` of story are heard before. */
  | { kind: 'overlap'; sound: Utterance | { kind: 'noise'; noise: Noise; seed: number }; waitMs: number }
  /** Says nothing while the avatar tells its story. */
  | { kind: 'listen'; forMs: number };

/** One page, one conversation. */
export interface Scene {
  id: string;
  part: Part;
  language: string;
  background?: { noise: 'fan' | 'babble'; snrDb: number };
  /** The avatar's voice comes back into the microphone, `levelDb` over the visitor's, `delayMs` after it was played. */
  echo?: { levelDb: number; delayMs: number; seed: number };
  steps: Step[];
}

export interface Size {
  whole: number;
  /** At least so many pauses within turns. */
  pauses: number;
  /** Turns at each noise level. */
  noisy: number;
  /** Interruptions; twice as many sounds that are none. */
  interruptions: number;
  /** Stretches of story at each echo level. */
  echoes: number;
  /** Sentences in each further language. */
  foreign: number;
}

export const FULL: Size = { whole: 40, pauses: 340, noisy: 12, interruptions: 48, echoes: 6, foreign: 5 };
export const QUICK: Size = { whole: 4, pauses: 30, noisy: 2, interruptions: 6, echoes: 1, foreign: 2 };

export const SNR_DB = [20, 10, 5] as const;
/** Over the visitor's own level: a loudspeaker beside the microphone, at arm's length, and what a weak canceller leaves. */
export const ECHO_DB = [-6, -12, -24] as const;
const ECHO_DELAYS_MS = [60, 120, 250];
const LISTEN_MS = 12_000;
const TURNS_IN_SCENE = 8;
const OVERLAPS_IN_SCENE = 9;
/** Silences within turns: medium pauses last 200 to 1000 ms (Campione & Véronis 2002); here 95 % lie between 210 and 1200 ms. */
const PAUSE_MEDIAN_MS = 500;
const PAUSE_SPREAD = 0.45;
const PAUSE_LIMITS_MS = [200, 1_500] as const;

export interface ScriptOptions {
  seed: number;
  size: Size;
  parts: readonly Part[];
  /** Visitors' voices to draw from, the avatar's own not among them. */
  piperVoices: readonly string[];
  kokoroVoices: readonly string[];
}

export function writeScript(o: ScriptOptions): Scene[] {
  const writers: Record<Part, (random: Random) => Scene[]> = {
    turns: (random) => turnScenes(o, random),
    noise: (random) => noiseScenes(o, random),
    languages: (random) => languageScenes(o, random),
    overlap: (random) => overlapScenes(o, random),
    echo: (random) => echoScenes(o, random),
  };
  // Each part has a seed of its own, so that leaving one out changes none of the others.
  return PARTS.filter((part) => o.parts.includes(part)).flatMap((part) =>
    writers[part](new Random(o.seed * 101 + PARTS.indexOf(part))),
  );
}

/** The pauses of a script. */
export function pausesOf(scenes: readonly Scene[]): number {
  return scenes.reduce((sum, { steps }) => sum + steps.reduce((n, step) => n + pausesOfStep(step), 0), 0);
}

function turnScenes(o: ScriptOptions, random: Random): Scene[] {
  const whole = pick(WHOLE, o.size.whole, random).map((text) => spoken('whole', text, o, random));
  const thinking: Utterance[] = [];
  const all = [
    ...PAUSED.map((text) => ({ kind: 'pause' as const, text })),
    ...HESITATIONS.map((text) => ({ kind: 'hesitation' as const, text })),
    ...CORRECTIONS.map((text) => ({ kind: 'correction' as const, text })),
  ];
  let pauses = 0;
  while (pauses < o.size.pauses) {
    for (const { kind, text } of shuffled(all, random)) {
      if (pauses >= o.size.pauses) break;
      const utterance = spoken(kind, text, o, random);
      pauses += utterance.pausesMs.length;
      thinking.push(utterance);
    }
  }
  const steps = shuffled([...whole, ...thinking], random).map((utterance) => ({ kind: 'turn' as const, utterance }));
  return groups(steps, TURNS_IN_SCENE).map((list, i) => scene('turns', i, list));
}

function noiseScenes(o: ScriptOptions, random: Random): Scene[] {
  return SNR_DB.flatMap((snrDb) => {
    const texts = [
      ...pick(WHOLE, Math.ceil(o.size.noisy / 2), random).map((text) => ['whole', text] as const),
      ...pick(PAUSED, Math.floor(o.size.noisy / 2), random).map((text) => ['pause', text] as const),
    ];
    const steps = shuffled(texts, random).map(([kind, text]) => ({
      kind: 'turn' as const,
      utterance: spoken(kind, text, o, random),
    }));
    return groups(steps, Math.max(1, Math.ceil(steps.length / 2))).map((list, i) => ({
      ...scene('noise', i, list, `-${snrDb}db`),
      background: { noise: i % 2 === 0 ? ('fan' as const) : ('babble' as const), snrDb },
    }));
  });
}

function languageScenes(o: ScriptOptions, random: Random): Scene[] {
  return FOREIGN.map(({ language, espeak, texts }, i) => {
    const steps = texts.slice(0, o.size.foreign).map((text) => ({
      kind: 'turn' as const,
      utterance: {
        ...spoken(text.includes('|') ? 'pause' : 'whole', text, o, random),
        voice: { engine: 'espeak' as const, name: espeak },
      },
    }));
    return { ...scene('languages', i, steps, `-${language}`), language };
  });
}

function overlapScenes(o: ScriptOptions, random: Random): Scene[] {
  const interruptions = pick(INTERRUPTIONS, o.size.interruptions, random);
  const attentive = pick(
    [...BACKCHANNELS, ...BACKCHANNELS, ...NOISES.flatMap((n) => [n, n, n])],
    2 * o.size.interruptions,
    random,
  );
  const steps = interruptions.flatMap((text, i): Step[] => [
    ...attentive.slice(2 * i, 2 * i + 2).map((sound) => ({
      kind: 'overlap' as const,
      sound: isNoise(sound)
        ? { kind: 'noise' as const, noise: sound, seed: Math.floor(random.uniform() * 2 ** 31) }
        : spoken('backchannel', sound, o, random),
      waitMs: Math.round(random.between(1_200, 2_600)),
    })),
    overlap(text, o, random),
  ]);
  return groups(steps, OVERLAPS_IN_SCENE).map((list, i) => scene('overlap', i, list));
}

function echoScenes(o: ScriptOptions, random: Random): Scene[] {
  return ECHO_DB.flatMap((levelDb) =>
    groups(pick(INTERRUPTIONS, o.size.echoes, random), 3).map((texts, i) => ({
      ...scene(
        'echo',
        i,
        texts.flatMap((text): Step[] => [{ kind: 'listen', forMs: LISTEN_MS }, overlap(text, o, random)]),
        `${levelDb}db`,
      ),
      echo: { levelDb, delayMs: ECHO_DELAYS_MS[i % 3]!, seed: Math.floor(random.uniform() * 2 ** 31) },
    })),
  );
}

function overlap(text: string, o: ScriptOptions, random: Random): Step {
  const sound = spoken('interruption', text, o, random);
  return { kind: 'overlap', sound, waitMs: Math.round(random.between(1_200, 2_600)) };
}

function spoken(kind: Utterance['kind'], text: string, o: ScriptOptions, random: Random): Utterance {
  const phrases = text.split('|').map((phrase) => phrase.trim());
  const pausesMs = phrases.slice(1).map(() => {
    const ms = random.logNormal(PAUSE_MEDIAN_MS, PAUSE_SPREAD);
    return Math.round(Math.min(PAUSE_LIMITS_MS[1], Math.max(PAUSE_LIMITS_MS[0], ms)));
  });
  // A quarter of the visitors speak with Kokoro's voices, where they are installed.
  const isKokoro = o.kokoroVoices.length > 0 && random.uniform() < 0.25;
  const names = isKokoro ? o.kokoroVoices : o.piperVoices;
  const name = names[Math.floor(random.uniform() * names.length)]!;
  return { kind, voice: { engine: isKokoro ? 'kokoro' : 'piper', name }, phrases, pausesMs };
}

function scene(part: Part, index: number, steps: Step[], more = ''): Scene {
  return { id: `${part}${more}-${String(index + 1).padStart(2, '0')}`, part, language: 'en', steps };
}

function pausesOfStep(step: Step): number {
  return step.kind === 'turn' ? step.utterance.pausesMs.length : 0;
}

function isNoise(sound: string): sound is Noise {
  return (NOISES as readonly string[]).includes(sound);
}

/** `count` of them in random order; every one once before any comes again. */
function pick<T>(list: readonly T[], count: number, random: Random): T[] {
  const out: T[] = [];
  while (out.length < count) out.push(...shuffled(list, random));
  return out.slice(0, count);
}

/** Fisher–Yates. */
function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

function groups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
