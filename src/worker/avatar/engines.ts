/** The concrete engines of an avatar worker, chosen by configuration; the heavy ones live in the speech worker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EndOfTurnModel } from '../../agents/end-of-turn/model.js';
import { KnowledgePages, LiveKnowledge } from '../../agents/knowledge/index.js';
import { ModeratedAgent } from '../../agents/moderation/moderated-agent.js';
import { ConversationModeration } from '../../agents/moderation/moderation.js';
import { openModeration } from '../../agents/moderation/open.js';
import { SynthesisPace } from '../../agents/pace.js';
import type { ConversationEngines, HearingOptions } from '../../agents/session.js';
import { GuardedHttp } from '../../agents/tools/guarded-http.js';
import type { TurnSettings } from '../../agents/turn.js';
import { turnSettingsOf } from '../../agents/turn-modes.js';
import { PROJECT_ROOT } from '../../cache.js';
import type { Config } from '../../config.js';
import { VisavisError } from '../../errors.js';
import type { Agent } from '../../inference/engines.js';
import { AUTO_LANGUAGE } from '../../inference/speech/recognition-language.js';
import { SileroVad } from '../../inference/speech/silero.js';
import type { Logger } from '../../log.js';
import type { TurnTaking } from '../../turn-taking.js';
import type { ConversationOptions, SpeechPending } from '../control.js';
import { SpeechWorkerClient } from '../speech/client.js';
import { Agents, type ConversationAgentOptions } from './agents.js';
import { ChosenEngines } from './chosen-engines.js';
import { SpeechCalls, type SpeechHistograms } from './stats.js';

/** Never asked: a dialogue answers. */
const NO_AGENT: Agent = {
  reply: () => {
    throw new VisavisError('internal', 'the agent was asked in the place of the speech model');
  },
  close: async () => {},
};

/** Models may still be loading when the avatar worker starts. */
const SPEECH_WORKER_TIMEOUT_MS = 60_000;
const END_OF_TURN_MODEL = join(PROJECT_ROOT, 'assets/turns/end-of-turn.json');

export interface WorkerEngines {
  turnSettings(mode: TurnTaking): Partial<TurnSettings>;
  /** How microphones are listened to. */
  hearing: HearingOptions;
  /** The face must hear the speech itself. */
  listens(options: ConversationOptions): boolean;
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
  const chosen = await ChosenEngines.create(config, speech);
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
  const agents = await Agents.create(config, { knowledge, http, log, makeAgent: chosen.modules.agent });
  log.info({ ...config.engines, agent: agents.engine }, 'agent ready');

  const moderation = openModeration(config, speech.embedder(), log);
  const paces = {
    kokoro: new SynthesisPace(),
    piper: new SynthesisPace(),
    openai: new SynthesisPace(),
    custom: new SynthesisPace(),
  };
  const endOfTurn = await openEndOfTurn(END_OF_TURN_MODEL, log);
  return {
    turnSettings: (mode) => turnSettingsOf(mode, config),
    hearing: { cancelsEcho: config.cancelsEcho, farVoicesDb: config.farVoicesDb },
    listens: (options) => chosen.listens(options),
    async forConversation(conversation) {
      const { options } = conversation;
      // It was trained on English, which is what is heard wherever no other language was set up.
      const { hears = 'en' } = options;
      const isEnglish = hears !== AUTO_LANGUAGE && !config.engines.languages.includes(hears);
      const judged = isEnglish && endOfTurn !== undefined ? { endOfTurn } : {};
      const synthesiser = chosen.synthesiser(options);
      const common = { vad, ...chosen.recognition(options), synthesiser, pace: paces[options.speech], ...judged };
      const dialogue = await chosen.dialogue({
        conversation: agents.describe(conversation),
        ...{ voice: options.voice, retriever: knowledge, log },
      });
      if (dialogue !== undefined) return { ...common, agent: NO_AGENT, dialogue };
      const agent = await agents.forConversation(conversation);
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
      await chosen.close();
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
