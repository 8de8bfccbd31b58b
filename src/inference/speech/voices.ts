/** Names of the voices of every speech engine, known without loading a model. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cache.js';
import type { SpeechEngineName } from '../../engine-names.js';
import { VisavisError } from '../../errors.js';

export type SpeechEngine = SpeechEngineName;

/** Speakers of Piper's model of LibriTTS-R. */
export const PIPER_SPEAKERS = 904;
/** Language, sex and name, as Kokoro-82M calls its voices. */
export const KOKORO_VOICE = /^[a-z]{2}_[a-z0-9]+$/;

const KOKORO_FILE = /^kokoro-voice-([a-z]{2}_[a-z0-9]+)\.bin$/;
/** Clear, unhurried and read back without a mistake: two women, a man, a woman. */
const GOOD_PIPER_VOICES = ['libritts-840', 'libritts-783', 'libritts-680', 'libritts-250'];

/** Names of the Kokoro voices in the models folder, sorted; none when there is no such folder. */
export function installedKokoroVoices(): string[] {
  let files: string[];
  try {
    files = readdirSync(join(cacheFolder(), 'models'));
  } catch {
    return [];
  }
  return files.flatMap((file) => KOKORO_FILE.exec(file)?.[1] ?? []).sort();
}

/** Speaker number of a voice called `libritts-0` … `libritts-903`; undefined for every other name. */
export function piperSpeaker(voice: string): number | undefined {
  const number = Number(/^libritts-(0|[1-9]\d{0,2})$/.exec(voice)?.[1] ?? Number.NaN);
  return number < PIPER_SPEAKERS ? number : undefined;
}

/**
 * Why `engine` cannot speak with `voice`: a `bad-request` that names the field `voice` and what there is instead;
 * undefined when it can. A remote engine's voices are its own business: any name but an empty one passes.
 */
export function voiceProblem(
  engine: SpeechEngine,
  voice: string,
  installed: () => readonly string[] = installedKokoroVoices,
): VisavisError | undefined {
  if (engine === 'piper') {
    return piperSpeaker(voice) === undefined
      ? unknownVoice(voice, [
          `libritts-0 … libritts-${PIPER_SPEAKERS - 1}`,
          `good ones: ${GOOD_PIPER_VOICES.join(', ')}`,
        ])
      : undefined;
  }
  if (engine === 'openai') return voice.trim() === '' ? unknownVoice(voice, ['those of the speech API']) : undefined;
  if (engine === 'custom') return voice.trim() === '' ? unknownVoice(voice, ['those of the engine']) : undefined;
  const names = installed();
  return names.includes(voice) ? undefined : unknownVoice(voice, names);
}

/** The error for a voice that is not there, with those that are. */
export function unknownVoice(voice: string, names: readonly string[]): VisavisError {
  return new VisavisError(
    'bad-request',
    `unknown voice ${JSON.stringify(voice.slice(0, 60))}; available: ${names.join(', ')}`,
    { field: 'voice' },
  );
}
