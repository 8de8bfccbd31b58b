import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { ClientSession } from './client-session.js';
import type { SpeechEngines } from './engines.js';
import { encodeFrame, FrameDecoder } from './framing.js';
import type { ServerMessage } from './protocol.js';

const MAX_CLIENTS = 32;
/** A client that does not read its answers is cut off when this much waits for it. */
const MAX_UNSENT_BYTES = 32 << 20;

/**
 * The speech worker's Unix socket. Only the owner of the process may connect. A client that breaks the protocol, or does
 * not read, loses its connection; nothing that a client sends ends the process.
 */
export class SpeechServer {
  readonly #server: Server;
  readonly #socketPath: string;
  readonly #engines: SpeechEngines;
  readonly #log: Logger;
  readonly #sockets = new Set<Socket>();
  #clients = 0;

  private constructor(o: { socketPath: string; engines: SpeechEngines; log: Logger }) {
    this.#socketPath = o.socketPath;
    this.#engines = o.engines;
    this.#log = o.log;
    this.#server = createServer((socket) => this.#handleSocket(socket));
    o.engines.onSynthesiserLoaded(() => {
      for (const socket of this.#sockets) this.#send(socket, this.#synthesisers());
    });
  }

  /** Resolves when clients can connect. A socket left behind at that path by a dead process is replaced. */
  static async listen(o: { socketPath: string; engines: SpeechEngines; log: Logger }): Promise<SpeechServer> {
    const server = new SpeechServer(o);
    rmSync(o.socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(o.socketPath, resolve);
    });
    chmodSync(o.socketPath, 0o600);
    return server;
  }

  get clientCount(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    rmSync(this.#socketPath, { force: true });
  }

  #handleSocket(socket: Socket): void {
    if (this.#sockets.size >= MAX_CLIENTS) {
      this.#log.warn({ clients: MAX_CLIENTS }, 'too many clients, connection refused');
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#clients += 1;
    const owner = `client ${this.#clients}`;
    const decoder = new FrameDecoder();
    const session = new ClientSession({
      owner,
      engines: this.#engines,
      send: (message) => this.#send(socket, message),
    });
    socket.on('data', (bytes) => {
      try {
        for (const message of decoder.push(bytes)) session.handle(message);
      } catch (thrown) {
        const { message, field } = VisavisError.from(thrown);
        this.#log.warn({ owner, reason: message, field }, 'client broke the protocol, connection closed');
        socket.destroy();
      }
    });
    socket.on('error', (error) => this.#log.debug({ owner, reason: error.message }, 'client connection failed'));
    socket.on('close', () => {
      session.close();
      this.#sockets.delete(socket);
    });
    this.#send(socket, this.#synthesisers());
  }

  #synthesisers(): ServerMessage {
    return { type: 'synthesisers', loaded: this.#engines.synthesisers };
  }

  #send(socket: Socket, message: ServerMessage): void {
    if (socket.destroyed) return;
    if (socket.writableLength > MAX_UNSENT_BYTES) {
      this.#log.warn({ unsentBytes: socket.writableLength }, 'client does not read, connection closed');
      socket.destroy();
      return;
    }
    socket.write(encodeFrame(message));
  }
}
