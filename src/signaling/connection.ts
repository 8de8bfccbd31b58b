import type { Socket } from 'socket.io';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics/metrics.js';
import type { AccessLimits } from './access-limits.js';
import type { TrustedProxies } from './client-address.js';
import type { SessionDirectory } from './directory.js';
import {
  type Ack,
  type Answers,
  type ClientMessage,
  type ClientMessageName,
  type ClientToServer,
  clientMessages,
  type ServerToClient,
} from './messages.js';
import { TokenBucket } from './rate-limit.js';
import type { SessionRegistry } from './registry.js';
import type { Session } from './session.js';
import { describeType, parseInput } from './validate.js';
import type { Viewer } from './viewer.js';

export type ClientSocket = Socket<ClientToServer, ServerToClient>;

export interface ConnectionServices {
  registry: SessionRegistry;
  directory: SessionDirectory;
  proxies: TrustedProxies;
  limits: AccessLimits;
  metrics: Metrics;
  logger: Logger;
}

type Handlers = {
  [K in ClientMessageName]: (payload: ClientMessage<K>) => Answers[K] | Promise<Answers[K]>;
};

const MESSAGES = { burst: 40, perSecond: 20 };
/** `say` and `ask`: each one makes the avatar work. */
const REQUESTS = { burst: 6, perSecond: 1 };
/** A client that goes on after this many refusals is disconnected. */
const MAX_REFUSALS = 200;
/** Messages that wait for an earlier one of the same socket. */
const MAX_WAITING = 32;
/** A socket may be opened while its session is still being created. */
const JOIN_WITHIN_MS = 30_000;
/** These wait for nothing: `leave` must be done before the hang-up that often follows it at once. */
const AT_ONCE: ReadonlySet<string> = new Set<ClientMessageName>(['say', 'ask', 'interrupt', 'leave']);

/** One socket: checks each message, carries it out and acknowledges it. Messages that change media are carried out in order. */
export class Connection {
  readonly #socket: ClientSocket;
  readonly #services: ConnectionServices;
  readonly #messages = new TokenBucket(MESSAGES.burst, MESSAGES.perSecond, performance.now());
  readonly #requests = new TokenBucket(REQUESTS.burst, REQUESTS.perSecond, performance.now());
  readonly #joinTimer: NodeJS.Timeout;
  readonly #address: string;
  #seat: { session: Session; viewer: Viewer } | undefined;
  #refusals = 0;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(socket: ClientSocket, services: ConnectionServices) {
    this.#socket = socket;
    this.#services = services;
    this.#address = services.proxies.clientOf(socket.request).address;
    this.#joinTimer = setTimeout(() => socket.disconnect(true), JOIN_WITHIN_MS);
    socket.onAny((name: unknown, ...values: unknown[]) => void this.#handleMessage(name, values));
    socket.once('disconnect', () => this.#handleDisconnect());
  }

  async #handleMessage(name: unknown, values: unknown[]): Promise<void> {
    const last = values.at(-1);
    const ack = typeof last === 'function' ? (last as (answer: Ack<unknown>) => void) : undefined;
    const payload = values[0] === last && ack !== undefined ? undefined : values[0];
    try {
      const data = await this.#carryOut(name, payload);
      ack?.({ ok: true, data });
    } catch (thrown) {
      this.#answerError(name, VisavisError.from(thrown), ack);
    }
  }

  #answerError(name: unknown, error: VisavisError, ack: ((answer: Ack<never>) => void) | undefined): void {
    const { metrics, logger } = this.#services;
    metrics.errors.inc({ code: error.code });
    if (error.code === 'internal')
      logger.error({ err: error, messageName: String(name).slice(0, 40) }, 'message failed');
    // What went wrong inside is for the log, not for the client.
    const body = error.code === 'internal' ? { ...error.toBody(), message: 'internal error' } : error.toBody();
    if (ack === undefined) this.#socket.emit('session-error', body);
    else ack({ ok: false, error: body });
  }

  async #carryOut(name: unknown, payload: unknown): Promise<unknown> {
    this.#limit(this.#messages);
    if (typeof name !== 'string' || !Object.hasOwn(clientMessages, name)) {
      const what = typeof name === 'string' ? `"${name.slice(0, 40)}"` : describeType(name);
      const expected = Object.keys(clientMessages).join(', ');
      throw new VisavisError('bad-request', `unknown message ${what}; expected one of ${expected}`);
    }
    const known = name as ClientMessageName;
    if (known === 'say' || known === 'ask') this.#limit(this.#requests);
    const handler = this.#handlers[known] as (payload: unknown) => unknown;
    const checked: unknown = parseInput<unknown>(clientMessages[known], payload);
    if (AT_ONCE.has(known)) return handler(checked);
    return this.#inOrder(() => handler(checked));
  }

  #limit(bucket: TokenBucket): void {
    if (bucket.take(performance.now())) return;
    this.#services.metrics.rejectedMessages.inc();
    if (++this.#refusals > MAX_REFUSALS) this.#socket.disconnect(true);
    throw new VisavisError('too-many-requests', 'too many messages; wait a moment');
  }

  #inOrder<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) throw new VisavisError('too-many-requests', 'too many messages are waiting');
    this.#waiting++;
    const result = this.#last.then(work).finally(() => {
      this.#waiting--;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  get #joined(): { session: Session; viewer: Viewer } {
    if (this.#seat === undefined) throw new VisavisError('conflict', 'join a session first');
    return this.#seat;
  }

  readonly #handlers: Handlers = {
    join: async ({ token, ...resumption }) => {
      if (this.#seat !== undefined) throw new VisavisError('conflict', 'this connection has already joined a session');
      const { limits, registry, directory } = this.#services;
      const { session, viewer, answer } = await limits.join(this.#address, async () => {
        const elsewhere = await directory.locate(token);
        if (elsewhere !== undefined) throw new VisavisError('unavailable', 'this session is at another gateway');
        return registry.join(token);
      });
      const mediaKept = viewer.attach(
        (name, payload) => (this.#socket.emit as (name: string, payload: unknown) => boolean)(name, payload),
        () => this.#release(),
        resumption,
      );
      this.#seat = { session, viewer };
      clearTimeout(this.#joinTimer);
      if (!this.#socket.connected) this.#handleDisconnect();
      return { ...answer, mediaKept };
    },
    'create-transport': ({ direction }) => this.#joined.viewer.createTransport(direction),
    'connect-transport': async ({ transportId, dtlsParameters }) => {
      await this.#joined.viewer.connectTransport(transportId, dtlsParameters);
      return {};
    },
    'restart-ice': ({ transportId }) => this.#joined.viewer.restartIce(transportId),
    produce: async ({ transportId, rtpParameters }) => ({
      producerId: await this.#joined.viewer.produce(transportId, rtpParameters),
    }),
    consume: async ({ transportId, rtpCapabilities }) => ({
      consumers: await this.#joined.viewer.consume(transportId, rtpCapabilities),
    }),
    resume: async () => {
      await this.#joined.viewer.resume();
      return {};
    },
    'set-microphone': async ({ enabled }) => {
      await this.#joined.viewer.setMicrophone(enabled);
      return {};
    },
    say: async ({ text }) => {
      await this.#joined.session.say(text);
      return {};
    },
    ask: async ({ text }) => {
      const { session, viewer } = this.#joined;
      await session.ask(viewer, text);
      return {};
    },
    interrupt: async () => {
      await this.#joined.session.interrupt();
      return {};
    },
    leave: () => {
      const { session, viewer } = this.#joined;
      this.#seat = undefined;
      this.#socket.emit('closed', { reason: 'left' });
      viewer.detach();
      session.leave(viewer);
      setImmediate(() => this.#socket.disconnect(true));
      return {};
    },
  };

  /** The seat is taken by another connection, or the session is over. */
  #release(): void {
    this.#seat = undefined;
    setImmediate(() => this.#socket.disconnect(true));
  }

  #handleDisconnect(): void {
    clearTimeout(this.#joinTimer);
    const seat = this.#seat;
    this.#seat = undefined;
    seat?.session.suspend(seat.viewer);
  }
}
