import type { PageLanguage } from '../index.js';
import { en } from './en.js';
import type { AvatarStrings } from './strings.js';

export type { AvatarStrings } from './strings.js';

const LOADERS: Record<PageLanguage, () => Promise<AvatarStrings>> = {
  en: async () => en,
  de: async () => (await import('./de.js')).de,
  fr: async () => (await import('./fr.js')).fr,
  es: async () => (await import('./es.js')).es,
  it: async () => (await import('./it.js')).it,
  pt: async () => (await import('./pt.js')).pt,
  nl: async () => (await import('./nl.js')).nl,
  pl: async () => (await import('./pl.js')).pl,
  ja: async () => (await import('./ja.js')).ja,
  zh: async () => (await import('./zh.js')).zh,
};

/** As `loadStrings`. */
export async function loadAvatarStrings(language: PageLanguage): Promise<AvatarStrings> {
  try {
    return await LOADERS[language]();
  } catch {
    return en;
  }
}
