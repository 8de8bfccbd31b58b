/** What conversations in other languages than English need. */

/** First letters of Kokoro's voices. */
const VOICE_LETTER = { es: 'e', fr: 'f', it: 'i', pt: 'p' };

/** Debian packages by which voices of these languages are pronounced; any command of the name will do. */
export function languagePackages(languages) {
  const isSpoken = languages.some((language) => language in VOICE_LETTER);
  return isSpoken ? [{ name: 'espeak-ng', commands: ['espeak-ng'] }] : [];
}

/** The voices of these languages among the files of `models.lock.json`. */
export function voicesOf(lock, languages) {
  const letters = languages.map((language) => VOICE_LETTER[language]).filter((letter) => letter !== undefined);
  return lock.files.filter(
    ({ name, group }) => group === 'voices' && letters.some((letter) => name.startsWith(`kokoro-voice-${letter}`)),
  );
}
