/** What a language model may call: the one interface behind typed functions, webhooks and MCP servers. */
import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import type { Message } from '../../inference/engines.js';

/** A JSON schema of an object, as language models are given it. */
export type ParameterSchema = Record<string, unknown> & { type: 'object' };

/** Values that whoever opened the session has set; what is said in the conversation cannot change them. */
export type Variables = Readonly<Record<string, string | number | boolean>>;

/** What a call may know of the conversation that it is made for. */
export interface ToolContext {
  signal: AbortSignal;
  /** The same for a call that is repeated. */
  callId: string;
  sessionId: string;
  variables: Variables;
  /** What was said so far, the visitor's last message included. */
  history: readonly Message[];
}

/**
 * `reads`: changes nothing outside, and may be called for a reply that is perhaps never heard. `acts`: is called only once it is
 * certain that the visitor has finished.
 */
export type ToolEffect = 'reads' | 'acts';

export interface Tool {
  /** `TOOL_NAME`. */
  readonly name: string;
  /** To the language model: what it does and when it is of use. */
  readonly description: string;
  readonly parameters: ParameterSchema;
  readonly effect: ToolEffect;
  /** Only after the visitor was asked and has said something in between. */
  readonly confirm?: boolean;
  readonly timeoutMs?: number;
  /** Said when it takes long; default: one of the agent's own. */
  readonly filler?: string;
  /** What it answered, for the language model. Rejects with a typed error; `args` are the parsed JSON, not yet checked. */
  run(args: unknown, context: ToolContext): Promise<string>;
}

/** What chat APIs accept as a function's name. */
export const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
export const MAX_DESCRIPTION_CHARACTERS = 1_024;

export interface ToolDefinition<P extends z.ZodObject> {
  name: string;
  description: string;
  parameters: P;
  /** Default: `acts`, the safe one. */
  effect?: ToolEffect;
  confirm?: boolean;
  timeoutMs?: number;
  filler?: string;
  /** Returns a text, or a value that is given to the model as JSON. Heed `context.signal` where it takes long. */
  run(args: z.output<P>, context: ToolContext): unknown;
}

/** A typed function as a tool: `run` only ever sees arguments that fit `parameters`. Throws `bad-request` for a name or description that no chat API takes. */
export function defineTool<P extends z.ZodObject>(definition: ToolDefinition<P>): Tool {
  const { name, description, parameters, effect = 'acts', confirm, timeoutMs, filler, run } = definition;
  checkToolName(name);
  if (description.trim() === '' || description.length > MAX_DESCRIPTION_CHARACTERS) {
    throw new VisavisError(
      'bad-request',
      `tool ${name}: expected a description of 1 to ${MAX_DESCRIPTION_CHARACTERS} characters`,
      {
        field: 'description',
      },
    );
  }
  return {
    name,
    description,
    parameters: schemaOf(parameters),
    effect,
    ...(confirm === undefined ? {} : { confirm }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(filler === undefined ? {} : { filler }),
    async run(args, context) {
      return asText(await run(parseArguments(parameters, args), context));
    },
  };
}

export function checkToolName(name: string): void {
  if (TOOL_NAME.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new VisavisError('bad-request', `expected a tool's name of 1 to 64 letters, digits, _ and -, got ${shown}`, {
    field: 'name',
  });
}

/** Throws `bad-request` that names the first argument at fault. */
export function parseArguments<T extends z.ZodType>(schema: T, args: unknown): z.output<T> {
  const result = schema.safeParse(args);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'arguments' : issue.path.join('.');
  throw new VisavisError('bad-request', `${field}: ${issue?.message ?? 'does not fit'}`, { field });
}

/** What `args` must be, for the language model. */
function schemaOf(parameters: z.ZodObject): ParameterSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: 'input' });
  return { ...schema, type: 'object' };
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? 'done' : (JSON.stringify(value) ?? 'done');
}
