/** The concrete engines of an avatar worker, chosen by configuration; the heavy ones live in the speech worker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EndOfTurnModel } from '../../agents/end-of-turn/model.js';
import { KnowledgePages, LiveKnowledge } from '../../agents/knowledge/index.js';
import { ModeratedAgent } from '../../agents/moderation/moderated-agent.js';
import { ConversationModeration } from '../../agents/moderation/moderation.js';
import { openModeration } from '../../agents/moderation/open.js';
import { SynthesisPace } from '../../agents/pace.js';
import type { ConversationEngines } from '../../agents/session.js';
import { GuardedHttp } from '../../agents/tools/guarded-http.js';
import type { TurnSettings } from '../../agents/turn.js';
import { turnSettingsOf } from '../../agents/turn-modes.js';
import { PROJECT_ROOT } from '../../cache.js';
import type { Config } from '../../config.js';
import { OpenAiSynthesiser } from '../../inference/speech/openai-speech.js';
import { SileroVad } from '../../inference/speech/silero.js';
import type { Logger } from '../../log.js';
import type { TurnTaking } from '../../turn-taking.js';
import type { SpeechPending } from '../control.js';
import { SpeechWorkerClient } from '../speech/client.js';
import { Agents, type ConversationAgentOptions } from './agents.js';
import { SpeechCalls, type SpeechHistograms } from './stats.js';

/** Models may still be loading when the avatar worker starts. */
const SPEECH_WORKER_TIMEOUT_MS = 60_000;
const END_OF_TURN_MODEL = join(PROJECT_ROOT, 'assets/turns/end-of-turn.json');

export interface WorkerEngines {
  turnSettings(mode: TurnTaking): Partial<TurnSettings>;
  forConversation(conversation: ConversationAgentOptions): Promise<ConversationEngines>;
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
  const http = new GuardedHttp(config.toolAccess);
  const knowledge = await LiveKnowledge.open({
    folder: config.knowledgeFolder,
    pages: new KnowledgePages(config.agent?.knowledge?.pages ?? [], http),
    embedder: speech.embedder(),
    onReport: (report) => {
      if (report.type === 'failed') log.error({ err: report.error }, 'knowledge could not be read again');
      else {
        for (const problem of report.problems) log.warn({ problem }, 'a document is left out');
        log.info({ chunks: report.chunks }, 'knowledge read');
      }
    },
  });
  const agents = await Agents.create(config, { knowledge, http, log });
  log.info({ agent: config.openai === null ? 'knowledge' : 'openai' }, 'agent ready');

  const moderation = openModeration(config, speech.embedder(), log);
  const paces = { kokoro: new SynthesisPace(), piper: new SynthesisPace(), openai: new SynthesisPace() };
  const endOfTurn = await openEndOfTurn(END_OF_TURN_MODEL, log);
  return {
    turnSettings: (mode) => turnSettingsOf(mode, config),
    async forConversation(conversation) {
      const { options } = conversation;
      const synthesiser =
        options.speech === 'openai' && config.openai !== null
          ? new OpenAiSynthesiser(config.openai)
          : speech.synthesiser(options.speech === 'piper' ? 'piper' : 'kokoro');
      const common = { vad, recogniser: speech.recogniser(), synthesiser, pace: paces[options.speech], endOfTurn };
      const agent = agents.forConversation(conversation);
      if (moderation === undefined) return { ...common, agent };
      const { language, greeting } = options;
      const own = greeting === null ? [] : [greeting];
      const moderated = new ConversationModeration(moderation, {
        sessionId: conversation.conversationId,
        language,
        own,
      });
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
      await agents.close();
      knowledge.close();
      http.close();
      await vad.close();
      await speech.close();
    },
  };
}

/** Without it turns end by words and silence alone. */
async function openEndOfTurn(path: string, log: Logger): Promise<EndOfTurnModel | undefined> {
  try {
    return EndOfTurnModel.parse(await readFile(path, 'utf8'));
  } catch (err) {
    log.warn({ err }, 'no end-of-turn model: turns end by words and silence alone');
    return undefined;
  }
}
