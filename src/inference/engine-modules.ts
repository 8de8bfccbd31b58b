/** Engines that the operator's own modules bring: VISAVIS_ENGINES. */
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { VisavisError } from '../errors.js';
import type { Agent, SpeechDialogue, SpeechRecogniser, SpeechSynthesiser } from './engines.js';

/** What a module is given, so that it needs no installation of its own. */
export interface EngineKit {
  z: typeof z;
  /** Errors of this class keep their code and message on the way to the visitor's page and the log. */
  VisavisError: typeof VisavisError;
}

/** The conversation for which an agent or a dialogue is made. */
export interface EngineConversation {
  conversationId: string;
  /** What the avatar calls itself. */
  name: string;
  /** What visitors are taken to speak; undefined: unknown. */
  language: string | undefined;
  /** The operator's own words to the model: persona, goals, rules. */
  instructions: string | undefined;
}

/** Recogniser and synthesiser are made once and shared by all conversations of a worker; agent and dialogue once a conversation. */
export interface EngineModule {
  recogniser?: () => SpeechRecogniser | Promise<SpeechRecogniser>;
  synthesiser?: () => SpeechSynthesiser | Promise<SpeechSynthesiser>;
  agent?: (conversation: EngineConversation) => Agent | Promise<Agent>;
  dialogue?: (conversation: EngineConversation) => SpeechDialogue | Promise<SpeechDialogue>;
}

export type EngineKind = keyof EngineModule;

const factory = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'expected a function');
const moduleSchema = z
  .strictObject({
    recogniser: factory.optional(),
    synthesiser: factory.optional(),
    agent: factory.optional(),
    dialogue: factory.optional(),
  })
  .refine(
    (value) => Object.keys(value).length > 0,
    'expected at least one of recogniser, synthesiser, agent, dialogue',
  );

const methods = (...names: string[]) =>
  z.custom<object>(
    (value) => typeof value === 'object' && value !== null && names.every((name) => hasMethod(value, name)),
    `expected an object with the methods ${names.join(', ')}`,
  );

const engineSchemas = {
  recogniser: methods('open', 'close'),
  synthesiser: methods('speak', 'close').refine((value) => {
    const { sampleRateHz, voices } = value as Partial<SpeechSynthesiser>;
    return Number.isInteger(sampleRateHz) && Array.isArray(voices);
  }, 'expected sampleRateHz (a whole number) and voices (an array)'),
  agent: methods('reply', 'close'),
  dialogue: methods('answer', 'note', 'close').refine(
    (value) => methods('open', 'close').safeParse((value as Partial<SpeechDialogue>).ear).success,
    'expected ear, an object with the methods open, close',
  ),
} as const satisfies Record<EngineKind, z.ZodType>;

/**
 * What the modules at `paths` export by default: an `EngineModule`, or a function that makes one of an `EngineKit`. Where two bring the
 * same kind the first one counts. Rejects with `bad-request` that names the module and what is wrong with it.
 */
export async function loadEngineModules(paths: readonly string[]): Promise<EngineModule> {
  const found: EngineModule = {};
  for (const path of paths) {
    const engines = await loadOne(path);
    for (const kind of Object.keys(engineSchemas) as EngineKind[]) {
      const make = engines[kind];
      if (make !== undefined && found[kind] === undefined) Object.assign(found, { [kind]: checked(path, kind, make) });
    }
  }
  return found;
}

/** Rejects with `bad-request` when none of the modules brings that kind. */
export function requireEngine<K extends EngineKind>(
  found: EngineModule,
  kind: K,
  setting: string,
): NonNullable<EngineModule[K]> {
  const make = found[kind];
  if (make !== undefined) return make as NonNullable<EngineModule[K]>;
  const message = `${setting} is custom, but no module of VISAVIS_ENGINES brings ${kind === 'agent' ? 'an' : 'a'} ${kind}`;
  throw new VisavisError('bad-request', message, { field: 'VISAVIS_ENGINES' });
}

async function loadOne(path: string): Promise<EngineModule> {
  let exported: unknown;
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    const { default: made } = module;
    exported = typeof made === 'function' ? await (made as (kit: EngineKit) => unknown)({ z, VisavisError }) : made;
  } catch (cause) {
    throw problem(path, `cannot be loaded: ${cause instanceof Error ? cause.message : 'it failed'}`, cause);
  }
  const parsed = moduleSchema.safeParse(exported);
  if (parsed.success) return parsed.data as EngineModule;
  throw problem(path, `does not export engines: ${issueOf(parsed.error)}`);
}

/** What a factory makes is looked at before it is used, so that a wrong engine fails at the start and by name. */
function checked(path: string, kind: EngineKind, make: (...args: never[]) => unknown) {
  return async (...args: never[]): Promise<unknown> => {
    let engine: unknown;
    try {
      engine = await make(...args);
    } catch (cause) {
      if (cause instanceof VisavisError) throw cause;
      const message = `${kind} of ${path} cannot be made: ${cause instanceof Error ? cause.message : 'it failed'}`;
      throw new VisavisError('engine-failed', message, { cause });
    }
    const parsed = engineSchemas[kind].safeParse(engine);
    if (parsed.success) return engine;
    throw problem(path, `makes no ${kind}: ${issueOf(parsed.error)}`);
  };
}

function hasMethod(value: object, name: string): boolean {
  return typeof (value as Record<string, unknown>)[name] === 'function';
}

function issueOf(error: z.ZodError): string {
  const issue = error.issues[0];
  const at = issue?.path.join('.');
  return `${at ? `${at}: ` : ''}${issue?.message ?? 'it is something else'}`;
}

function problem(path: string, what: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', `VISAVIS_ENGINES: ${path} ${what}`, { field: 'VISAVIS_ENGINES', cause });
}
