/** Reads an agent file: YAML or JSON, checked as a whole, with secrets taken from the environment. */

import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import type * as Yaml from 'yaml';
import type { z } from 'zod';
import { type AgentFile, agentFile } from './agent-file-schema.js';

/** One variable of the environment holds at most 128 kB on Linux, and the file travels in one. */
const MAX_FILE_BYTES = 100_000;
const SNAPSHOT = 'VISAVIS_AGENT_SNAPSHOT';
/** The parts in which `${NAME}` stands for a variable of the environment: never in what a model reads. */
const PARTS_WITH_SECRETS = ['tools', 'mcpServers', 'handover'] as const;

/** An agent file with its paths made absolute. */
export interface AgentProfile extends AgentFile {
  path: string;
}

export type AgentFileResult =
  | { profile: AgentProfile; problems?: undefined }
  | { profile?: undefined; problems: string[] };

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment with what the agent file says now, so that all processes that are given it have the same agent, those too that
 * start when the file has been changed or is gone. A file that cannot be read is left for `readAgentFile` to report.
 */
export function withAgentFile<E extends Env>(env: E): E {
  const path = env['VISAVIS_AGENT']?.trim();
  if (path === undefined || path === '' || env[SNAPSHOT] !== undefined) return env;
  try {
    return statSync(path).size > MAX_FILE_BYTES ? env : { ...env, [SNAPSHOT]: readFileSync(path, 'utf8') };
  } catch {
    return env;
  }
}

/** The file, or everything that is wrong with it, a line each that names the field; values of secrets are in none. */
export function readAgentFile(path: string, env: Env): AgentFileResult {
  let value: unknown;
  // Processes without an agent file, which may be waited for, need not load it.
  const { parse, YAMLParseError } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  try {
    value = parse(env[SNAPSHOT] ?? textOf(path), { prettyErrors: true });
  } catch (thrown) {
    if (thrown instanceof YAMLParseError) {
      const at = thrown.linePos?.[0];
      const place = at === undefined ? '' : `line ${at.line}, column ${at.col}: `;
      return { problems: [`${path}: ${place}${thrown.code}: not YAML or JSON`] };
    }
    if (thrown instanceof RangeError) return { problems: [`${path} ${thrown.message}`] };
    const code = (thrown as NodeJS.ErrnoException).code ?? (thrown as Error).name;
    return { problems: [`${path} cannot be read (${code})`] };
  }
  return checkAgentFile(value, path, env);
}

function textOf(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new RangeError(`has ${size} bytes, expected at most ${MAX_FILE_BYTES}`);
  return readFileSync(path, 'utf8');
}

/** `readAgentFile` for what was parsed already. */
export function checkAgentFile(value: unknown, path: string, env: Env): AgentFileResult {
  const missing = new Set<string>();
  const result = agentFile.safeParse(withEnvironment(value, env, missing), { reportInput: true });
  const problems = [...missing].map((name) => `${name}: named in the agent file, but not set in the environment`);
  if (!result.success) problems.push(...result.error.issues.flatMap((issue) => describe(issue)));
  else problems.push(...problemsBetween(result.data));
  if (!result.success || problems.length > 0) return { problems };
  const file = result.data;
  const folder = dirname(path);
  const { knowledge } = file;
  return {
    profile: {
      ...file,
      path,
      ...(knowledge === undefined
        ? {}
        : {
            knowledge: {
              ...knowledge,
              ...(knowledge.folder === undefined ? {} : { folder: resolve(folder, knowledge.folder) }),
            },
          }),
      tools: { ...file.tools, modules: file.tools.modules.map((module) => resolve(folder, module)) },
    },
  };
}

/** As an operator may be shown it: no secret, no header, no environment. */
export function describeAgent(profile: AgentProfile): Record<string, unknown> {
  const { path, name, variables, tools, mcpServers, handover, knowledge } = profile;
  return {
    path,
    ...(name === undefined ? {} : { name }),
    variables: Object.keys(variables),
    webhooks: tools.webhooks.map((hook) => `${hook.name} ${new URL(hook.url).origin}`),
    modules: tools.modules,
    mcpServers: Object.keys(mcpServers),
    knowledge,
    handover: handover === undefined ? null : new URL(handover.url).origin,
  };
}

/** Every address that the agent is to call, with the field that names it. */
export function addressesOf({ tools, mcpServers, handover, knowledge }: AgentFile): { field: string; url: string }[] {
  const found = [
    ...tools.webhooks.map(({ url }, i) => ({ field: `tools.webhooks.${i}.url`, url })),
    ...(knowledge?.pages ?? []).map((url, i) => ({ field: `knowledge.pages.${i}`, url })),
    ...Object.entries(mcpServers).flatMap(([name, server]) =>
      'url' in server ? [{ field: `mcpServers.${name}.url`, url: server.url }] : [],
    ),
  ];
  return handover === undefined ? found : [...found, { field: 'handover.url', url: handover.url }];
}

function problemsBetween({ tools, variables, greeting }: AgentFile): string[] {
  const problems: string[] = [];
  const names = tools.webhooks.map(({ name }) => name);
  for (const name of new Set(names.filter((one, i) => names.indexOf(one) !== i)))
    problems.push(`tools.webhooks: ${name} is there more than once`);
  for (const [name, { required, default: standard }] of Object.entries(variables))
    if (required && standard !== undefined) problems.push(`variables.${name}: expected required or default, not both`);
  for (const name of placeholdersOf(greeting ?? ''))
    if (!Object.hasOwn(variables, name)) problems.push(`greeting: {${name}} is not among the variables`);
  return problems;
}

/** The names in braces of a text. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(/\{([a-z][a-z0-9_]{0,39})\}/g)].map(([, name]) => name ?? '');
}

/** The text with the values of the variables in place of their names; one without a value leaves nothing. */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string | number | boolean>>): string {
  return text
    .replace(/\{([a-z][a-z0-9_]{0,39})\}/g, (_all, name: string) =>
      Object.hasOwn(values, name) ? String(values[name]) : '',
    )
    .replace(/\s+([,.!?;:])/gu, '$1')
    .replace(/\s{2,}/gu, ' ')
    .trim();
}

function describe(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.length === 0 ? 'agent file' : issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[...issue.path, key].join('.')}: no such field`);
  if (issue.code === 'invalid_type') return [`${at}: expected ${issue.expected}, got ${typeName(issue.input)}`];
  return [`${at}: ${issue.message}`];
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function withEnvironment(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  missing: Set<string>,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const filled: Record<string, unknown> = { ...value };
  const fill = (inner: unknown): unknown => {
    if (typeof inner === 'string') {
      return inner.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_all, name: string) => {
        const found = env[name];
        if (found === undefined || found === '') missing.add(name);
        return found ?? '';
      });
    }
    if (Array.isArray(inner)) return inner.map(fill);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, fill(one)]));
  };
  for (const part of PARTS_WITH_SECRETS) if (Object.hasOwn(filled, part)) filled[part] = fill(filled[part]);
  return filled;
}
