import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { WebhookBody } from '../../src/signaling/webhooks/events.js';

/** What the receiver does with one webhook. */
export type Reaction =
  | { kind: 'answer'; status: number; headers?: Record<string, string>; afterMs?: number }
  /** Accepted and never answered. */
  | { kind: 'hang' }
  /** The socket is destroyed. */
  | { kind: 'break-off' };

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  event: WebhookBody;
}

/** A real HTTP server on 127.0.0.1 that receives webhooks. Each takes the next reaction of the queue, else `otherwise` decides. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  otherwise: (received: Received) => Reaction = () => ({ kind: 'answer', status: 204 });
  /** Requests that are being answered now, and the most there ever were. */
  open = 0;
  mostOpen = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #queue: Reaction[] = [];

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString('utf8');
      const received: Received = {
        ...{ path: request.url ?? '', headers: request.headers, text },
        event: text === '' ? undefined : JSON.parse(text),
      };
      this.received.push(received);
      this.mostOpen = Math.max(this.mostOpen, ++this.open);
      response.on('close', () => this.open--);
      const reaction = this.#queue.shift() ?? this.otherwise(received);
      if (reaction.kind === 'break-off') request.socket.destroy();
      if (reaction.kind !== 'answer') return;
      if (reaction.afterMs !== undefined) await new Promise((resolve) => setTimeout(resolve, reaction.afterMs));
      response.writeHead(reaction.status, reaction.headers).end('received');
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  react(...reactions: Reaction[]): void {
    this.#queue.push(...reactions);
  }

  get events(): WebhookBody[] {
    return this.received.map(({ event }) => event);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
