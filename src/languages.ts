/** Languages in which the service itself writes and, with a voice that has them, speaks; BCP 47. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'ja', 'zh'] as const;

/** Those besides English that voices which run here speak (Kokoro, with espeak-ng). */
export const SPOKEN_HERE: readonly Language[] = ['es', 'fr', 'it', 'pt'];
export type Language = (typeof LANGUAGES)[number];
