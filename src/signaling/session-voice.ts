import { VisavisError } from '../errors.js';
import type { AvatarManifest } from '../inference/avatar/package.js';
import { type KokoroLanguage, voiceFor } from '../inference/speech/kokoro-languages.js';
import { installedKokoroVoices, type SpeechEngine, voiceProblem } from '../inference/speech/voices.js';

export interface SessionVoiceOptions {
  engine: SpeechEngine;
  /** The voice that the request for the session names. */
  requested: string | undefined;
  /** VISAVIS_SPEECH and VISAVIS_VOICE. */
  config: { speech: SpeechEngine | 'auto'; voice: string | undefined };
  avatar: Pick<AvatarManifest, 'id' | 'voices'>;
  /** Of what is spoken, with the voices of VISAVIS_VOICES; absent: English. */
  language?: KokoroLanguage | undefined;
  voices?: Readonly<Partial<Record<string, string>>> | undefined;
}

/**
 * The voice of a session: the one it asks for, else VISAVIS_VOICE, else the avatar's own; undefined: the default of a remote
 * engine. VISAVIS_VOICE belongs to the engine that VISAVIS_SPEECH names and is left aside for another one; where that says
 * `auto`, it counts for whichever engine of our own has such a voice. Throws `bad-request` naming the field `voice` when
 * the engine does not have the one chosen, and tells where its name came from.
 *
 * In another language than English Kokoro speaks with the voice asked for, else that of VISAVIS_VOICES, else an installed one that speaks it, of the sex of
 * the avatar's own.
 */
export function sessionVoice(
  { engine, requested, config, avatar, language = 'en', voices = {} }: SessionVoiceOptions,
  problemOf: typeof voiceProblem = voiceProblem,
  installed: () => readonly string[] = installedKokoroVoices,
): string | undefined {
  const own =
    engine === 'openai' || engine === 'custom'
      ? undefined
      : { source: `voice of the avatar ${avatar.id}`, name: avatar.voices[engine] };
  const foreign = engine === 'kokoro' && language !== 'en' ? foreignVoice() : undefined;
  const chosen = requested !== undefined ? { source: 'voice', name: requested } : (foreign ?? configuredVoice() ?? own);
  const problem = chosen === undefined ? undefined : problemOf(engine, chosen.name);
  if (chosen === undefined || problem === undefined) return chosen?.name;
  const message = `${chosen.source}: the speech engine ${engine} cannot use it: ${problem.message}`;
  throw new VisavisError('bad-request', message, { field: 'voice' });

  function foreignVoice(): { source: string; name: string } | undefined {
    const set = voices[language];
    if (set !== undefined) return { source: 'VISAVIS_VOICES', name: set };
    const name = voiceFor(language, installed(), avatar.voices.kokoro);
    return name === undefined ? undefined : { source: `voice for ${language}`, name };
  }

  function configuredVoice(): { source: string; name: string } | undefined {
    const name = config.voice;
    if (name === undefined) return undefined;
    const fits =
      config.speech === 'auto' && engine !== 'openai' && engine !== 'custom' && problemOf(engine, name) === undefined;
    return fits || config.speech === engine ? { source: 'VISAVIS_VOICE', name } : undefined;
  }
}
