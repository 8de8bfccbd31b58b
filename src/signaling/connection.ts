import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics/metrics.js';
import type { AccessLimits } from './access-limits.js';
import type { ClientPort } from './client-port.js';
import type { Relay, Relays } from './cluster/relay.js';
import type { SessionDirectory } from './directory.js';
import {
  type Ack,
  type Answers,
  type ClientMessage,
  type ClientMessageName,
  clientMessages,
  type JoinAnswer,
} from './messages.js';
import { TokenBucket } from './rate-limit.js';
import type { SessionRegistry } from './registry.js';
import type { Session } from './session.js';
import { requirePushToTalk } from './session-options.js';
import { describeType, parseInput } from './validate.js';
import type { Viewer } from './viewer.js';

export interface ConnectionServices {
  registry: SessionRegistry;
  directory: SessionDirectory;
  /** Undefined: this gateway is the only one. */
  relays?: Relays | undefined;
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
const AT_ONCE: ReadonlySet<string> = new Set<ClientMessageName>(['say', 'ask', 'interrupt', 'push-to-talk', 'leave']);

/** One client: checks each message, carries it out and acknowledges it. Messages that change media are carried out in order. */
export class Connection {
  readonly #port: ClientPort;
  readonly #services: ConnectionServices;
  readonly #messages = new TokenBucket(MESSAGES.burst, MESSAGES.perSecond, performance.now());
  readonly #requests = new TokenBucket(REQUESTS.burst, REQUESTS.perSecond, performance.now());
  readonly #joinTimer: NodeJS.Timeout;
  #seat: { session: Session; viewer: Viewer } | undefined;
  /** The session that was joined is at another gateway. */
  #relay: Relay | undefined;
  #refusals = 0;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(port: ClientPort, services: ConnectionServices) {
    this.#port = port;
    this.#services = services;
    this.#joinTimer = setTimeout(() => port.disconnect(), JOIN_WITHIN_MS);
    port.onMessage((name, values) => void this.#handleMessage(name, values));
    port.onGone(() => this.#handleDisconnect());
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
    const body = error.toPublicBody();
    if (ack === undefined) this.#port.emit('session-error', body);
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
    if (this.#relay !== undefined && known !== 'join') return this.#askElsewhere(this.#relay, known, checked);
    if (AT_ONCE.has(known)) return handler(checked);
    return this.#inOrder(() => handler(checked));
  }

  #limit(bucket: TokenBucket): void {
    if (bucket.take(performance.now())) return;
    this.#services.metrics.rejectedMessages.inc();
    if (++this.#refusals > MAX_REFUSALS) this.#port.disconnect();
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
      if (this.#seat !== undefined || this.#relay !== undefined)
        throw new VisavisError('conflict', 'this connection has already joined a session');
      const { limits, registry, directory } = this.#services;
      const joined = await limits.join(this.#port.address, async () => {
        const owner = await directory.locate(token);
        return owner === undefined ? registry.join(token) : this.#joinElsewhere(owner, { token, ...resumption });
      });
      clearTimeout(this.#joinTimer);
      if (!('session' in joined)) return joined;
      const { session, viewer, answer } = joined;
      const mediaKept = viewer.attach(
        (name, payload) => this.#port.emit(name, payload),
        () => this.#release(),
        resumption,
      );
      this.#seat = { session, viewer };
      if (!this.#port.isConnected) this.#handleDisconnect();
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
    'push-to-talk': ({ pressed }) => {
      const { session, viewer } = this.#joined;
      requirePushToTalk(session.options.conversation);
      session.talk(viewer, pressed);
      return {};
    },
    leave: () => {
      const { session, viewer } = this.#joined;
      this.#seat = undefined;
      this.#port.emit('closed', { reason: 'left' });
      viewer.detach();
      session.leave(viewer);
      setImmediate(() => this.#port.disconnect());
      return {};
    },
  };

  async #joinElsewhere(owner: string, payload: ClientMessage<'join'>): Promise<JoinAnswer> {
    const relay = this.#services.relays?.open(owner, this.#port);
    if (relay === undefined) throw new VisavisError('unavailable', 'the gateway of this session cannot be reached');
    try {
      const answer = (await this.#askElsewhere(relay, 'join', payload)) as JoinAnswer;
      this.#relay = relay;
      if (!this.#port.isConnected) this.#handleDisconnect();
      return answer;
    } catch (thrown) {
      relay.close();
      throw thrown;
    }
  }

  async #askElsewhere(relay: Relay, name: ClientMessageName, payload: unknown): Promise<unknown> {
    const answer = (await relay.ask(name, payload)) as Ack<unknown>;
    if (answer.ok) return answer.data;
    throw VisavisError.fromBody(answer.error);
  }

  /** The seat is taken by another connection, or the session is over. */
  #release(): void {
    this.#seat = undefined;
    setImmediate(() => this.#port.disconnect());
  }

  #handleDisconnect(): void {
    clearTimeout(this.#joinTimer);
    const seat = this.#seat;
    this.#seat = undefined;
    seat?.session.suspend(seat.viewer);
    this.#relay?.close();
    this.#relay = undefined;
  }
}
