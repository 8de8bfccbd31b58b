import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModerationStandIn, moderate } from './openai-moderation.js';
import { TranscriptionStandIn } from './openai-transcription.js';
import { VoiceStandIn } from './openai-voice.js';

/** What the server does with one chat request. Token counts are those of `tokensOf`. */
export type Script =
  | { kind: 'reply'; text: string; firstTokenMs?: number; tokenMs?: number; finishReason?: 'stop' | 'length' }
  /** An HTTP error in OpenAI's JSON shape. */
  | { kind: 'error'; status: number; message?: string; retryAfterS?: number }
  /** The socket is destroyed after that many tokens. */
  | { kind: 'break-off'; text: string; afterTokens: number }
  /** The response ends properly after that many tokens, but without a finish reason or `[DONE]`. */
  | { kind: 'end-early'; text: string; afterTokens: number }
  /** Nothing more comes after that many tokens, and the socket stays open. */
  | { kind: 'stall'; text: string; afterTokens: number }
  /** A `data:` line that is not JSON after that many tokens. */
  | { kind: 'malformed'; text: string; afterTokens: number }
  /** An error object inside the stream after that many tokens. */
  | { kind: 'error-event'; text: string; afterTokens: number }
  /** The request is accepted and never answered. */
  | { kind: 'dead' }
  /**
   * Calls of functions, after `text` where there is some. `pieces`: into how many each call's arguments are cut (OpenAI's way); 0: every
   * call whole in one chunk, all with index 0 and finish reason `stop`, as some local servers do it.
   */
  | { kind: 'tool-calls'; text?: string; calls: { name: string; arguments: string }[]; pieces?: number }
  /** The bytes as they are, as a server-sent event stream. */
  | { kind: 'raw'; stream: string };

export interface RecordedRequest {
  path: string;
  authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the body is whatever the client sent
  body: any;
  /** Tokens written so far. */
  tokens: number;
  /** The client hung up before the reply was complete. */
  aborted: boolean;
}

const MAX_BODY_BYTES = 4_000_000;

/** Words with the space in front of them, roughly as a language model's tokens come. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/gu) ?? [];
}

/**
 * A stand-in for an OpenAI-compatible server: speaks the real streaming protocol of `/v1/chat/completions` (server-sent events,
 * `[DONE]`, usage) and `/v1/models`. Each request takes the next script of the queue, else `otherwise` decides.
 */
export class OpenAiServer {
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scripts: Script[] = [];
  readonly #apiKey: string | undefined;
  readonly #closing = new AbortController();
  otherwise: (lastUserText: string) => Script = (text) => ({
    kind: 'reply',
    text: `I heard you say: ${text.replace(/[.?!]+$/u, '')}.`,
  });
  readonly moderation = new ModerationStandIn();
  readonly transcription = new TranscriptionStandIn();
  readonly voice = new VoiceStandIn();
  #calls = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  private constructor(apiKey: string | undefined) {
    this.#apiKey = apiKey;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Listens on 127.0.0.1. With `apiKey`, any other key is answered with 401. */
  static async start(o: { port?: number; apiKey?: string } = {}): Promise<OpenAiServer> {
    const standIn = new OpenAiServer(o.apiKey);
    await new Promise<void>((resolve, reject) => {
      standIn.#server.once('error', reject);
      standIn.#server.listen(o.port ?? 0, '127.0.0.1', resolve);
    });
    return standIn;
  }

  /** The base URL that clients take, with `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  script(...scripts: Script[]): this {
    this.#scripts.push(...scripts);
    return this;
  }

  /** Resolves once that many requests have come in. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const { authorization } = request.headers;
    const isKnown = this.#apiKey === undefined || authorization === `Bearer ${this.#apiKey}`;
    if (path === '/v1/audio/transcriptions' && isKnown) return this.transcription.answer(request, response);
    const body = isJson(request) ? await readJson(request) : void request.resume();
    if (path === '/_script' && request.method === 'POST') {
      this.script(...(Array.isArray(body) ? body : [body]));
      json(response, 200, { queued: this.#scripts.length });
      return;
    }
    if (path === '/_requests') {
      json(response, 200, this.requests);
      return;
    }
    if (!isKnown) {
      const shown = (authorization ?? '').replace('Bearer ', '');
      json(
        response,
        401,
        errorBody(`Incorrect API key provided: ${shown}.`, 'invalid_request_error', 'invalid_api_key'),
      );
      return;
    }
    if (path === '/v1/models' && request.method === 'GET') {
      json(response, 200, {
        object: 'list',
        data: [{ id: 'stand-in', object: 'model', created: 1_700_000_000, owned_by: 'visavis' }],
      });
      return;
    }
    if (path === '/v1/audio/speech' && request.method === 'POST') return this.voice.answer(body, response);
    if (path === '/v1/moderations' && request.method === 'POST') {
      await moderate(this.moderation, body, response);
      return;
    }
    if (path !== '/v1/chat/completions' || request.method !== 'POST') {
      json(
        response,
        404,
        errorBody(`Unknown request URL: ${request.method} ${path}.`, 'invalid_request_error', 'unknown_url'),
      );
      return;
    }
    const record: RecordedRequest = { path, authorization, body, tokens: 0, aborted: false };
    this.requests.push(record);
    response.on('close', () => {
      record.aborted ||= !response.writableFinished;
    });
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.requests.length >= count) resolve();
      return this.requests.length < count;
    });
    const users = (record.body?.messages ?? []).filter((message: { role: string }) => message.role === 'user');
    await this.#play(this.#scripts.shift() ?? this.otherwise(String(users.at(-1)?.content ?? '')), record, response);
  }

  async #play(script: Script, record: RecordedRequest, response: ServerResponse): Promise<void> {
    if (script.kind === 'dead') return;
    if (script.kind === 'error') {
      if (script.retryAfterS !== undefined) response.setHeader('retry-after', String(script.retryAfterS));
      json(
        response,
        script.status,
        errorBody(script.message ?? `Scripted error ${script.status}.`, 'server_error', null),
      );
      return;
    }
    const { body } = record;
    if (body?.stream !== true) {
      const text = script.kind === 'raw' ? null : (script.text ?? null);
      const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
      json(response, 200, {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: now(),
        model: body?.model,
        choices: [choice],
      });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    const id = `chatcmpl-${this.requests.length}`;
    const chunk = (delta: object, finishReason: string | null = null, extra: object = {}): void => {
      const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
      const value = { id, object: 'chat.completion.chunk', created: now(), model: body.model, choices, ...extra };
      response.write(`data: ${JSON.stringify(value)}\n\n`);
    };
    if (script.kind === 'reply') await this.#pause(script.firstTokenMs ?? 0);
    chunk({ role: 'assistant', content: '' });
    if (script.kind === 'raw') {
      response.end(script.stream);
      return;
    }
    if (script.kind === 'tool-calls') {
      for (const token of tokensOf(script.text ?? '')) chunk({ content: token });
      this.#sendCalls(script, chunk);
      response.end('data: [DONE]\n\n');
      return;
    }
    const tokens = tokensOf(script.text);
    const limit = script.kind === 'reply' ? tokens.length : Math.min(tokens.length, script.afterTokens);
    for (const [i, token] of tokens.slice(0, limit).entries()) {
      if (script.kind === 'reply' && i > 0) await this.#pause(script.tokenMs ?? 0);
      if (response.destroyed) return;
      chunk({ content: token });
      record.tokens += 1;
    }
    switch (script.kind) {
      case 'break-off':
        // What was written must have left before the connection is reset.
        await new Promise((resolve) => response.write(': \n\n', resolve));
        response.socket?.destroy();
        return;
      case 'end-early':
        response.end();
        return;
      case 'stall':
        return;
      case 'malformed':
        response.end('data: {"id": "chatcmpl-1", "choices": [{"delta": {"conte\n\n');
        return;
      case 'error-event':
        response.end(`data: ${JSON.stringify(errorBody('The server had an error.', 'server_error', null))}\n\n`);
        return;
      case 'reply':
        chunk({}, script.finishReason ?? 'stop');
        if (body.stream_options?.include_usage === true) {
          const usage = { prompt_tokens: 1, completion_tokens: tokens.length, total_tokens: tokens.length + 1 };
          response.write(
            `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: now(), model: body.model, choices: [], usage })}\n\n`,
          );
        }
        response.end('data: [DONE]\n\n');
    }
  }

  #sendCalls(
    { calls, pieces = 3 }: Script & { kind: 'tool-calls' },
    chunk: (delta: object, end?: string) => void,
  ): void {
    this.#calls += calls.length;
    const first = this.#calls - calls.length;
    for (const [index, call] of calls.entries()) {
      const id = `call_${first + index + 1}`;
      const whole = { name: call.name, arguments: call.arguments };
      if (pieces === 0) {
        chunk({ tool_calls: [{ index: 0, id, type: 'function', function: whole }] });
        continue;
      }
      chunk({ tool_calls: [{ index, id, type: 'function', function: { ...whole, arguments: '' } }] });
      const size = Math.max(1, Math.ceil(call.arguments.length / pieces));
      for (let at = 0; at < call.arguments.length; at += size) {
        chunk({ tool_calls: [{ index, function: { arguments: call.arguments.slice(at, at + size) } }] });
      }
    }
    chunk({}, pieces === 0 ? 'stop' : 'tool_calls');
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#closing.signal });
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

function errorBody(message: string, type: string, code: string | null): object {
  return { error: { message, type, param: null, code } };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function isJson(request: IncomingMessage): boolean {
  return !(request.headers['content-type'] ?? '').startsWith('multipart/');
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the request is too large');
    parts.push(part as Buffer);
  }
  return bytes === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString('utf8'));
}
