/** Reads what `TurnTraceWriter` wrote, and says what is wrong with anything else. */
import { z } from 'zod';
import { VisavisError } from '../errors.js';
import { TURN_TAKING } from '../turn-taking.js';
import type { TurnDecision, TurnInput } from './turn.js';
import { TRACE_FORMAT, TRACE_VERSION, type TraceHeader, type TraceLine } from './turn-trace.js';

/** Longer than any recording: the largest a service writes is 16 MB. */
export const MAX_TRACE_BYTES = 64e6;
const MAX_LINE_CHARACTERS = 100_000;

const ms = z.number().min(0);
const probability = z.number().min(0).max(1);
const flag = z.boolean();
const name = z.string().max(200);
const said = z.string().max(20_000);
const count = z.int().min(0);
const line = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), atMs: ms, ...shape });

const settings = z.strictObject({
  ...{ voicedProbability: probability, silentProbability: probability, sureProbability: probability },
  onsetWindows: z.int().min(1).max(1_000),
  ...{ speculateMs: ms, questionMs: ms, completeMs: ms, openMs: ms, unfinishedMs: ms },
  ...{ classifyMs: ms, classifyEveryMs: ms, decideMs: ms, insistMs: ms },
  keyed: flag,
});

const header = z.strictObject({
  type: z.literal(TRACE_FORMAT),
  version: z.literal(TRACE_VERSION),
  startedAt: z.iso.datetime(),
  conversationId: name,
  participantId: name,
  turnTaking: z.enum(TURN_TAKING),
  settings,
});

const decision = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('onset'), onsetMs: ms, overVoice: flag }),
  z.strictObject({ type: z.literal('duck'), onsetMs: ms, atMs: ms }),
  z.strictObject({ type: z.literal('classify'), atMs: ms }),
  z.strictObject({ type: z.literal('stop'), onsetMs: ms, atMs: ms }),
  z.strictObject({ type: z.literal('resume'), onsetMs: ms, atMs: ms, reason: z.enum(['backchannel', 'noise']) }),
  z.strictObject({ type: z.literal('pause'), lastVoicedMs: ms }),
  z.strictObject({ type: z.literal('continue'), atMs: ms }),
  z.strictObject({
    ...{ type: z.literal('end'), lastVoicedMs: ms, atMs: ms, overVoice: flag },
    doubtful: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('discard'), atMs: ms }),
]);

const anyLine = z.discriminatedUnion('type', [
  line('window', { probability, audible: flag }),
  line('transcript', { text: said, audible: flag, isEcho: z.literal(true).optional() }),
  line('estimate', { probability, features: z.record(name, z.number()) }),
  line('key', { pressed: flag, audible: flag }),
  line('reset', {}),
  line('decisions', { decisions: z.array(decision).min(1).max(16) }),
  line('state', { state: z.enum(['idle', 'listening', 'thinking', 'speaking']) }),
  line('planned', { utteranceId: count, segmentId: count, durationMs: ms, text: said }),
  line('playing', { utteranceId: count, segmentId: count }),
  line('heard', { utteranceId: count, word: said }),
  line('spoken', { utteranceId: count, interrupted: flag }),
  line('gain', { gain: probability }),
  line('understood', { text: said }),
  line('cut', {}),
]);

/** An input with what was decided on it when it was recorded. `line`: its number in the file, from 1. */
export interface RecordedInput {
  line: number;
  input: TurnInput;
  decisions: TurnDecision[];
}

export interface Trace {
  header: TraceHeader;
  inputs: RecordedInput[];
  /** Everything but the header, in the order of the file. */
  lines: TraceLine[];
  /** The file ends in the middle of a line, or with `cut`: the recorder was stopped. */
  isCutOff: boolean;
}

const INPUTS: ReadonlySet<string> = new Set<TurnInput['type']>(['window', 'transcript', 'estimate', 'key', 'reset']);

/**
 * Throws `bad-request` that names the line, the field, what came and what was expected. A last line without its end is left out: whoever
 * wrote it was stopped. `signal` ends a long file.
 */
export function readTurnTrace(text: string, signal?: AbortSignal): Trace {
  const texts = text.split('\n');
  const last = texts.pop() ?? '';
  if (texts.length === 0) throw wrong(1, 'expected the header of a turn trace, got nothing');
  const trace: Trace = { header: readHeader(texts[0] ?? ''), inputs: [], lines: [], isCutOff: last !== '' };
  let lastInputMs = 0;
  for (const [index, content] of texts.entries()) {
    if (index === 0) continue;
    signal?.throwIfAborted();
    const number = index + 1;
    const entry = check(number, anyLine, json(number, content)) as TraceLine;
    trace.lines.push(entry);
    if (INPUTS.has(entry.type)) {
      if (entry.atMs < lastInputMs) throw wrong(number, `atMs: expected at least ${lastInputMs}, got ${entry.atMs}`);
      lastInputMs = entry.atMs;
      trace.inputs.push({ line: number, input: entry as TurnInput, decisions: [] });
    } else if (entry.type === 'decisions') {
      const before = trace.inputs.at(-1);
      if (before === undefined || before.line !== number - 1) throw wrong(number, 'expected an input before decisions');
      before.decisions = entry.decisions;
    } else if (entry.type === 'cut') trace.isCutOff = true;
  }
  return trace;
}

function readHeader(content: string): TraceHeader {
  const value = json(1, content) as { type?: unknown; version?: unknown } | null;
  if (typeof value !== 'object' || value?.type !== TRACE_FORMAT) {
    throw wrong(1, `type: expected "${TRACE_FORMAT}", got ${shown(value?.type)}; this is no turn trace`);
  }
  if (value.version !== TRACE_VERSION) {
    throw wrong(
      1,
      `version: expected ${TRACE_VERSION}, which is all that this program reads, got ${shown(value.version)}`,
    );
  }
  return check(1, header, value);
}

function json(number: number, content: string): unknown {
  if (content.length > MAX_LINE_CHARACTERS) {
    throw wrong(number, `expected at most ${MAX_LINE_CHARACTERS} characters, got ${content.length}`);
  }
  try {
    return JSON.parse(content);
  } catch {
    throw wrong(number, `expected JSON, got ${shown(content)}`);
  }
}

function check<T>(number: number, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const got = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const field = path.length === 0 ? '' : `${path.join('.')}: `;
  throw wrong(number, `${field}${issue?.message ?? 'invalid'}, got ${shown(got)}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}

function wrong(number: number, what: string): VisavisError {
  return new VisavisError('bad-request', `line ${number}: ${what}`);
}
