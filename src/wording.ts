/** What the service itself says and shows, in every language of `LANGUAGES`; an avatar's answers are its agent's business. */
import type { SpeechEngineName } from './engine-names.js';
import { LANGUAGES, type Language, SPOKEN_HERE } from './languages.js';
import { de } from './wording/de.js';
import { en } from './wording/en.js';
import { es } from './wording/es.js';
import { fr } from './wording/fr.js';
import { it } from './wording/it.js';
import { ja } from './wording/ja.js';
import { nl } from './wording/nl.js';
import { pl } from './wording/pl.js';
import { pt } from './wording/pt.js';
import type { Wording } from './wording/wording.js';
import { zh } from './wording/zh.js';

export type { Wording } from './wording/wording.js';

const wordings: Readonly<Record<Language, Wording>> = { en, de, fr, es, it, pt, nl, pl, ja, zh };

export function wordingOf(language: Language): Wording {
  return wordings[language];
}

/**
 * The language of what the service speaks, where its texts are written in `written`: of the voices that run here all speak English, and
 * Kokoro's also `enabled`; those of a speech API (`openai`) and of an engine of the operator's own (`custom`) every language.
 */
export function spokenLanguage(
  written: Language,
  engine: SpeechEngineName,
  enabled: readonly Language[] = [],
): Language {
  if (engine === 'openai' || engine === 'custom') return written;
  return engine === 'kokoro' && SPOKEN_HERE.includes(written) && enabled.includes(written) ? written : 'en';
}

/** Whether `text`, in whichever of the languages, says that the one who speaks it is an AI. */
export function admitsToBeAi(text: string): boolean {
  return LANGUAGES.some((language) => wordings[language].admission.test(text));
}

// "ai", "si" and "ia" in small letters are common words and endings.
const ACRONYM =
  /(?<!\p{L})(?:AI|A\.I\.|KI|IA|I\.A\.|SI)(?!\p{L})|ＡＩ|AI(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/u;
const MACHINE =
  /artifi[ck]|künstlich|kunstmatig|sztuczn|ma(?:ch|sch|sz)in|m[aá]quina|macchin|rob[oô]|(?<!\p{L})(?:chat)?bot(?!\p{L})|comput|komput|ordenador|ordinateur|virtu|wirtu|synthe|sint[eé]ti|digital|avatar|awatar|人工|机器|機械|计算机|虚拟|コンピュ|ロボット|バーチャル/iu;

/** Whether `text` has a word for an AI or another machine, in any of the languages; whether it says so of itself is another matter. */
export function namesMachine(text: string): boolean {
  return ACRONYM.test(text) || MACHINE.test(text);
}

export interface GreetingOptions {
  /** The avatar's. */
  name: string;
  /** Undefined: the standing greeting; null or blank: nothing is spoken. */
  custom: string | null | undefined;
  /** Of the spoken text, see `spokenLanguage`. */
  language: Language;
  /** The operator's visitors are told by other means. */
  disclosureOff: boolean;
}

/**
 * What is spoken when the visitor is connected; null: nothing. It says that the avatar is an AI, whatever the custom text says,
 * unless `disclosureOff`.
 */
export function greetingOf({ name, custom, language, disclosureOff }: GreetingOptions): string | null {
  const wording = wordingOf(language);
  if (custom === undefined) return wording.greeting(name);
  const text = custom?.trim() ?? '';
  if (text === '') return null;
  return disclosureOff || admitsToBeAi(text) ? text : joinSentences(wording.spokenDisclosure, text);
}

/** Chinese and Japanese put no space between sentences. */
function joinSentences(first: string, second: string): string {
  return /[。！？]$/u.test(first) ? `${first}${second}` : `${first} ${second}`;
}
