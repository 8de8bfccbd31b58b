/** The engines that configuration chooses: of our own, behind an OpenAI API, or of the operator's modules. */

import type { ContextRetriever } from '../../agents/openai-prompt.js';
import { RealtimeDialogue } from '../../agents/realtime/dialogue.js';
import type { Config } from '../../config.js';
import { VisavisError } from '../../errors.js';
import {
  type EngineConversation,
  type EngineModule,
  loadEngineModules,
  requireEngine,
} from '../../inference/engine-modules.js';
import type { SpeechDialogue, SpeechRecogniser, SpeechSynthesiser } from '../../inference/engines.js';
import { OpenAiRecogniser } from '../../inference/speech/openai-recogniser.js';
import { OpenAiSynthesiser } from '../../inference/speech/openai-speech.js';
import type { Logger } from '../../log.js';
import type { ConversationOptions } from '../control.js';
import type { SpeechWorkerClient } from '../speech/client.js';

export class ChosenEngines {
  readonly #config: Config;
  readonly #speech: SpeechWorkerClient;
  readonly #modules: EngineModule;
  readonly #recogniser: SpeechRecogniser | undefined;
  readonly #synthesiser: SpeechSynthesiser | undefined;

  /** Rejects with `bad-request` where a module is broken or brings not what the configuration asks for. */
  static async create(config: Config, speech: SpeechWorkerClient): Promise<ChosenEngines> {
    const { engines } = config;
    const modules = await loadEngineModules(engines.modules);
    if (engines.agent === 'custom') requireEngine(modules, 'agent', 'VISAVIS_AGENT_ENGINE');
    if (engines.conversation === 'custom') requireEngine(modules, 'dialogue', 'VISAVIS_CONVERSATION');
    if (config.speech === 'custom') requireEngine(modules, 'synthesiser', 'VISAVIS_SPEECH');
    const recogniser =
      engines.recognition === 'custom'
        ? await requireEngine(modules, 'recogniser', 'VISAVIS_RECOGNITION')()
        : engines.recognition === 'openai' && config.openai !== null
          ? new OpenAiRecogniser({ ...config.openai, partials: speech.recogniser() })
          : undefined;
    return new ChosenEngines(config, speech, { modules, recogniser, synthesiser: await modules.synthesiser?.() });
  }

  private constructor(
    config: Config,
    speech: SpeechWorkerClient,
    parts: {
      modules: EngineModule;
      recogniser: SpeechRecogniser | undefined;
      synthesiser: SpeechSynthesiser | undefined;
    },
  ) {
    this.#config = config;
    this.#speech = speech;
    this.#modules = parts.modules;
    this.#recogniser = parts.recogniser;
    this.#synthesiser = parts.synthesiser;
  }

  get modules(): EngineModule {
    return this.#modules;
  }

  /** With what it is to be told of the language. Those that run here are asked only for languages that the service is to have. */
  recognition({ hears }: ConversationOptions): { recogniser: SpeechRecogniser; recognitionLanguage?: string } {
    if (this.#recogniser === undefined) {
      const isOurs = hears === 'auto' || (hears !== undefined && this.#config.engines.languages.includes(hears));
      return { recogniser: this.#speech.recogniser(), ...(isOurs && { recognitionLanguage: hears }) };
    }
    // What others are to find out they are not told.
    return {
      recogniser: this.#recogniser,
      ...(hears !== undefined && hears !== 'auto' && { recognitionLanguage: hears }),
    };
  }

  synthesiser({ speech }: ConversationOptions): SpeechSynthesiser {
    if (speech === 'openai' && this.#config.openai !== null) return new OpenAiSynthesiser(this.#config.openai);
    if (speech === 'custom') {
      if (this.#synthesiser !== undefined) return this.#synthesiser;
      throw new VisavisError('bad-request', 'speech: no module of VISAVIS_ENGINES brings a synthesiser', {
        field: 'speech',
      });
    }
    return this.#speech.synthesiser(speech === 'piper' ? 'piper' : 'kokoro');
  }

  /** Speech of this conversation may come without phonemes: the face must listen to it. */
  listens({ speech }: ConversationOptions): boolean {
    return speech === 'openai' || speech === 'custom' || this.#config.engines.conversation !== 'turns';
  }

  /** A model that hears and speaks itself; undefined where recogniser, agent and voice do. */
  async dialogue(o: {
    conversation: EngineConversation;
    voice: string | undefined;
    retriever: { readonly current: ContextRetriever };
    log: Logger;
  }): Promise<SpeechDialogue | undefined> {
    const { engines, openai, speech } = this.#config;
    if (engines.conversation === 'custom')
      return requireEngine(this.#modules, 'dialogue', 'VISAVIS_CONVERSATION')(o.conversation);
    if (engines.conversation === 'turns' || openai === null) return undefined;
    const { name, language, instructions, conversationId } = o.conversation;
    return new RealtimeDialogue({
      ...openai,
      ...(speech === 'openai' && o.voice !== undefined && { speechVoice: o.voice }),
      ...{ name, language, instructions, retriever: o.retriever },
      // A recogniser behind an API is no better than the model's own.
      recogniser: engines.recognition === 'openai' ? undefined : (this.#recogniser ?? this.#speech.recogniser()),
      onNotice: (notice, fields) => o.log.warn({ conversationId, ...fields }, notice),
    });
  }

  async close(): Promise<void> {
    await this.#recogniser?.close();
    await this.#synthesiser?.close();
  }
}
