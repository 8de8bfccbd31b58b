import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import { SIGNATURE_HEADER, signatureOf } from '../../webhook-signature.js';
import type { GuardedHttp, GuardedResponse } from './guarded-http.js';
import { checkToolName, type ParameterSchema, parseArguments, type Tool, type ToolEffect } from './tool.js';

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;
/** Of a refusal's own words. */
const MAX_REFUSAL_CHARACTERS = 1_000;

export interface WebhookDefinition {
  name: string;
  description: string;
  url: string;
  /** JSON schema of an object. */
  parameters: ParameterSchema;
  effect: ToolEffect;
  confirm?: boolean;
  timeoutMs?: number;
  filler?: string;
  /** Signs the body, see `signatureOf`. */
  secret?: string;
  headers?: Readonly<Record<string, string>>;
}

export interface WebhookCall {
  http: GuardedHttp;
  url: string;
  body: unknown;
  secret?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  timeoutMs?: number | undefined;
  signal: AbortSignal;
  /** Seconds since 1970. */
  nowS?: number;
}

/**
 * A tool that is an HTTP address: POST of `{ tool, callId, sessionId, arguments, variables }` as JSON; the answer is JSON or plain text.
 * The variables come from whoever opened the session, so the receiver may rely on them; the arguments come from what was said.
 * Throws `bad-request` or `forbidden` when the definition is not usable.
 */
export function webhookTool(definition: WebhookDefinition, http: GuardedHttp): Tool {
  const {
    name,
    description,
    url,
    effect,
    confirm,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    filler,
    secret,
    headers,
  } = definition;
  checkToolName(name);
  http.check(url);
  const parameters = { ...definition.parameters, type: 'object' as const };
  const check = checkerOf(parameters);
  return {
    name,
    description,
    parameters,
    effect,
    ...(confirm === undefined ? {} : { confirm }),
    ...(filler === undefined ? {} : { filler }),
    // The request's own limit comes first, and says more.
    timeoutMs: timeoutMs + 500,
    async run(args, { signal, callId, sessionId, variables }) {
      const body = { tool: name, callId, sessionId, arguments: parseArguments(check, args), variables };
      return answerText(await postSigned({ http, url, body, secret, headers, timeoutMs, signal }));
    },
  };
}

/** A signed POST of JSON; rejects as `GuardedHttp.request` does. */
export function postSigned(o: WebhookCall): Promise<GuardedResponse> {
  const body = JSON.stringify(o.body);
  const nowS = o.nowS ?? Math.floor(Date.now() / 1000);
  const signature: Record<string, string> =
    o.secret === undefined ? {} : { [SIGNATURE_HEADER]: signatureOf(body, o.secret, nowS) };
  return o.http.request({
    method: 'POST',
    url: o.url,
    body,
    headers: { ...o.headers, ...signature },
    timeoutMs: o.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
    signal: o.signal,
  });
}

/** What the model is told; throws `upstream-failed` for errors and for what is neither JSON nor plain text. */
export function answerText({ status, contentType, body }: GuardedResponse): string {
  const isJson = /^application\/(?:[\w.-]+\+)?json$/.test(contentType);
  const isText = contentType === 'text/plain' || (contentType === '' && body.length === 0);
  const text = isJson || isText ? body.toString('utf8').trim() : '';
  if (status >= 400) {
    // A refusal's own words help ("no such order"); a server's failure says nothing to a visitor.
    const words = status < 500 && text !== '' ? `: ${text.slice(0, MAX_REFUSAL_CHARACTERS)}` : '';
    throw new VisavisError('upstream-failed', `the server answered with status ${status}${words}`);
  }
  if (status >= 300) throw new VisavisError('upstream-failed', `the server answered with status ${status}`);
  if (!isJson && !isText) {
    const what = contentType === 'text/html' ? 'a web page' : contentType.slice(0, 60) || 'something without a type';
    throw new VisavisError('upstream-failed', `the server answered with ${what} where JSON was expected`);
  }
  if (isJson) {
    try {
      JSON.parse(text);
    } catch (cause) {
      throw new VisavisError('upstream-failed', 'the server answered with malformed JSON', { cause });
    }
  }
  return text;
}

function checkerOf(parameters: ParameterSchema): z.ZodType {
  try {
    return z.fromJSONSchema(parameters as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'not understood';
    throw new VisavisError('bad-request', `expected a JSON schema: ${message}`, { field: 'parameters', cause });
  }
}
