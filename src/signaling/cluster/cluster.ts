import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import type { Logger } from '../../log.js';
import type { ClientPort } from '../client-port.js';
import type { SessionDirectory } from '../directory.js';
import type { RedisStore } from '../store/redis-store.js';
import { RedisPeers } from './peers.js';
import { RelayedSockets, Relays } from './relay.js';

/** This gateway among those that share one Redis: what it asks of them, and what they ask of it. */
export class Cluster {
  readonly peers: RedisPeers;
  readonly relays: Relays;
  readonly #store: RedisStore;
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  #relayed: RelayedSockets | undefined;

  constructor({ store, gatewayId, logger }: { store: RedisStore; gatewayId: string; logger: Logger }) {
    this.#store = store;
    this.#logger = logger;
    this.#subscriber = store.openChannel();
    this.peers = new RedisPeers({ store, subscriber: this.#subscriber, gatewayId, logger });
    this.relays = new Relays({ peers: this.peers, gatewayId, store });
  }

  /** socket.io's adapter: events of this gateway reach sockets of the others. While Redis is away they are lost. */
  get adapter(): ReturnType<typeof createAdapter> {
    const publisher = {
      publish: (channel: string, message: string | Buffer) => this.#store.publish(channel, message),
      on: () => {},
    };
    return createAdapter(publisher, this.#subscriber, {
      key: 'visavis:socket.io',
      publishOnSpecificResponseChannel: true,
    });
  }

  /** From here on, what others ask is answered; `connect` serves their clients. */
  serve(o: { io: Server; directory: SessionDirectory; connect: (port: ClientPort) => void }): void {
    const relayed = new RelayedSockets({
      store: this.#store,
      connect: o.connect,
      logger: this.#logger,
      sockets: {
        emit: (socketId, name, payload) => void o.io.to(socketId).emit(name, payload),
        hangUp: (socketId, gateway) => {
          this.peers.ask(gateway, { type: 'hang-up', socketId }).catch(() => {
            // With a dead gateway its sockets are gone.
          });
        },
      },
    });
    this.#relayed = relayed;
    this.peers.answerWith(async (request) => {
      if (request.type === 'message') return relayed.deliver(request);
      if (request.type === 'hang-up') return this.relays.hangUp(request.socketId);
      if (request.type === 'socket-gone') return relayed.gone(request.socketId);
      return o.directory.carryOutHere(request);
    });
  }

  close(): void {
    this.relays.close();
    this.#relayed?.close();
    this.peers.close();
    this.#subscriber.disconnect();
  }
}
