import type { SpeechSynthesiser } from '../../inference/engines.js';
import { type PlacedScene, placeScenes, type Scene } from '../../worker/avatar/performance.js';
import { type Recital, recite } from '../../worker/avatar/recital.js';
import type { SpokenSound } from './lips.js';

/** Sentences that hold every sound of American English, with many of those that can be seen: closed, tucked, rounded, spread and open. */
export const SENTENCES = [
  'Hello, my name is Mabel. Bob and Pam moved the big box from the farm to the shop by five.',
  'We should look at a good book in two warm rooms, and you could row a slow boat home.',
  'She sees these three green trees each evening, and he means to keep the key.',
  'My father got the hot car and the black cat sat back on the mat, not far from the palm.',
  'Think of the weather, then. A measure of joy, the usual choices of toys, and thirty thin things, yes or no?',
  'Pop up, mama, sing along. How now, brown owl? Judge the church by its bird, and better hurry.',
] as const;

/** What is broken off, and after how long. */
const INTERRUPTED = [
  { text: 'I was about to say that the maximum amount may be a bit above the map.', afterMs: 900 },
  { text: 'How about a round of applause for our father and all of you?', afterMs: 1_310 },
  { text: 'Maybe five people moved past the broad window by the pool.', afterMs: 1_730 },
] as const;
const BREATH_MS = 320;
const AFTER_INTERRUPTION_MS = 1_000;
const LISTENING_MS = 6_000;
const THINKING_MS = 3_000;

export interface BenchScript {
  placed: PlacedScene[];
  /** Of the speech that is not broken off, on the performance's clock. */
  sounds: SpokenSound[];
}

/**
 * The whole performance: a silent while, listening and thinking, the first `sentences` sentences, and some that are interrupted. `idleMs` is how
 * long the silence lasts.
 */
export async function writeScript(
  synthesiser: SpeechSynthesiser,
  o: {
    voice: string;
    speed?: number | undefined;
    idleMs: number;
    sentences: number;
    frameRate: number;
    signal: AbortSignal;
  },
): Promise<BenchScript> {
  const say = (text: string): Promise<Recital> => recite(synthesiser, text, o);
  const scenes: Scene[] = [
    { kind: 'silence', state: 'idle', durationMs: o.idleMs },
    { kind: 'silence', state: 'listening', durationMs: LISTENING_MS },
    { kind: 'silence', state: 'thinking', durationMs: THINKING_MS },
  ];
  for (const text of SENTENCES.slice(0, o.sentences)) {
    scenes.push({ kind: 'speech', recital: await say(text) });
    scenes.push({ kind: 'silence', state: 'idle', durationMs: BREATH_MS });
  }
  for (const { text, afterMs } of INTERRUPTED) {
    scenes.push({ kind: 'speech', recital: await say(text), interruptAtMs: afterMs });
    scenes.push({ kind: 'silence', state: 'listening', durationMs: AFTER_INTERRUPTION_MS });
  }
  const placed = placeScenes(scenes, o.frameRate);
  return { placed, sounds: soundsOf(placed, o.frameRate) };
}

/** Every sound of the recitals that are not broken off, in ms from the performance's first frame. */
export function soundsOf(placed: readonly PlacedScene[], frameRate: number): SpokenSound[] {
  return placed.flatMap(({ scene, firstFrame }) => {
    if (scene.kind === 'silence' || scene.interruptAtMs !== undefined) return [];
    const sceneMs = (firstFrame * 1_000) / frameRate;
    return scene.recital.parts.flatMap(({ startMs, speech, words }) =>
      (speech.phonemes ?? []).map((phoneme) => {
        const middle = (phoneme.startMs + phoneme.endMs) / 2;
        return {
          symbol: phoneme.symbol,
          startMs: sceneMs + startMs + phoneme.startMs,
          endMs: sceneMs + startMs + phoneme.endMs,
          word: words.find((word) => middle >= word.startMs && middle <= word.endMs)?.text ?? '',
        };
      }),
    );
  });
}

/** Frames in which speech is heard that is not broken off. */
export function isSpoken({ scene }: PlacedScene): boolean {
  return scene.kind === 'speech' && scene.interruptAtMs === undefined;
}
