import type { Language } from '../../../src/languages.js';
import { en } from './en.js';
import type { Strings } from './strings.js';

export type { Strings } from './strings.js';

/** Languages of the page, by the name that their speakers know. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  it: 'Italiano',
  pt: 'Português',
  nl: 'Nederlands',
  pl: 'Polski',
  ja: '日本語',
  zh: '中文',
};

export type PageLanguage = Language;

const LOADERS: Record<PageLanguage, () => Promise<Strings>> = {
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

/** The first of `wishes` (language tags such as `pt-BR`, most wanted first) that the page has; English without any. */
export function pickLanguage(wishes: readonly (string | null | undefined)[]): PageLanguage {
  for (const wish of wishes) {
    const primary = wish?.toLowerCase().split(/[-_]/)[0] ?? '';
    if (Object.hasOwn(LANGUAGE_NAMES, primary)) return primary as PageLanguage;
  }
  return 'en';
}

/** The texts of a language; English when they cannot be fetched, because a page in English is better than none. */
export async function loadStrings(language: PageLanguage): Promise<Strings> {
  try {
    return await LOADERS[language]();
  } catch {
    return en;
  }
}
