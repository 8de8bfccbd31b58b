import { io, type Socket } from 'socket.io-client';
import type { ErrorBody } from '../../src/errors.js';
import type {
  Ack,
  Answers,
  ClientMessage,
  ClientMessageName,
  JoinAnswer,
  ServerToClient,
} from '../../src/signaling/messages.js';

const LIMIT_MS = 15_000;

type EventName = keyof ServerToClient;
export type EventPayload<K extends EventName> = Parameters<ServerToClient[K]>[0];

/** A signalling client that keeps every event it receives, in order. */
export class TestClient {
  readonly events: { name: string; payload: unknown }[] = [];
  readonly socket: Socket;
  readonly disconnected: Promise<string>;
  #waiting: (() => void)[] = [];

  static async connect(origin: string, options: Parameters<typeof io>[1] = {}): Promise<TestClient> {
    const socket = io(origin, { transports: ['websocket'], reconnection: false, forceNew: true, ...options });
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return client;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    this.disconnected = new Promise((resolve) => socket.once('disconnect', resolve));
    socket.onAny((name: string, payload: unknown) => {
      this.events.push({ name, payload });
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Sends anything as it is; resolves with the acknowledgement. */
  raw(name: string, ...payload: unknown[]): Promise<Ack<unknown>> {
    return this.socket.timeout(LIMIT_MS).emitWithAck(name, ...payload) as Promise<Ack<unknown>>;
  }

  /** The answer to a message that is expected to succeed. */
  async data<K extends ClientMessageName>(name: K, payload: ClientMessage<K>): Promise<Answers[K]> {
    const answer = await this.raw(name, payload);
    if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(answer.error)}`);
    return answer.data as Answers[K];
  }

  /** The error of a message that is expected to fail. */
  async error(name: string, ...payload: unknown[]): Promise<ErrorBody> {
    const answer = await this.raw(name, ...payload);
    if (answer.ok) throw new Error(`${name} was accepted: ${JSON.stringify(answer.data)}`);
    return answer.error;
  }

  /** The first event (past or future) of this name that `matches`. */
  async event<K extends EventName>(
    name: K,
    matches: (payload: EventPayload<K>) => boolean = () => true,
  ): Promise<EventPayload<K>> {
    const deadline = performance.now() + LIMIT_MS;
    for (;;) {
      const found = this.events.find((e) => e.name === name && matches(e.payload as EventPayload<K>));
      if (found !== undefined) return found.payload as EventPayload<K>;
      const remaining = deadline - performance.now();
      if (remaining <= 0) throw new Error(`no ${name} came; there were ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remaining);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  close(): void {
    this.socket.disconnect();
  }
}

/** A fingerprint of the right form: enough for everything but the handshake itself. */
export const DTLS_PARAMETERS = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') }],
};

/** A browser's microphone as mediasoup-client describes it. */
export function microphoneParameters(ssrc = 1_234_567): Record<string, unknown> {
  return {
    mid: '0',
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48_000,
        channels: 2,
        parameters: { useinbandfec: 1, minptime: 10 },
        rtcpFeedback: [],
      },
    ],
    headerExtensions: [],
    encodings: [{ ssrc, dtx: false }],
    rtcp: { cname: 'visitor', reducedSize: true },
  };
}

/** Two transports, the avatar's consumers and a microphone, up to what works without a media stack. */
export async function setUpMedia(client: TestClient, join: JoinAnswer) {
  const [receive, send] = await Promise.all([
    client.data('create-transport', { direction: 'receive' }),
    client.data('create-transport', { direction: 'send' }),
  ]);
  await client.data('connect-transport', { transportId: send.id, dtlsParameters: DTLS_PARAMETERS });
  const { producerId } = await client.data('produce', {
    transportId: send.id,
    kind: 'audio',
    rtpParameters: microphoneParameters(),
  });
  const { consumers } = await client.data('consume', {
    transportId: receive.id,
    rtpCapabilities: join.routerRtpCapabilities,
  });
  return { receive, send, producerId, consumers };
}
