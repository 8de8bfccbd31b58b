import { VisavisError } from '../../errors.js';
import { modelFile } from '../models.js';
import { WhisperVocabulary } from './whisper-vocabulary.js';

/** Whichever of the service's languages is heard. */
export const AUTO_LANGUAGE = 'auto';

export function isEnglish(language: string | undefined): boolean {
  return language === undefined || /^en\b/i.test(language);
}

/** Moonshine base and tiny know English only; any other language is refused rather than misheard. */
export function requireEnglish(language: string | undefined): void {
  if (isEnglish(language)) return;
  throw new VisavisError('bad-request', `expected an English language tag such as "en", got "${language}"`, {
    field: 'language',
  });
}

/** Why Whisper cannot be used here; undefined when it can. */
export function whisperProblem(): VisavisError | undefined {
  try {
    for (const name of ['encoder.onnx', 'decoder.onnx', 'vocabulary.json', 'generation.json'])
      modelFile(`whisper-base-${name}`);
    return undefined;
  } catch (thrown) {
    return VisavisError.from(thrown);
  }
}

/**
 * English is always recognised; other languages, and `auto`, where Whisper is installed. Throws `bad-request` with the field `language`
 * for all others.
 */
export function requireRecognisable(language: string | undefined): void {
  if (isEnglish(language)) return;
  const problem = whisperProblem();
  if (problem !== undefined) {
    throw new VisavisError(
      'bad-request',
      `expected an English language tag such as "en", got "${language}": other languages need Whisper (${problem.message})`,
      { field: 'language' },
    );
  }
  if (language !== AUTO_LANGUAGE) WhisperVocabulary.languages().requireLanguage(language as string);
}
