/** What is kept of every scene: one recording and one file of what happened, from which every figure can be computed again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConversationEvent } from '../../agents/events.js';
import { VisavisError } from '../../errors.js';
import { readWav, type Wav, writeWav } from '../../media/wav.js';
import type { Scene, Step } from './script.js';

/** Of kept recordings: enough for speech, a third of the size. */
export const KEPT_RATE_HZ = 16_000;
export const KEPT_VERSION = 1;

/** A step as it was played; times in ms from the first sample of the recording. */
export interface PlayedStep {
  step: Step;
  /** The clip in the microphone; of `listen`, the stretch. */
  fromMs: number;
  toMs: number;
  /** Silences in mid-turn. */
  pauses: { fromMs: number; toMs: number }[];
  /** When the next step may begin. */
  endMs: number;
}

export interface SceneLog {
  version: typeof KEPT_VERSION;
  scene: Scene;
  /** The avatar's voice. */
  speech: string;
  steps: PlayedStep[];
  /** All that the page was told, without captions. */
  events: { atMs: number; event: ConversationEvent }[];
  /** Processes that wanted to run at the scene's end, of the last minute. */
  load: number;
}

/** Channels: the visitor alone, the avatar as received, the microphone with noise and echo. */
export interface KeptScene extends SceneLog {
  recording: Wav;
}

export function keepScene(folder: string, { recording, ...log }: KeptScene): void {
  mkdirSync(folder, { recursive: true });
  writeWav(join(folder, `${log.scene.id}.wav`), recording);
  writeFileSync(join(folder, `${log.scene.id}.json`), JSON.stringify(log));
}

/** The scenes of a folder by name, one after the other. Throws `not-found` or `bad-request` that names the file. */
export function* keptScenes(folder: string): Generator<KeptScene> {
  if (!existsSync(folder)) throw new VisavisError('not-found', `${folder}: there is no such folder`);
  const names = readdirSync(folder)
    .filter((name) => /-\d\d\.json$/.test(name))
    .sort();
  if (names.length === 0)
    throw new VisavisError('not-found', `${folder}: expected recordings of bench:conversation, found none`);
  for (const name of names) {
    const path = join(folder, name);
    const log = readLog(path);
    const recording = readWav(path.replace(/json$/, 'wav'));
    if (recording.channels.length !== 3)
      throw new VisavisError(
        'bad-request',
        `${path.replace(/json$/, 'wav')}: expected 3 channels, got ${recording.channels.length}`,
      );
    yield { ...log, recording };
  }
}

function readLog(path: string): SceneLog {
  try {
    const log = JSON.parse(readFileSync(path, 'utf8')) as SceneLog;
    if (log.version === KEPT_VERSION && Array.isArray(log.steps) && Array.isArray(log.events)) return log;
    throw new Error(`expected version ${KEPT_VERSION} with steps and events, got version ${String(log.version)}`);
  } catch (cause) {
    throw new VisavisError('bad-request', `${path}: ${(cause as Error).message}`, { cause });
  }
}
