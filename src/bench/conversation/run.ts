/** Plays a whole script against a service of its own: voices first, then scene after scene. */
import { loadavg } from 'node:os';
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { installedKokoroVoices, PIPER_SPEAKERS } from '../../inference/speech/voices.js';
import { ScriptedModel } from '../scripted-model.js';
import { BenchServer } from '../server.js';
import { CLIP_RATE_HZ, type Clip, VISITOR_LEVEL } from './clips.js';
import { judged } from './figures.js';
import type { Outcome } from './judge.js';
import { keepScene } from './kept.js';
import { STORY } from './phrases.js';
import { playScene, type Stage } from './play.js';
import { FULL, type Part, pausesOf, QUICK, type Scene, type Step, type Utterance, writeScript } from './script.js';
import { babble, fanNoise, noiseSound, scaled } from './sounds.js';
import { Visitors } from './visitors.js';

const NOISE_S = 12;
/** Of the crowd that babbles. */
const CROWD = 6;
const ATTEMPTS = 3;
/** More failures in a row than this mean that the service or the browser does not work here. */
const MAX_FAILURES = 3;
/** Stock avatars' voices, see assets/avatars: visitors must sound like somebody else. */
const AVATAR_VOICES = new Set(['libritts-840', 'libritts-783', 'libritts-680', 'libritts-684']);

export interface RunOptions {
  speech: 'piper' | 'kokoro';
  /** Where recordings go; and where visitors' voices are kept from run to run. */
  folder: string;
  clips: string;
  seed: number;
  size: 'full' | 'quick';
  parts: readonly Part[];
  /** Of each part. */
  maxScenes: number;
  signal: AbortSignal;
  print: (text: string) => void;
  /** Progress within a scene, on a line of its own. */
  note: (text: string) => void;
}

/** Every scene is kept as soon as it is over: what was played before an abort can be judged. Rejects with AbortError when aborted. */
export async function runConversations(o: RunOptions): Promise<void> {
  const written = writeScript({
    ...{ seed: o.seed, size: o.size === 'full' ? FULL : QUICK, parts: o.parts },
    piperVoices: Array.from({ length: PIPER_SPEAKERS }, (_, i) => `libritts-${i}`).filter(
      (name) => !AVATAR_VOICES.has(name),
    ),
    kokoroVoices: installedKokoroVoices().filter((name) => /^[ab][fm]_/.test(name)),
  });
  const scenes = written.filter(
    ({ part }, i) => written.slice(0, i).filter((other) => other.part === part).length < o.maxScenes,
  );
  o.print(
    `${o.speech}: ${scenes.length} scenes with ${scenes.reduce((n, { steps }) => n + steps.length, 0)} steps, ${pausesOf(scenes)} pauses in mid-turn`,
  );
  const clips = await makeClips(scenes, o);
  const crowd = [...clips.values()].slice(0, CROWD).map(({ samples }) => samples);
  const noises = { fan: fanNoise(NOISE_S, CLIP_RATE_HZ, o.seed), babble: babble(crowd, NOISE_S, CLIP_RATE_HZ) };
  const isStory = ({ part }: Scene) => part === 'overlap' || part === 'echo';
  const stage = {
    ...{ speech: o.speech, signal: o.signal, clip: (step: Step) => clips.get(step) },
    noise: (kind: 'fan' | 'babble') => noises[kind],
  };
  const failed: string[] = [];
  await withService(
    o,
    scenes.filter((scene) => !isStory(scene)),
    {},
    stage,
    failed,
  );
  const model = await ScriptedModel.create(STORY);
  try {
    await withService(o, scenes.filter(isStory), { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none' }, stage, failed);
  } finally {
    model.close();
  }
  if (failed.length > 0) o.print(`not played, and not in the figures: ${failed.join(', ')}`);
}

async function withService(
  o: RunOptions,
  scenes: readonly Scene[],
  env: Record<string, string>,
  stage: Omit<Stage, 'url'>,
  failed: string[],
): Promise<void> {
  if (scenes.length === 0) return;
  throwIfAborted(o.signal);
  const server = await BenchServer.create({
    OPENAI_API_KEY: '',
    OPENAI_BASE_URL: '',
    VISAVIS_SPEECH: o.speech,
    ...env,
  });
  try {
    let failures = 0;
    for (const [i, scene] of scenes.entries()) {
      const isKept = await attempt(o, scene, { ...stage, url: server.url }, `${i + 1} of ${scenes.length}`);
      failures = isKept ? 0 : failures + 1;
      if (!isKept) failed.push(scene.id);
      if (failures === MAX_FAILURES)
        throw new VisavisError('unavailable', `${MAX_FAILURES} scenes in a row could not be played`);
    }
  } finally {
    await server.close();
  }
}

async function attempt(o: RunOptions, scene: Scene, stage: Stage, place: string): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const onStep = (index: number) => o.note(`${scene.id}: ${index + 1} of ${scene.steps.length}`);
      const kept = await playScene(scene, { ...stage, onStep });
      keepScene(o.folder, kept);
      o.print(`\n${scene.id} (${place}), load ${(loadavg()[0] ?? 0).toFixed(1)}`);
      for (const outcome of judged(kept).outcomes) o.print(`  ${lineOf(outcome)}`);
      return true;
    } catch (error) {
      throwIfAborted(o.signal);
      o.print(`${scene.id}, attempt ${attempt}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return false;
}

/** All clips of the script by step. A language whose voice is not installed has none, and its scenes are taken out. */
async function makeClips(scenes: Scene[], o: RunOptions): Promise<Map<Step, Clip>> {
  const visitors = new Visitors(o.clips, o.signal);
  const clips = new Map<Step, Clip>();
  const steps = scenes.flatMap(({ steps }) => steps);
  let done = 0;
  try {
    for (const scene of [...scenes]) {
      for (const step of scene.steps) {
        const said = saidBy(step);
        try {
          if (said !== undefined) clips.set(step, await visitors.clip(said));
          else if (step.kind === 'overlap' && step.sound.kind === 'noise') clips.set(step, soundClip(step.sound));
        } catch (error) {
          throwIfAborted(o.signal);
          if (scene.part !== 'languages') throw error;
          o.print(`${scene.id} is left out: ${(error as Error).message}`);
          scenes.splice(scenes.indexOf(scene), 1);
          break;
        }
        done += 1;
        if (done % 25 === 0) o.note(`visitors' voices: ${done} of ${steps.length}`);
      }
    }
  } finally {
    await visitors.close();
  }
  return clips;
}

function saidBy(step: Step): Utterance | undefined {
  if (step.kind === 'turn') return step.utterance;
  return step.kind === 'overlap' && step.sound.kind !== 'noise' ? step.sound : undefined;
}

/** Its loudest moment as loud as loud speech. */
function soundClip({ noise, seed }: { noise: Parameters<typeof noiseSound>[0]; seed: number }): Clip {
  return { samples: scaled(noiseSound(noise, CLIP_RATE_HZ, seed), (VISITOR_LEVEL * 4) / 0.5), pauses: [] };
}

function lineOf(outcome: Outcome): string {
  if (outcome.kind === 'listen')
    return `listened ${(outcome.forMs / 1000).toFixed(0)} s: ${outcome.isSelfInterrupted ? 'INTERRUPTED ITSELF' : 'went on'}, ducked ${outcome.ducked} times`;
  if (outcome.kind === 'overlap') {
    const what = `over the voice: ${outcome.sound}`;
    if (!outcome.wasSpeaking) return `${what}: the avatar was not speaking`;
    if (!outcome.isStopped) return `${what}: went on${outcome.isInterruption ? ' (MISSED)' : ''}`;
    return `${what}: stopped${outcome.isInterruption ? '' : ' (FALSE)'}, decided ${outcome.decidedMs?.toFixed(0) ?? '–'} ms, silent ${outcome.silentMs?.toFixed(0) ?? '–'} ms`;
  }
  const { wordErrors: w, pauses, isCutOff, responseMs } = outcome;
  const answer = isCutOff
    ? `CUT OFF in pause ${pauses}`
    : responseMs === undefined
      ? 'NO ANSWER'
      : `${responseMs.toFixed(0)} ms`;
  return `${answer}, ${w.errors} of ${w.words} words wrong: ${outcome.said}${w.errors > 0 ? ` → ${outcome.understood}` : ''}`;
}
