import { VisavisError } from '../../errors.js';

/** Moonshine base and tiny know English only; any other language is refused rather than misheard. */
export function requireEnglish(language: string | undefined): void {
  if (language === undefined || /^en\b/i.test(language)) return;
  throw new VisavisError('bad-request', `expected an English language tag such as "en", got "${language}"`, {
    field: 'language',
  });
}
