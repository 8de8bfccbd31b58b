/** Names of the engines, as configuration and sessions choose them. */

/** `custom`: the one that a module of VISAVIS_ENGINES brings. */
export const SPEECH_ENGINES = ['kokoro', 'piper', 'openai', 'custom'] as const;
export type SpeechEngineName = (typeof SPEECH_ENGINES)[number];

export const RECOGNITION_ENGINES = ['moonshine', 'openai', 'custom'] as const;
export type RecognitionEngineName = (typeof RECOGNITION_ENGINES)[number];

/** `auto`: a language model where one is configured, else the knowledge agent. */
export const AGENT_ENGINES = ['auto', 'knowledge', 'openai', 'custom'] as const;
export type AgentEngineName = (typeof AGENT_ENGINES)[number];

/** `turns`: recogniser, agent and voice one after the other; `realtime`: one model hears and speaks; `custom`: likewise, from a module. */
export const CONVERSATION_ENGINES = ['turns', 'realtime', 'custom'] as const;
export type ConversationEngineName = (typeof CONVERSATION_ENGINES)[number];
