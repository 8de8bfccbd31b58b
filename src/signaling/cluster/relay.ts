import type { Logger } from '../../log.js';
import type { ClientPort } from '../client-port.js';
import type { SessionStore } from '../store/session-store.js';
import type { RedisPeers, RelayedMessage } from './peers.js';

const LOOK_EVERY_MS = 1_000;

/** Sends what a client says to the gateway that has its session. */
export interface Relay {
  ask(name: string, payload: unknown): Promise<unknown>;
  /** The client is gone. */
  close(): void;
}

/**
 * This gateway's sockets whose sessions are at other gateways. When such a gateway dies its sockets are cut off, and their clients come
 * back by themselves.
 */
export class Relays {
  readonly #peers: RedisPeers;
  readonly #gatewayId: string;
  readonly #store: SessionStore;
  readonly #ports = new Map<ClientPort, string>();
  readonly #timer: NodeJS.Timeout;

  constructor(o: { peers: RedisPeers; gatewayId: string; store: SessionStore }) {
    this.#peers = o.peers;
    this.#gatewayId = o.gatewayId;
    this.#store = o.store;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  open(owner: string, port: ClientPort): Relay {
    this.#ports.set(port, owner);
    const { id: socketId, address } = port;
    return {
      ask: (name, payload) =>
        this.#peers.ask(owner, { type: 'message', socketId, gateway: this.#gatewayId, address, name, payload }),
      close: () => {
        this.#ports.delete(port);
        this.#peers.ask(owner, { type: 'socket-gone', socketId }).catch(() => {
          // It hears of it in any case when it is alive, and else has no use for it.
        });
      },
    };
  }

  /** The gateway that has its session hangs up; what it said before goes first. */
  hangUp(socketId: string): void {
    for (const port of this.#ports.keys()) if (port.id === socketId) setImmediate(() => port.disconnect());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    for (const owner of await deadAmong(this.#store, this.#ports.values())) {
      for (const [port, itsOwner] of this.#ports) if (itsOwner === owner) port.cut();
    }
  }
}

/** A socket at another gateway, as the connection that serves it here sees it. */
class RemotePort implements ClientPort {
  readonly id: string;
  readonly address: string;
  readonly gateway: string;
  readonly #send: RemoteSockets;
  #onMessage: ((name: unknown, values: unknown[]) => void) | undefined;
  #onGone: (() => void) | undefined;
  #connected = true;

  constructor({ socketId, address, gateway }: RelayedMessage, send: RemoteSockets) {
    this.id = socketId;
    this.address = address;
    this.gateway = gateway;
    this.#send = send;
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  emit(name: string, payload: unknown): void {
    if (this.#connected) this.#send.emit(this.id, name, payload);
  }

  disconnect(): void {
    if (!this.#connected) return;
    this.#send.hangUp(this.id, this.gateway);
    this.gone();
  }

  cut(): void {
    this.disconnect();
  }

  onMessage(handler: (name: unknown, values: unknown[]) => void): void {
    this.#onMessage = handler;
  }

  onGone(handler: () => void): void {
    this.#onGone = handler;
  }

  deliver(name: string, payload: unknown): Promise<unknown> {
    return new Promise((resolve) => this.#onMessage?.(name, [payload, resolve]));
  }

  gone(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#onGone?.();
  }
}

/** How a socket at another gateway is reached. */
export interface RemoteSockets {
  emit(socketId: string, name: string, payload: unknown): void;
  hangUp(socketId: string, gateway: string): void;
}

/** Other gateways' sockets whose sessions are here, each with a connection of its own, as if it had come here. */
export class RelayedSockets {
  readonly #sockets: RemoteSockets;
  readonly #store: SessionStore;
  readonly #connect: (port: ClientPort) => void;
  readonly #ports = new Map<string, RemotePort>();
  readonly #timer: NodeJS.Timeout;
  readonly #logger: Logger;

  /** `connect` serves the port from then on. */
  constructor(o: { sockets: RemoteSockets; store: SessionStore; connect: (port: ClientPort) => void; logger: Logger }) {
    this.#sockets = o.sockets;
    this.#store = o.store;
    this.#connect = o.connect;
    this.#logger = o.logger;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Resolves with the acknowledgement of the client's message. */
  deliver(message: RelayedMessage): Promise<unknown> {
    let port = this.#ports.get(message.socketId);
    if (port === undefined) {
      const { socketId } = message;
      port = new RemotePort(message, {
        emit: this.#sockets.emit,
        hangUp: (id, gateway) => {
          this.#ports.delete(id);
          this.#sockets.hangUp(id, gateway);
        },
      });
      this.#ports.set(socketId, port);
      this.#connect(port);
    }
    return port.deliver(message.name, message.payload);
  }

  gone(socketId: string): void {
    const port = this.#ports.get(socketId);
    this.#ports.delete(socketId);
    port?.gone();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const gateways = [...this.#ports.values()].map(({ gateway }) => gateway);
    for (const gateway of await deadAmong(this.#store, gateways)) {
      this.#logger.warn({ gateway }, 'another gateway died; its visitors keep their seats for a while');
      for (const port of [...this.#ports.values()]) if (port.gateway === gateway) this.gone(port.id);
    }
  }
}

/** Those of `gateways` that are known to be dead; none while the store does not answer. */
async function deadAmong(store: SessionStore, gateways: Iterable<string>): Promise<string[]> {
  const dead: string[] = [];
  try {
    for (const gateway of new Set(gateways)) if (!(await store.isAlive(gateway))) dead.push(gateway);
  } catch {
    return [];
  }
  return dead;
}
