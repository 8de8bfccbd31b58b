import { fillPlaceholders } from '../agent-file.js';
import { effectiveVariables, type VisitorMemory } from '../agents/persona.js';
import type { Variables } from '../agents/tools/tool.js';
import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import type { VisitorMemories } from './memory/visitor-memories.js';
import type { CreateSessionBody } from './messages.js';

/** The session's variables with the agent file's standing values; throws `bad-request` for one too many or too few. */
export function sessionVariables({ variables: given = {} }: CreateSessionBody, agent: Config['agent']): Variables {
  const declared = agent?.variables ?? {};
  const names = Object.keys(declared);
  const bad = (name: string, what: string) =>
    new VisavisError('bad-request', `variables.${name}: ${what}`, { field: `variables.${name}` });
  if (names.length > 0) {
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
    if (unknown !== undefined) throw bad(unknown, `this agent has no such variable, but ${names.join(', ')}`);
    const missing = names.find((name) => declared[name]?.required === true && !Object.hasOwn(given, name));
    if (missing !== undefined) throw bad(missing, 'needed by this agent, got nothing');
  }
  return effectiveVariables(agent, given);
}

/** The agent file's greeting with the variables put in. */
export function agentGreeting(agent: Config['agent'], variables: Variables): string | undefined {
  return agent?.greeting === undefined ? undefined : fillPlaceholders(agent.greeting, variables);
}

/**
 * What is remembered of the visitor, who has agreed to it; undefined for all others. Throws `bad-request` where the visitor agreed to
 * what this service does not do.
 */
export async function sessionMemory(
  { visitor }: CreateSessionBody,
  memories: VisitorMemories | undefined,
  nowMs: number,
): Promise<VisitorMemory | undefined> {
  if (visitor?.remember !== true) return undefined;
  if (memories === undefined)
    throw new VisavisError(
      'bad-request',
      'visitor.remember: this service remembers no visitors (VISAVIS_MEMORY_DAYS)',
      {
        field: 'visitor.remember',
      },
    );
  const { visitor: key, visits, lastVisitMs, facts } = await memories.visit(visitor.id);
  const lastVisit = lastVisitMs === undefined ? undefined : new Date(lastVisitMs).toISOString().slice(0, 10);
  return { visitor: key, openedAtMs: nowMs, visits, ...(lastVisit && { lastVisit }), facts };
}
