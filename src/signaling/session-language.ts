/** In which language a session is heard and spoken, and whether this service can. */
import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import { hasEspeak } from '../inference/speech/espeak-process.js';
import { type KokoroLanguage, voiceFor } from '../inference/speech/kokoro-languages.js';
import { AUTO_LANGUAGE, whisperProblem } from '../inference/speech/recognition-language.js';
import { installedKokoroVoices } from '../inference/speech/voices.js';
import { type Language, SPOKEN_HERE } from '../languages.js';
import { wordingOf } from '../wording.js';
import type { CreateSessionBody } from './messages.js';
import type { SpeechEngineName } from './session.js';
import { writtenLanguage } from './session-texts.js';
import { type SessionVoiceOptions, sessionVoice } from './session-voice.js';

/** What this machine has; replaced in tests. */
export interface LanguageParts {
  voices: () => readonly string[];
  espeak: () => boolean;
  whisper: () => VisavisError | undefined;
}

const HERE: LanguageParts = { voices: installedKokoroVoices, espeak: hasEspeak, whisper: whisperProblem };

type LanguageConfig = Pick<Config, 'language' | 'engines'>;

/**
 * What visitors are taken to speak: a language, or `auto`. Throws `bad-request` for `auto` where VISAVIS_LANGUAGES names none, and `unavailable` naming the
 * field `language` where the recogniser for it is not installed.
 */
export function heardLanguage(
  request: Pick<CreateSessionBody, 'language'>,
  config: LanguageConfig,
  { whisper } = HERE,
): Language | typeof AUTO_LANGUAGE {
  const { languages, recognition } = config.engines;
  if (request.language === AUTO_LANGUAGE && languages.length === 0)
    throw new VisavisError('bad-request', 'language: auto needs languages to choose from (VISAVIS_LANGUAGES)', {
      field: 'language',
    });
  const heard = request.language ?? config.language;
  if (recognition !== 'moonshine' || !(heard === AUTO_LANGUAGE || languages.includes(heard))) return heard;
  const problem = whisper();
  if (problem === undefined) return heard;
  throw new VisavisError('unavailable', `language: ${heard} cannot be recognised: ${problem.message}`, {
    field: 'language',
    retryable: false,
  });
}

/** The speech engine of a session that asks for none: Kokoro where the standard one does not speak a language that this service is to speak. */
export function engineFor(
  request: Pick<CreateSessionBody, 'language'>,
  config: LanguageConfig,
  standard: SpeechEngineName,
): SpeechEngineName {
  const wanted = request.language === AUTO_LANGUAGE ? config.engines.languages : [writtenLanguage(request, config)];
  const isForeign = wanted.some(
    (language) => config.engines.languages.includes(language) && SPOKEN_HERE.includes(language),
  );
  return standard === 'piper' && isForeign ? 'kokoro' : standard;
}

/** Throws `unavailable` naming the field `language` where Kokoro lacks what it needs to speak `language`. */
export function requireSpeakable(language: Language, engine: SpeechEngineName, { voices, espeak } = HERE): void {
  if (language === 'en' || engine !== 'kokoro') return;
  const refuse = (what: string) => {
    throw new VisavisError('unavailable', `language: ${language} cannot be spoken: ${what}`, {
      field: 'language',
      retryable: false,
    });
  };
  if (voiceFor(language as KokoroLanguage, voices(), undefined) === undefined)
    refuse('no voice of this language is installed (run "node scripts/setup.mjs --with voices")');
  if (!espeak()) refuse('espeak-ng is not installed (run "apt-get install espeak-ng")');
}

/** How the avatar goes on once it is known which language the visitor speaks. */
export interface SpokenIn {
  voice?: string;
  apology: string;
}

/** For every language that `auto` may come to, English included. */
export function spokenIn(
  config: LanguageConfig,
  o: Omit<SessionVoiceOptions, 'language' | 'voices'>,
  parts: LanguageParts = HERE,
): Partial<Record<Language, SpokenIn>> {
  const { languages, voices } = config.engines;
  const all = (['en', ...languages] as const).filter(
    (language) => o.engine === 'openai' || o.engine === 'custom' || language === 'en' || SPOKEN_HERE.includes(language),
  );
  return Object.fromEntries(
    all.map((language) => {
      if (o.engine === 'kokoro') requireSpeakable(language, o.engine, parts);
      // One that the request names is of one language only.
      const requested = o.engine === 'kokoro' && language !== 'en' ? undefined : o.requested;
      const voice = sessionVoice({ ...o, requested, language: language as KokoroLanguage, voices });
      return [language, { ...(voice !== undefined && { voice }), apology: wordingOf(language).apology }];
    }),
  );
}
