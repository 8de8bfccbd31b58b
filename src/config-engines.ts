/** Which engines hear, think and speak, and what those behind an OpenAI API need. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { list, oneOf, type Parse, text, webAddress, whole } from './config-values.js';
import {
  AGENT_ENGINES,
  type AgentEngineName,
  CONVERSATION_ENGINES,
  type ConversationEngineName,
  RECOGNITION_ENGINES,
  type RecognitionEngineName,
  SPEECH_ENGINES,
  type SpeechEngineName,
} from './engine-names.js';
import { VisavisError } from './errors.js';
import { type ProviderChoice, parseProviders } from './execution-providers.js';
import { LANGUAGES, type Language, SPOKEN_HERE } from './languages.js';

export interface OpenAiConfig {
  /** Empty for servers that want none. */
  apiKey: string;
  /** Undefined: the official address. */
  baseUrl: string | undefined;
  model: string;
  timeoutMs: number;
  speechModel: string;
  speechVoice: string;
  transcriptionModel: string;
  realtimeModel: string;
}

export interface EnginesConfig {
  recognition: RecognitionEngineName;
  agent: AgentEngineName;
  conversation: ConversationEngineName;
  /** Besides English: in these visitors are listened to, and answered where a voice speaks them. */
  languages: readonly Language[];
  /** The voice of each of them; absent: one like the avatar's own. */
  voices: Readonly<Partial<Record<Language, string>>>;
  /** Modules that bring engines of their own, in the order in which they are asked. */
  modules: readonly string[];
}

const languages: Parse<Language[]> = list.transform((items, context) => {
  const unknown = items.find((item) => !LANGUAGES.some((language) => language === item));
  if (unknown !== undefined) context.addIssue(`expected some of ${LANGUAGES.join(', ')}, got "${unknown}"`);
  return LANGUAGES.filter((language) => language !== 'en' && items.includes(language));
});

const voices: Parse<Partial<Record<Language, string>>> = list.transform((items, context) => {
  const entries = items.map((item) => {
    const [, tag, voice] = /^([a-z]{2})\s*=\s*(\S{1,64})$/.exec(item) ?? [];
    const language = LANGUAGES.find((known) => known === tag);
    if (language !== undefined && voice !== undefined) return [language, voice] as const;
    context.addIssue(`expected LANGUAGE=VOICE pairs such as es=ef_dora, separated by commas, got "${item}"`);
    return [];
  });
  return Object.fromEntries(entries.filter((entry) => entry.length === 2));
});

const paths: Parse<string[]> = list.transform((items) => items.map((item) => resolve(item)));

const providers: Parse<ProviderChoice> = z.string().transform((value, context) => {
  try {
    return parseProviders(value);
  } catch (thrown) {
    context.addIssue(VisavisError.from(thrown).message.replace(/^VISAVIS_PROVIDERS: /, ''));
    return z.NEVER;
  }
});

export const engineVariables = {
  VISAVIS_SPEECH: [oneOf('auto', ...SPEECH_ENGINES), 'auto' as const],
  VISAVIS_RECOGNITION: [oneOf(...RECOGNITION_ENGINES), 'moonshine' as const],
  VISAVIS_AGENT_ENGINE: [oneOf(...AGENT_ENGINES), 'auto' as const],
  VISAVIS_CONVERSATION: [oneOf(...CONVERSATION_ENGINES), 'turns' as const],
  VISAVIS_ENGINES: [paths, [] as string[]],
  VISAVIS_LANGUAGES: [languages, [] as Language[]],
  VISAVIS_VOICES: [voices, {}],
  VISAVIS_PROVIDERS: [providers, parseProviders(undefined)],
  OPENAI_API_KEY: [text, undefined],
  OPENAI_BASE_URL: [webAddress, undefined],
  OPENAI_MODEL: [text, 'gpt-4o-mini'],
  OPENAI_TIMEOUT_S: [whole(1, 600), 20],
  OPENAI_SPEECH_MODEL: [text, 'gpt-4o-mini-tts'],
  OPENAI_VOICE: [text, 'alloy'],
  OPENAI_TRANSCRIPTION_MODEL: [text, 'gpt-4o-mini-transcribe'],
  OPENAI_REALTIME_MODEL: [text, 'gpt-realtime'],
} as const satisfies Record<string, readonly [Parse<unknown>, unknown]>;

type Variables = typeof engineVariables;
type Values = { [K in keyof Variables]: ReturnType<Variables[K][0]['parse']> | Variables[K][1] };

const hasOpenAi = (v: Values) => v.OPENAI_API_KEY !== undefined || v.OPENAI_BASE_URL !== undefined;

/** `moderated`: a policy judges every sentence. */
export function engineProblems(v: Values, o: { broken: ReadonlySet<string>; moderated: boolean }): string[] {
  const problems: string[] = [];
  const chosen = [
    ['VISAVIS_SPEECH', v.VISAVIS_SPEECH],
    ['VISAVIS_RECOGNITION', v.VISAVIS_RECOGNITION],
    ['VISAVIS_AGENT_ENGINE', v.VISAVIS_AGENT_ENGINE],
    ['VISAVIS_CONVERSATION', v.VISAVIS_CONVERSATION],
  ] as const;
  for (const [name, value] of chosen) {
    if ((value === 'openai' || value === 'realtime') && !hasOpenAi(v) && !o.broken.has('OPENAI_BASE_URL'))
      problems.push(`OPENAI_API_KEY: ${name} is ${value}, which needs OPENAI_API_KEY or OPENAI_BASE_URL`);
    if (value === 'custom' && v.VISAVIS_ENGINES.length === 0 && !o.broken.has('VISAVIS_ENGINES'))
      problems.push(`VISAVIS_ENGINES: needed because ${name} is custom: the module that brings the engine`);
  }
  for (const path of v.VISAVIS_ENGINES)
    if (!existsSync(path)) problems.push(`VISAVIS_ENGINES: there is no file ${path}`);
  const speaksAll =
    v.VISAVIS_SPEECH === 'openai' || v.VISAVIS_SPEECH === 'custom' || v.VISAVIS_CONVERSATION !== 'turns';
  const unspoken = v.VISAVIS_LANGUAGES.filter((language) => !SPOKEN_HERE.includes(language));
  if (unspoken.length > 0 && !speaksAll)
    problems.push(
      `VISAVIS_LANGUAGES: no voice that runs here speaks ${unspoken.join(', ')} (only en, ${SPOKEN_HERE.join(', ')}): set VISAVIS_SPEECH to openai or custom`,
    );
  if (v.VISAVIS_CONVERSATION !== 'turns' && o.moderated)
    problems.push(
      `VISAVIS_MODERATION: cannot be kept with VISAVIS_CONVERSATION=${v.VISAVIS_CONVERSATION}, whose model speaks before its words are known`,
    );
  return problems;
}

export function enginesConfig(v: Values): EnginesConfig {
  return {
    recognition: v.VISAVIS_RECOGNITION,
    agent: v.VISAVIS_AGENT_ENGINE,
    conversation: v.VISAVIS_CONVERSATION,
    languages: v.VISAVIS_LANGUAGES,
    voices: v.VISAVIS_VOICES,
    modules: v.VISAVIS_ENGINES,
  };
}

/** Who answers, as an operator knows it: a model's name where there is one. */
export function agentName({ engines, openai }: { engines: EnginesConfig; openai: OpenAiConfig | null }): string {
  if (engines.conversation === 'custom') return 'of your own';
  if (engines.conversation === 'realtime' && openai !== null) return openai.realtimeModel;
  const { agent } = engines;
  if (agent === 'custom') return 'of your own';
  return agent === 'knowledge' || openai === null ? 'knowledge' : openai.model;
}

/** With a model that speaks, `auto` is the voice of the same name from the same server, so that greeting and answers sound alike. */
export function speechOf(v: Values): 'auto' | SpeechEngineName {
  return v.VISAVIS_SPEECH === 'auto' && v.VISAVIS_CONVERSATION === 'realtime' ? 'openai' : v.VISAVIS_SPEECH;
}

/** Null: nothing may be sent to an OpenAI API. */
export function openAiConfig(v: Values): OpenAiConfig | null {
  if (!hasOpenAi(v)) return null;
  return {
    apiKey: v.OPENAI_API_KEY ?? '',
    baseUrl: v.OPENAI_BASE_URL,
    model: v.OPENAI_MODEL,
    timeoutMs: v.OPENAI_TIMEOUT_S * 1000,
    speechModel: v.OPENAI_SPEECH_MODEL,
    speechVoice: v.OPENAI_VOICE,
    transcriptionModel: v.OPENAI_TRANSCRIPTION_MODEL,
    realtimeModel: v.OPENAI_REALTIME_MODEL,
  };
}
