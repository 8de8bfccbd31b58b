import type { Socket } from 'socket.io';
import type { ClientToServer, ServerToClient } from './messages.js';

/** A client's end of its connection, wherever its socket is. */
export interface ClientPort {
  /** Unique among all gateways. */
  readonly id: string;
  /** The client's address. */
  readonly address: string;
  readonly isConnected: boolean;
  emit(name: string, payload: unknown): void;
  /** Hangs up: the client does not come back by itself. */
  disconnect(): void;
  /** Breaks the connection: the client comes back by itself. */
  cut(): void;
  /** `values`: the payload, and last a function where an acknowledgement is wanted. */
  onMessage(handler: (name: unknown, values: unknown[]) => void): void;
  onGone(handler: () => void): void;
}

/** A socket of this gateway. */
export class SocketPort implements ClientPort {
  readonly address: string;
  readonly #socket: Socket<ClientToServer, ServerToClient>;

  constructor(socket: Socket<ClientToServer, ServerToClient>, address: string) {
    this.#socket = socket;
    this.address = address;
  }

  get id(): string {
    return this.#socket.id;
  }

  get isConnected(): boolean {
    return this.#socket.connected;
  }

  emit(name: string, payload: unknown): void {
    (this.#socket.emit as (name: string, payload: unknown) => boolean)(name, payload);
  }

  disconnect(): void {
    this.#socket.disconnect(true);
  }

  cut(): void {
    this.#socket.conn.close();
  }

  onMessage(handler: (name: unknown, values: unknown[]) => void): void {
    this.#socket.onAny((name: unknown, ...values: unknown[]) => handler(name, values));
  }

  onGone(handler: () => void): void {
    this.#socket.once('disconnect', handler);
  }
}
