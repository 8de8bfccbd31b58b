/** The concrete engines of an avatar worker, chosen by configuration; the heavy ones live in the speech worker. */
import { createKnowledgeAgent, openRetriever } from '../../agents/knowledge/index.js';
import { ModeratedAgent } from '../../agents/moderation/moderated-agent.js';
import { ConversationModeration } from '../../agents/moderation/moderation.js';
import { openModeration } from '../../agents/moderation/open.js';
import { createOpenAiAgent } from '../../agents/openai-agent.js';
import { SynthesisPace } from '../../agents/pace.js';
import type { ConversationEngines } from '../../agents/session.js';
import type { TurnSettings } from '../../agents/turn.js';
import type { Config } from '../../config.js';
import type { Agent } from '../../inference/engines.js';
import { OpenAiSynthesiser } from '../../inference/speech/openai-speech.js';
import { SileroVad } from '../../inference/speech/silero.js';
import type { Logger } from '../../log.js';
import type { ConversationOptions, SpeechPending } from '../control.js';
import { SpeechWorkerClient } from '../speech/client.js';
import { SpeechCalls, type SpeechHistograms } from './stats.js';

/** Models may still be loading when the avatar worker starts. */
const SPEECH_WORKER_TIMEOUT_MS = 60_000;

export interface WorkerEngines {
  turnSettings: Partial<TurnSettings>;
  forConversation(options: ConversationOptions, conversationId: string): Promise<ConversationEngines>;
  /** What the calls to the speech worker have cost since the start, and how many are under way. */
  speech: { readonly histograms: SpeechHistograms; readonly pending: SpeechPending };
  close(): Promise<void>;
}

export async function openEngines(config: Config, speechSocket: string, log: Logger): Promise<WorkerEngines> {
  const calls = new SpeechCalls();
  const speech = await SpeechWorkerClient.connect(speechSocket, {
    timeoutMs: SPEECH_WORKER_TIMEOUT_MS,
    onCall: (report) => calls.add(report),
  });
  const vad = await SileroVad.create();
  const retriever = await openRetriever({ folder: config.knowledgeFolder, embedder: speech.embedder() });
  log.info({ chunks: retriever.size, agent: config.openai === null ? 'knowledge' : 'openai' }, 'agent ready');

  const moderation = openModeration(config, speech.embedder(), log);
  const paces = { kokoro: new SynthesisPace(), piper: new SynthesisPace(), openai: new SynthesisPace() };
  const agentFor = (options: ConversationOptions): Agent =>
    config.openai === null
      ? createKnowledgeAgent({ retriever, name: options.name })
      : createOpenAiAgent({
          ...config.openai,
          instructions: options.instructions ?? config.instructions,
          name: options.name,
          retriever,
        });

  return {
    turnSettings: {
      questionMs: Math.round(config.endOfTurnMs.min * 0.8),
      completeMs: config.endOfTurnMs.min,
      openMs: Math.round(config.endOfTurnMs.min * 0.6 + config.endOfTurnMs.max * 0.4),
      unfinishedMs: config.endOfTurnMs.max,
      decideMs: config.interruptionMs,
    },
    async forConversation(options, conversationId) {
      const synthesiser =
        options.speech === 'openai' && config.openai !== null
          ? new OpenAiSynthesiser(config.openai)
          : speech.synthesiser(options.speech === 'piper' ? 'piper' : 'kokoro');
      const common = { vad, recogniser: speech.recogniser(), synthesiser, pace: paces[options.speech] };
      const agent = agentFor(options);
      if (moderation === undefined) return { ...common, agent };
      const { language, greeting } = options;
      const own = greeting === null ? [] : [greeting];
      const moderated = new ConversationModeration(moderation, { sessionId: conversationId, language, own });
      return { ...common, agent: new ModeratedAgent(agent, moderated), moderation: moderated };
    },
    speech: {
      get histograms() {
        return calls.histograms;
      },
      get pending() {
        return speech.pending;
      },
    },
    async close() {
      await moderation?.audit.flush();
      await vad.close();
      await speech.close();
    },
  };
}
