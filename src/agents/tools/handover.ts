/** Asks a human to take over: a webhook of the operator's, which is told why and what was said. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import type { Message } from '../../inference/engines.js';
import type { GuardedHttp } from './guarded-http.js';
import { defineTool, type Tool, type Variables } from './tool.js';
import { answerText, postSigned } from './webhook.js';

export const HANDOVER_TOOL = 'hand_over_to_human';
const STANDARD_WHEN = 'the person asks for a human, is upset, or needs something that you cannot do';
const STANDARD_SAY = 'I have asked a colleague to take over.';
/** So much of the conversation goes along, newest last. */
const MAX_MESSAGES = 60;
const MAX_CHARACTERS = 30_000;
/** In one conversation; a model that keeps asking is told that it was done. */
const MAX_REQUESTS = 3;

export interface HandoverSettings {
  url: string;
  secret?: string | undefined;
  headers?: Readonly<Record<string, string>>;
  when?: string | undefined;
  say?: string | undefined;
}

export interface HandoverRequest {
  reason: string;
  summary?: string | undefined;
  sessionId: string;
  variables: Variables;
  history: readonly Message[];
  signal: AbortSignal;
}

/** The hand-overs of one conversation. */
export class Handover {
  readonly #settings: HandoverSettings;
  readonly #http: GuardedHttp;
  readonly #onRequested: () => void;
  #requests = 0;

  /** `onRequested`: a human was informed. */
  constructor(settings: HandoverSettings, http: GuardedHttp, onRequested: () => void) {
    http.check(settings.url);
    this.#settings = settings;
    this.#http = http;
    this.#onRequested = onRequested;
  }

  /**
   * Informs the operator and resolves with what the visitor is to be told: the answer's own `message`, else the standing sentence.
   * Rejects as `GuardedHttp.request` does.
   */
  async request({ reason, summary, sessionId, variables, history, signal }: HandoverRequest): Promise<string> {
    if (this.#requests >= MAX_REQUESTS) return this.#settings.say ?? STANDARD_SAY;
    this.#requests += 1;
    const { url, secret, headers } = this.#settings;
    const body = {
      event: 'handover',
      callId: randomUUID(),
      sessionId,
      reason,
      ...(summary === undefined ? {} : { summary }),
      variables,
      transcript: transcriptOf(history),
    };
    const answer = answerText(await postSigned({ http: this.#http, url, secret, headers, body, signal }));
    this.#onRequested();
    return messageIn(answer) ?? this.#settings.say ?? STANDARD_SAY;
  }

  /** For a language model. */
  get tool(): Tool {
    return defineTool({
      name: HANDOVER_TOOL,
      description: `Asks a human colleague to take over the conversation. Use it when ${this.#settings.when ?? STANDARD_WHEN}.`,
      parameters: z.object({
        reason: z.string().min(1).max(300).describe('why, in one sentence'),
        summary: z.string().max(2_000).optional().describe('what the colleague should know'),
      }),
      effect: 'acts',
      run: async ({ reason, summary }, { sessionId, variables, history, signal }) =>
        `Done. Tell the person: ${await this.request({ reason, summary, sessionId, variables, history, signal })}`,
    });
  }
}

const WANTS =
  '(?:talk|speak|chat)(?:ing)? (?:to|with)|(?:get|give|find|call|fetch|bring|connect|transfer|pass|put|hand) (?:me )?(?:over |through )?(?:to |with )?|(?:i )?(?:want|need|prefer|would like|d like)(?: to have)? ';
const HUMAN =
  '(?:human(?: being)?|(?:real|actual|living) (?:person|human|agent)|person|someone (?:real|else|human)|somebody (?:real|else)|(?:live |human )?(?:agent|operator|representative|colleague|employee|advisor|supervisor|manager)|customer service|support(?: team)?)';
const ASKS = new RegExp(`(?:${WANTS})\\s*(?:to |with )?(?:an? |the |your |some )?${HUMAN}(?: please)?$`, 'iu');

/** Whether the words ask for a human, as they are mostly said in English. Misses rather than guesses. */
export function asksForHuman(text: string): boolean {
  const plain = text
    .toLowerCase()
    .replace(/[’']/gu, ' ')
    .replace(/[^\p{L}\s]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  if (/\b(?:am i|are you|is this|was that|do not|don t|never)\b/u.test(plain)) return false;
  return ASKS.test(plain);
}

/** What was heard, newest last, within the limits. */
function transcriptOf(history: readonly Message[]): object[] {
  const kept: object[] = [];
  let characters = 0;
  for (const { role, text, interrupted } of history.toReversed()) {
    if (role === 'tool') continue;
    characters += text.length;
    if (kept.length >= MAX_MESSAGES || characters > MAX_CHARACTERS) break;
    kept.unshift({ role, text, ...(interrupted ? { interrupted } : {}) });
  }
  return kept;
}

function messageIn(answer: string): string | undefined {
  try {
    const result = z.object({ message: z.string().trim().min(1).max(500) }).safeParse(JSON.parse(answer));
    return result.success ? result.data.message : undefined;
  } catch {
    return undefined;
  }
}

/** What a visitor is told when nobody could be informed. */
export function handoverApology(error: unknown): string {
  return VisavisError.from(error).retryable
    ? 'I am sorry, I cannot reach anyone right now. Please try again in a moment.'
    : 'I am sorry, I cannot reach anyone right now.';
}
