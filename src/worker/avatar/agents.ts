/** The agents of an avatar worker's conversations: what all of them share, and what each has of its own. */

import type { WebhookEntry } from '../../agent-file-schema.js';
import type { ConversationEvent } from '../../agents/events.js';
import { createKnowledgeAgent, type KnowledgeSource } from '../../agents/knowledge/index.js';
import { McpServers } from '../../agents/mcp/servers.js';
import { createOpenAiAgent } from '../../agents/openai-agent.js';
import { effectiveVariables, instructionsOf } from '../../agents/persona.js';
import type { GuardedHttp } from '../../agents/tools/guarded-http.js';
import { Handover, handoverApology } from '../../agents/tools/handover.js';
import { loadToolModules } from '../../agents/tools/modules.js';
import { rememberTool } from '../../agents/tools/remember.js';
import type { ParameterSchema, Tool } from '../../agents/tools/tool.js';
import { Toolbox, type ToolReport } from '../../agents/tools/toolbox.js';
import { webhookTool } from '../../agents/tools/webhook.js';
import type { Config } from '../../config.js';
import type { AgentEngineName } from '../../engine-names.js';
import type { EngineConversation, EngineModule } from '../../inference/engine-modules.js';
import type { Agent, Message } from '../../inference/engines.js';
import type { Logger } from '../../log.js';
import { wordingOf } from '../../wording.js';
import type { ConversationOptions } from '../control.js';

export interface ConversationAgentOptions {
  conversationId: string;
  options: ConversationOptions;
  emit: (event: ConversationEvent) => void;
}

/** Not owned by the agents. */
export interface AgentParts {
  knowledge: KnowledgeSource;
  http: GuardedHttp;
  log: Logger;
  /** Of the operator's own module. */
  makeAgent?: EngineModule['agent'];
}

export class Agents {
  readonly #config: Config;
  readonly #knowledge: KnowledgeSource;
  readonly #log: Logger;
  readonly #http: GuardedHttp;
  readonly #servers: McpServers;
  readonly #tools: readonly Tool[];
  readonly #makeAgent: EngineModule['agent'];

  /** Rejects with `bad-request` or `forbidden` where the agent file's tools cannot be used. */
  static async create(config: Config, parts: AgentParts): Promise<Agents> {
    const { http } = parts;
    const { tools } = config.agent ?? {};
    const modules = await loadToolModules(tools?.modules ?? []);
    const webhooks = (tools?.webhooks ?? []).map((entry) => webhookOf(entry, http));
    return new Agents(config, parts, [...webhooks, ...modules]);
  }

  private constructor(config: Config, { knowledge, http, log, makeAgent }: AgentParts, tools: Tool[]) {
    this.#makeAgent = makeAgent;
    this.#config = config;
    this.#knowledge = knowledge;
    this.#log = log;
    this.#http = http;
    this.#tools = tools;
    this.#servers = new McpServers({
      servers: this.engine !== 'openai' ? {} : (config.agent?.mcpServers ?? {}),
      http,
      onReport: (report) => {
        if (report.type === 'up')
          log.info({ server: report.server, tools: report.tools, skipped: report.skipped }, 'tool server is up');
        else
          log.warn(
            {
              server: report.server,
              code: report.error.code,
              reason: report.error.message,
              retryInMs: report.retryInMs,
            },
            'tool server is down',
          );
      },
    });
  }

  /** The one in use. */
  get engine(): Exclude<AgentEngineName, 'auto'> {
    const { engines, openai } = this.#config;
    if (engines.agent !== 'auto') return engines.agent;
    return openai === null ? 'knowledge' : 'openai';
  }

  /** What a model is told of itself and of whom it talks with in this conversation. */
  instructions({ options }: Pick<ConversationAgentOptions, 'options'>): string | undefined {
    const { agent: profile, instructions } = this.#config;
    return instructionsOf({
      ...{ profile, session: options.agent, memory: options.memory },
      variables: effectiveVariables(profile, options.variables),
      instructions: options.instructions ?? instructions,
      // English voices were never told so.
      ...(options.language !== 'en' && options.hears !== 'auto' && { language: options.language }),
    });
  }

  /** What an engine that is made for one conversation is told of it. */
  describe(conversation: ConversationAgentOptions): EngineConversation {
    const { conversationId, options } = conversation;
    const { name, hears } = options;
    const language = hears === 'auto' ? undefined : hears;
    return { conversationId, name, language, instructions: this.instructions(conversation) };
  }

  /** The agent of one conversation. */
  async forConversation(conversation: ConversationAgentOptions): Promise<Agent> {
    const { engine } = this;
    if (engine === 'custom' && this.#makeAgent !== undefined) return this.#makeAgent(this.describe(conversation));
    return this.#ownAgent(conversation);
  }

  #ownAgent(conversation: ConversationAgentOptions): Agent {
    const { conversationId, options, emit } = conversation;
    const { agent: profile, openai } = this.#config;
    const variables = effectiveVariables(profile, options.variables);
    const handover =
      profile?.handover === undefined
        ? undefined
        : new Handover(profile.handover, this.#http, () => emit({ type: 'handover' }));
    if (openai === null || this.engine === 'knowledge') {
      const handOver =
        handover === undefined
          ? undefined
          : (history: readonly Message[], signal: AbortSignal) =>
              handover
                .request({
                  reason: 'the visitor asks for a human',
                  sessionId: conversationId,
                  variables,
                  history,
                  signal,
                })
                .catch((error: unknown) => {
                  this.#logReport({ tool: 'hand_over_to_human', outcome: 'failed', ms: 0 });
                  return handoverApology(error);
                });
      return createKnowledgeAgent({ retriever: this.#knowledge, name: options.name, ...(handOver && { handOver }) });
    }
    void this.#servers.start();
    const { memory } = options;
    const own: Tool[] = [
      ...(handover === undefined ? [] : [handover.tool]),
      ...(memory === undefined
        ? []
        : [
            rememberTool((fact) =>
              emit({ type: 'memory', visitor: memory.visitor, openedAtMs: memory.openedAtMs, fact }),
            ),
          ]),
    ];
    const toolbox = new Toolbox({
      tools: () => [...own, ...this.#tools, ...this.#servers.tools],
      sessionId: conversationId,
      variables,
      ...(options.agent?.tools && { allowed: options.agent.tools }),
      onReport: (report) => this.#logReport(report),
    });
    const hasTools = own.length + this.#tools.length + Object.keys(profile?.mcpServers ?? {}).length > 0;
    return createOpenAiAgent({
      ...openai,
      name: options.name,
      instructions: this.instructions(conversation),
      retriever: this.#knowledge,
      fillers: wordingOf(options.language).waiting,
      onNotice: (notice) => this.#log.warn(notice),
      ...(hasTools && { toolbox }),
    });
  }

  async close(): Promise<void> {
    await this.#servers.close();
  }

  /** Neither arguments nor answers: they are what people say. */
  #logReport({ tool, outcome, ms, error }: ToolReport): void {
    const fields = { tool, outcome, ms: Math.round(ms), ...(error && { code: error.code }) };
    if (outcome === 'done' || outcome === 'cancelled') this.#log.info(fields, 'tool used');
    else this.#log.warn(fields, 'tool failed');
  }
}

/** `parameters` may be a whole JSON schema, or for short the properties alone, all of them required. */
function webhookOf({ readOnly, parameters, timeoutS, ...entry }: WebhookEntry, http: GuardedHttp): Tool {
  const schema: ParameterSchema =
    parameters['type'] === 'object' || Object.keys(parameters).length === 0
      ? { ...parameters, type: 'object' }
      : { type: 'object', properties: parameters, required: Object.keys(parameters), additionalProperties: false };
  return webhookTool(
    { ...entry, parameters: schema, effect: readOnly ? 'reads' : 'acts', timeoutMs: timeoutS * 1000 },
    http,
  );
}
