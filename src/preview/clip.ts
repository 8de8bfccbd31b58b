import { FRAME_RATE } from '../inference/avatar/motion-frame.js';
import { type AvatarPackage, loadAvatarPackage } from '../inference/avatar/package.js';
import { Badge } from '../inference/avatar/renderer/badge.js';
import type { SpeechSynthesiser } from '../inference/engines.js';
import { KokoroSynthesiser } from '../inference/speech/kokoro.js';
import { PiperSynthesiser } from '../inference/speech/piper.js';
import { film } from '../worker/avatar/film.js';
import { placeScenes, type Scene, soundOf } from '../worker/avatar/performance.js';
import { type Recital, recite } from '../worker/avatar/recital.js';
import { type FilmFile, filmTypeOf } from './film-file.js';
import { expectFfmpeg, Mp4File } from './film-mp4.js';
import { WebmFile } from './film-webm.js';

export type SpeechEngine = 'kokoro' | 'piper';

export interface ClipOptions {
  /** A name that ends with .webm or .mp4. */
  path: string;
  text: string;
  speech: SpeechEngine;
  /** What stands in the picture to say that it is made by a machine; empty: nothing. */
  badge: string;
  signal: AbortSignal;
  /** `share` 0…1 of the frames. */
  onProgress?: (share: number) => void;
}

/** Silence before and after the words, in which the face is seen at rest. */
const BEFORE_MS = 600;
const AFTER_MS = 1_200;
const THREADS = 2;

/**
 * Writes a film of an avatar that says a text, with its own voice and sound. Resolves with its length; rejects with a typed error, or AbortError,
 * and then leaves nothing behind.
 */
export async function writeClip(folder: string, o: ClipOptions): Promise<{ durationMs: number }> {
  const type = filmTypeOf(o.path);
  if (type === 'mp4') await expectFfmpeg();
  const avatar = await loadAvatarPackage(folder);
  const scenes = await scenesFor(avatar, o);
  const placed = placeScenes(scenes, FRAME_RATE);
  const { width, height } = avatar.manifest;
  const format = { width, height, frameRate: FRAME_RATE, sound: soundOf(placed, FRAME_RATE) };
  const frames = placed.at(-1)?.endFrame ?? 0;
  const badge = o.badge === '' ? undefined : Badge.create(o.badge, avatar.manifest);
  const file: FilmFile = type === 'mp4' ? await Mp4File.create(o.path, format) : new WebmFile(o.path, format);
  try {
    const decorate = (picture: Uint8Array) => badge?.draw(picture);
    for await (const { picture, index } of film(avatar, placed, { width, height, decorate, signal: o.signal })) {
      await file.picture(picture);
      o.onProgress?.((index + 1) / frames);
    }
    await file.finish();
  } catch (thrown) {
    await file.discard();
    throw thrown;
  }
  return { durationMs: (frames * 1_000) / FRAME_RATE };
}

async function scenesFor(avatar: AvatarPackage, o: ClipOptions): Promise<Scene[]> {
  return [
    { kind: 'silence', state: 'idle', durationMs: BEFORE_MS },
    { kind: 'speech', recital: await reciteAs(avatar, o) },
    { kind: 'silence', state: 'idle', durationMs: AFTER_MS },
  ];
}

/** Speaks a text with an avatar's voice. Rejects as the engine does, with AbortError when aborted. */
export async function reciteAs(
  avatar: AvatarPackage,
  { text, speech, signal }: Pick<ClipOptions, 'text' | 'speech' | 'signal'>,
): Promise<Recital> {
  const voice = avatar.manifest.voices[speech];
  const engine: SpeechSynthesiser = await (speech === 'kokoro' ? KokoroSynthesiser : PiperSynthesiser).create({
    threads: THREADS,
    defaultVoice: voice,
  });
  try {
    return await recite(engine, text, { voice, speed: avatar.manifest.manner?.pace, signal });
  } finally {
    await engine.close();
  }
}
