import type { Config } from '../config.js';
import type { EnginesConfig } from '../config-engines.js';
import type { SpeechEngineName } from '../engine-names.js';
import type { Language } from '../languages.js';
import { greetingOf, namesMachine, spokenLanguage, wordingOf } from '../wording.js';
import type { CreateSessionBody } from './messages.js';

export interface SessionTexts {
  /** Written beside the picture; empty where the operator's visitors are told by other means. */
  disclosure: { text: string; language: Language };
  /** Drawn into the picture; null where the operator's visitors are told by other means. */
  badge: string | null;
  /** Of what the service itself says aloud. */
  spokenLanguage: Language;
  /** Null: silent start. */
  greeting: string | null;
  apology: string;
}

export interface SessionTextsOptions {
  config: Pick<Config, 'greeting' | 'language' | 'disclosure'> & { engines?: Pick<EnginesConfig, 'languages'> };
  request: Pick<CreateSessionBody, 'greeting' | 'language'>;
  /** The avatar's. */
  name: string;
  /** Of the agent file, filled in; the session's own and VISAVIS_GREETING count before it. */
  agentGreeting?: string | undefined;
  speech: SpeechEngineName;
}

/**
 * What the service itself tells the visitors of a session. That they talk with an AI is among it whatever greeting and instructions
 * say; only `config.disclosure.off` leaves it away.
 */
export function sessionTexts({ config, request, name, agentGreeting, speech }: SessionTextsOptions): SessionTexts {
  const { off } = config.disclosure;
  const written = writtenLanguage(request, config);
  const spoken = spokenLanguage(written, speech, config.engines?.languages);
  const standing = config.greeting === undefined ? agentGreeting : config.greeting;
  const custom = request.greeting === undefined ? standing : request.greeting;
  return {
    disclosure: disclosureText(config, written),
    badge: badgeText(config, written),
    spokenLanguage: spoken,
    greeting: greetingOf({ name, custom, language: spoken, disclosureOff: off }),
    apology: wordingOf(spoken).apology,
  };
}

/** `auto` is found out only when the visitor speaks. */
export function writtenLanguage(
  request: Pick<CreateSessionBody, 'language'>,
  config: Pick<Config, 'language'>,
): Language {
  return request.language === undefined || request.language === 'auto' ? config.language : request.language;
}

/** The operator's own text is in the operator's language, whichever the session asks for. */
function disclosureText({ disclosure, language }: SessionTextsOptions['config'], written: Language) {
  if (disclosure.off) return { text: '', language: written };
  if (disclosure.text !== undefined) return { text: disclosure.text, language };
  return { text: wordingOf(written).disclosure, language: written };
}

/** The badge of pictures for visitors who read `language`; null: none. */
export function badgeText({ disclosure }: Pick<Config, 'disclosure'>, language: Language): string | null {
  return disclosure.off ? null : (disclosure.badge ?? wordingOf(language).badge);
}

/** What an operator should know at the start, because visitors may not learn that they talk with an AI. */
export function disclosureWarnings({ disclosure }: Pick<Config, 'disclosure'>): string[] {
  if (disclosure.off) {
    return [
      'VISAVIS_DISCLOSURE_OFF is set: neither the page nor the picture nor the greeting tells visitors that they talk with an AI; the law of many places wants them to be told',
    ];
  }
  if (disclosure.text === undefined || namesMachine(disclosure.text)) return [];
  return ['VISAVIS_DISCLOSURE names neither an AI nor a machine: visitors may not learn from it what they talk with'];
}
