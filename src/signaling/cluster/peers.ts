import type { Redis } from 'ioredis';
import { type ErrorBody, VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Peers, SessionRequest } from '../directory.js';
import type { RedisStore } from '../store/redis-store.js';

/** A client's message that reached another gateway than the one that has its session. */
export interface RelayedMessage {
  type: 'message';
  /** Id of the client's socket, unique among all gateways. */
  socketId: string;
  /** The gateway that has the socket. */
  gateway: string;
  /** The client's address, for limits. */
  address: string;
  name: string;
  payload: unknown;
}

export type PeerRequest =
  | SessionRequest
  | RelayedMessage
  /** A client that was relayed is gone. */
  | { type: 'socket-gone'; socketId: string }
  /** A client that is relayed is to go. */
  | { type: 'hang-up'; socketId: string };

type Envelope =
  | { kind: 'request'; id: number; from: string; request: PeerRequest }
  | { kind: 'answer'; id: number; value?: unknown; error?: ErrorBody };

const ANSWER_LIMIT_MS = 8_000;
const MAX_PENDING = 2_000;
/** Requests of all others that are carried out here at once. */
const MAX_SERVING = 500;

const inboxOf = (gatewayId: string) => `visavis:inbox:${gatewayId}`;

/** Requests and answers among the gateways that share one Redis, each with a limit on its time. */
export class RedisPeers implements Peers {
  readonly #store: RedisStore;
  readonly #gatewayId: string;
  readonly #logger: Logger;
  readonly #pending = new Map<number, { settle: (answer: Extract<Envelope, { kind: 'answer' }>) => void }>();
  #serve: ((request: PeerRequest) => Promise<unknown>) | undefined;
  #serving = 0;
  #nextId = 1;

  /** `subscriber`: a connection in subscriber mode, which others may share. */
  constructor(o: { store: RedisStore; subscriber: Redis; gatewayId: string; logger: Logger }) {
    this.#store = o.store;
    this.#gatewayId = o.gatewayId;
    this.#logger = o.logger;
    const inbox = inboxOf(o.gatewayId);
    o.subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      if (channel.toString() === inbox) this.#handle(message);
    });
    o.subscriber.subscribe(inbox).catch((error: unknown) => {
      this.#logger.error({ err: error }, 'no messages of other gateways can be received');
    });
  }

  /** Who carries out what others ask; errors travel back to them. */
  answerWith(serve: (request: PeerRequest) => Promise<unknown>): void {
    this.#serve = serve;
  }

  ask(gatewayId: string, request: PeerRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (message: string) => reject(new VisavisError('unavailable', message));
      if (this.#pending.size >= MAX_PENDING) return fail('too many requests wait for other gateways');
      const id = this.#nextId++;
      const end = () => {
        clearTimeout(limit);
        this.#pending.delete(id);
      };
      const limit = setTimeout(() => {
        end();
        fail('the gateway of this session gives no answer');
      }, ANSWER_LIMIT_MS);
      this.#pending.set(id, {
        settle: ({ value, error }) => {
          end();
          if (error === undefined) resolve(value);
          else reject(VisavisError.fromBody(error));
        },
      });
      void this.#send(gatewayId, { kind: 'request', id, from: this.#gatewayId, request }).then((isReceived) => {
        if (isReceived || !this.#pending.has(id)) return;
        end();
        fail('the gateway of this session is gone; try again');
      });
    });
  }

  close(): void {
    for (const [id, { settle }] of this.#pending) {
      const error = new VisavisError('unavailable', 'the service is shutting down').toBody();
      settle({ kind: 'answer', id, error });
    }
  }

  #handle(message: Buffer): void {
    let envelope: Envelope;
    try {
      envelope = JSON.parse(message.toString()) as Envelope;
    } catch {
      this.#logger.warn('a message of another gateway cannot be read');
      return;
    }
    if (envelope.kind === 'answer') this.#pending.get(envelope.id)?.settle(envelope);
    else void this.#answer(envelope);
  }

  async #answer({ id, from, request }: Extract<Envelope, { kind: 'request' }>): Promise<void> {
    const answer: Extract<Envelope, { kind: 'answer' }> = { kind: 'answer', id };
    try {
      if (this.#serve === undefined) throw new VisavisError('unavailable', 'the gateway of this session is starting');
      if (this.#serving >= MAX_SERVING) throw new VisavisError('too-many-requests', 'the gateway is busy');
      this.#serving++;
      try {
        answer.value = await this.#serve(request);
      } finally {
        this.#serving--;
      }
    } catch (thrown) {
      const error = VisavisError.from(thrown);
      if (error.code === 'internal')
        this.#logger.error({ err: thrown, type: request.type }, 'request of a gateway failed');
      answer.error = error.toPublicBody();
    }
    await this.#send(from, answer);
  }

  /** False when nobody received it. */
  async #send(gatewayId: string, envelope: Envelope): Promise<boolean> {
    return (await this.#store.publish(inboxOf(gatewayId), JSON.stringify(envelope))) > 0;
  }
}
