import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the server does with one request. */
export type WebhookScript =
  | { kind: 'json'; value: unknown; status?: number; afterMs?: number }
  | { kind: 'text'; text: string; contentType?: string; status?: number }
  | { kind: 'redirect'; to: string; status: number }
  /** That many bytes of text; without `announced` no length is sent before them. */
  | { kind: 'large'; bytes: number; announced?: boolean }
  /** The socket is destroyed after the first half of the answer. */
  | { kind: 'break-off' }
  /** Accepted and never answered. */
  | { kind: 'hang' };

export interface WebhookRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the body is whatever the client sent
  body: any;
  /** The client hung up before the answer was complete. */
  aborted: boolean;
}

/** A real HTTP server on 127.0.0.1 that answers webhooks by script; the last script is repeated. */
export class WebhookServer {
  readonly requests: WebhookRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #scripts: WebhookScript[] = [{ kind: 'json', value: { ok: true } }];
  #waiting: { count: number; resolve: () => void }[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<WebhookServer> {
    const server = new WebhookServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  script(...scripts: WebhookScript[]): this {
    this.#scripts = scripts;
    return this;
  }

  /** Resolves once that many requests have come in. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    const record: WebhookRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      text,
      body: text.startsWith('{') ? JSON.parse(text) : undefined,
      aborted: false,
    };
    this.requests.push(record);
    response.on('close', () => {
      record.aborted = !response.writableFinished;
    });
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.requests.length >= count) resolve();
      return this.requests.length < count;
    });
    const script = this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0];
    if (script !== undefined) await play(script, response);
  }
}

async function play(script: WebhookScript, response: ServerResponse): Promise<void> {
  switch (script.kind) {
    case 'json':
      if (script.afterMs !== undefined) await new Promise((resolve) => setTimeout(resolve, script.afterMs));
      response.writeHead(script.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(script.value));
      break;
    case 'text':
      response.writeHead(script.status ?? 200, { 'content-type': script.contentType ?? 'text/plain; charset=utf-8' });
      response.end(script.text);
      break;
    case 'redirect':
      response.writeHead(script.status, { location: script.to });
      response.end();
      break;
    case 'large': {
      const length = script.announced === true ? { 'content-length': String(script.bytes) } : {};
      response.writeHead(200, { 'content-type': 'text/plain', ...length });
      const block = 'x'.repeat(64_000);
      for (let sent = 0; sent < script.bytes && !response.destroyed; sent += block.length) {
        const part = block.slice(0, script.bytes - sent);
        await new Promise<void>((resolve) => response.write(part, () => resolve()));
      }
      response.end();
      break;
    }
    case 'break-off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      await new Promise((resolve) => response.write('{"ok": tr', resolve));
      response.socket?.destroy();
      break;
    case 'hang':
      break;
  }
}
