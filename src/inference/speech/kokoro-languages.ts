/** Languages that Kokoro-82M v1.0 speaks here; the first letter of a voice's name says which (its VOICES.md). */
export const KOKORO_LANGUAGES = ['en', 'es', 'fr', 'hi', 'it', 'pt'] as const;
export type KokoroLanguage = (typeof KOKORO_LANGUAGES)[number];
/** Those whose pronunciation comes from espeak-ng. */
export type EspeakLanguage = Exclude<KokoroLanguage, 'en'>;

const BY_LETTER: Readonly<Record<string, KokoroLanguage>> = { e: 'es', f: 'fr', h: 'hi', i: 'it', p: 'pt' };

/** The language that a voice speaks. Voices of Japanese and Chinese are given English, which they speak with an accent. */
export function voiceLanguage(voice: string): KokoroLanguage {
  return BY_LETTER[voice[0] ?? ''] ?? 'en';
}

/** The installed voice for a language: of the same sex as `like` (a name such as `af_heart`) where there is one. Undefined: none. */
export function voiceFor(
  language: KokoroLanguage,
  installed: readonly string[],
  like: string | undefined,
): string | undefined {
  if (like !== undefined && voiceLanguage(like) === language && installed.includes(like)) return like;
  const voices = installed.filter((voice) => voiceLanguage(voice) === language && !/^[jz]/.test(voice));
  return voices.find((voice) => voice[1] === like?.[1]) ?? voices[0];
}
