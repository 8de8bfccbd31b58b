import type {
  Consumer,
  DtlsParameters,
  Producer,
  Router,
  RtpCapabilities,
  RtpParameters,
  WebRtcTransport,
} from 'mediasoup/types';
import { VisavisError } from '../errors.js';
import { EventReplay } from './event-replay.js';
import type { Answers, ConsumerAnswer, ServerToClient, TransportAnswer } from './messages.js';
import type { IceServer } from './turn-credentials.js';

export type Notify = <K extends keyof ServerToClient>(name: K, payload: Parameters<ServerToClient[K]>[0]) => void;

/** What a viewer needs of its session. */
export interface ViewerHost {
  readonly router: Router;
  createTransport(): Promise<WebRtcTransport>;
  iceServers(): IceServer[];
  /** The avatar's voice and picture. */
  avatarProducers(): Producer[];
  /** The microphone's packets may now be forwarded. */
  onMicrophone(viewer: Viewer, producer: Producer): Promise<void>;
  onMicrophoneEnabled(viewer: Viewer, enabled: boolean): Promise<void>;
  onMicrophoneGone(viewer: Viewer): void;
  /** Everything is connected and running: the avatar can be seen and heard. */
  onReady(viewer: Viewer): void;
  onBandwidth(viewer: Viewer, availableBps: number): void;
  /** Share of the voice's packets, 0…1, that the viewer reported lost. */
  onVoiceLoss(viewer: Viewer, fraction: number): void;
}

/** What a client that comes back says of its broken connection; see `join`. */
export interface Resumption {
  resume?: boolean | undefined;
  received?: number | undefined;
}

const LOOK_FOR_LOSS_EVERY_MS = 3_000;

type Direction = 'send' | 'receive';

/** One participant of a session: two transports, a microphone and the avatar's two consumers. It outlives a lost socket. */
export class Viewer {
  readonly participantId: string;
  readonly #host: ViewerHost;
  readonly #transports = new Map<Direction, WebRtcTransport>();
  readonly #connected = new WeakSet<WebRtcTransport>();
  #consumers: Consumer[] = [];
  #microphone: Producer | undefined;
  #notify: Notify | undefined;
  #release: (() => void) | undefined;
  readonly #events: EventReplay;
  #roundTripMs: number | undefined;
  #resumed = false;
  #announced = false;
  #closed = false;

  /** `events`: those that a dead gateway sent to its client. */
  constructor(participantId: string, host: ViewerHost, events = new EventReplay()) {
    this.participantId = participantId;
    this.#events = events;
    this.#host = host;
  }

  /** Between this viewer and the SFU, as RTCP has it; undefined before its first report. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * A socket speaks for this viewer from now on. The earlier socket, when there still is one, is told so and then released by
   * `release`. Media that runs is kept for a client that resumes, which also gets the events that it missed; else it ends, and the
   * client builds it anew. Returns whether media was kept.
   */
  attach(notify: Notify, release: () => void, { resume = false, received }: Resumption = {}): boolean {
    this.#notify?.('closed', { reason: 'replaced' });
    this.#release?.();
    this.#notify = notify;
    this.#release = release;
    const kept = resume && this.#hasMedia;
    if (!kept) this.#closeMedia();
    const missed = this.#events.since(resume ? received : undefined);
    for (const { name, payload } of missed) notify(name, payload as never);
    return kept;
  }

  detach(): void {
    this.#notify = undefined;
    this.#release = undefined;
  }

  /** The media server died: the client is told and builds everything anew, on the same seat. */
  loseMedia(): void {
    this.#closeMedia();
    // A client without a connection learns it from its next join.
    if (this.#notify !== undefined) this.notify('media-lost', {});
  }

  notify: Notify = (name, payload) => {
    this.note(name, payload);
    this.tell(name, payload);
  };

  /** The first half of `notify`: the event counts as sent, so that it is sent again when it gets lost. */
  note: Notify = (name, payload) => this.#events.add(name, payload);

  /** The second half of `notify`. */
  tell: Notify = (name, payload) => this.#notify?.(name, payload);

  /** Events of this connection, which the client counts as well. */
  get sent(): number {
    return this.#events.sent;
  }

  /** A second transport of one direction replaces the first and ends what ran on it. */
  async createTransport(direction: Direction): Promise<TransportAnswer> {
    const transport = await this.#host.createTransport();
    if (this.#closed) {
      transport.close();
      throw new VisavisError('conflict', 'this participant has left');
    }
    this.#closeTransport(direction);
    this.#transports.set(direction, transport);
    if (direction === 'receive') await this.#watch(transport);
    return {
      id: transport.id,
      iceParameters: { ...transport.iceParameters },
      iceCandidates: transport.iceCandidates.map((candidate) => ({ ...candidate })),
      dtlsParameters: { ...transport.dtlsParameters },
      iceServers: this.#host.iceServers(),
    };
  }

  async restartIce(transportId: string): Promise<Answers['restart-ice']> {
    const transport = this.#find(transportId);
    const iceParameters = await checked('transportId', () => transport.restartIce());
    return { iceParameters: { ...iceParameters }, iceServers: this.#host.iceServers() };
  }

  async connectTransport(transportId: string, dtlsParameters: Record<string, unknown>): Promise<void> {
    const transport = this.#find(transportId);
    if (this.#connected.has(transport)) throw new VisavisError('conflict', 'this transport is already connected');
    await checked('dtlsParameters', () =>
      transport.connect({ dtlsParameters: dtlsParameters as unknown as DtlsParameters }),
    );
    this.#connected.add(transport);
  }

  async produce(transportId: string, rtpParameters: Record<string, unknown>): Promise<string> {
    const transport = this.#find(transportId, 'send');
    if (this.#microphone !== undefined) throw new VisavisError('conflict', 'this participant already has a microphone');
    const producer = await checked('rtpParameters', () =>
      transport.produce({ kind: 'audio', rtpParameters: rtpParameters as unknown as RtpParameters }),
    );
    this.#microphone = producer;
    producer.observer.once('close', () => {
      if (this.#microphone !== producer) return;
      this.#microphone = undefined;
      this.#host.onMicrophoneGone(this);
    });
    try {
      await this.#host.onMicrophone(this, producer);
    } catch (thrown) {
      producer.close();
      throw thrown;
    }
    return producer.id;
  }

  /** Subscribes to voice and picture; both stay paused until `resume()`. */
  async consume(transportId: string, rtpCapabilities: Record<string, unknown>): Promise<ConsumerAnswer[]> {
    const transport = this.#find(transportId, 'receive');
    if (this.#consumers.length > 0)
      throw new VisavisError('conflict', 'the avatar is already consumed on this transport');
    const capabilities = rtpCapabilities as unknown as RtpCapabilities;
    const producers = this.#host.avatarProducers();
    for (const { id: producerId, kind } of producers) {
      const can = await checked('rtpCapabilities', async () =>
        this.#host.router.canConsume({ producerId, rtpCapabilities: capabilities }),
      );
      if (!can) throw unsupported(kind);
    }
    this.#consumers = await checked('rtpCapabilities', () =>
      Promise.all(
        producers.map(({ id: producerId }) =>
          transport.consume({ producerId, rtpCapabilities: capabilities, paused: true }),
        ),
      ),
    );
    return this.#consumers.map(({ id, producerId, kind, rtpParameters }) => ({
      id,
      producerId,
      kind,
      rtpParameters: { ...rtpParameters },
    }));
  }

  async resume(): Promise<void> {
    if (this.#consumers.length === 0) throw new VisavisError('conflict', 'consume before resume');
    await Promise.all(this.#consumers.map((consumer) => consumer.resume()));
    this.#resumed = true;
    this.#announceWhenReady();
  }

  async setMicrophone(enabled: boolean): Promise<void> {
    const producer = this.#microphone;
    if (producer === undefined) throw new VisavisError('conflict', 'produce before set-microphone');
    if (producer.paused !== enabled) return;
    await (enabled ? producer.resume() : producer.pause());
    await this.#host.onMicrophoneEnabled(this, enabled);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeMedia();
    const release = this.#release;
    this.detach();
    release?.();
  }

  /** Connected once and not closed: its path may be broken, which an ICE restart mends. */
  get #hasMedia(): boolean {
    const receive = this.#transports.get('receive');
    const send = this.#transports.get('send');
    if (receive === undefined || send === undefined || receive.closed || send.closed) return false;
    return this.#resumed && receive.dtlsState === 'connected' && this.#consumers.every((consumer) => !consumer.closed);
  }

  #find(transportId: string, direction?: Direction): WebRtcTransport {
    for (const [itsDirection, transport] of this.#transports) {
      if (transport.id !== transportId) continue;
      if (direction === undefined || direction === itsDirection) return transport;
      throw new VisavisError('conflict', `this transport was created to ${itsDirection}`, { field: 'transportId' });
    }
    throw new VisavisError('not-found', 'no transport of this id; create-transport makes one', {
      field: 'transportId',
    });
  }

  async #watch(transport: WebRtcTransport): Promise<void> {
    transport.on('dtlsstatechange', () => this.#announceWhenReady());
    transport.on('trace', (trace) => {
      const available = (trace.info as { availableBitrate?: unknown }).availableBitrate;
      if (trace.type === 'bwe' && typeof available === 'number') this.#host.onBandwidth(this, available);
    });
    const timer = setInterval(() => void this.#lookForLoss(), LOOK_FOR_LOSS_EVERY_MS);
    transport.observer.once('close', () => clearInterval(timer));
    await transport.enableTraceEvent(['bwe']);
  }

  async #lookForLoss(): Promise<void> {
    const voice = this.#consumers.find(({ kind, paused }) => kind === 'audio' && !paused);
    // A consumer that closes meanwhile has nothing to tell.
    const stats = await voice?.getStats().catch(() => []);
    const sent = stats?.find(({ type }) => type === 'outbound-rtp');
    if (sent !== undefined) this.#roundTripMs = sent.roundTripTime;
    // As in receiver reports (RFC 3550, section 6.4.1): of 256.
    if (sent !== undefined && !this.#closed) this.#host.onVoiceLoss(this, sent.fractionLost / 256);
  }

  #announceWhenReady(): void {
    const connected = this.#transports.get('receive')?.dtlsState === 'connected';
    if (!connected || !this.#resumed || this.#announced) return;
    this.#announced = true;
    this.#host.onReady(this);
  }

  #closeTransport(direction: Direction): void {
    const transport = this.#transports.get(direction);
    if (transport === undefined) return;
    this.#transports.delete(direction);
    transport.close();
    if (direction === 'send') return;
    this.#consumers = [];
    this.#resumed = false;
    this.#announced = false;
  }

  #closeMedia(): void {
    this.#closeTransport('send');
    this.#closeTransport('receive');
  }
}

/** mediasoup checks the insides of what clients send; what it refuses is the client's mistake. */
async function checked<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { name, message } = thrown as Error;
    if (name === 'InvalidStateError') throw new VisavisError('conflict', 'the transport is closed', { cause: thrown });
    throw new VisavisError('bad-request', `${field}: ${message.slice(0, 200)}`, { field, cause: thrown });
  }
}

function unsupported(kind: string): VisavisError {
  const codec = kind === 'audio' ? 'Opus' : 'VP8';
  return new VisavisError('bad-request', `rtpCapabilities: expected ${codec} among them`, { field: 'rtpCapabilities' });
}
