import type { Router, WebRtcServer, WebRtcTransport, Worker } from 'mediasoup/types';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import { ROUTER_CODECS } from './codecs-offered.js';
import { LINK_IP, PlainLinkEndpoint } from './plain-link.js';
import { PortPool } from './ports.js';

export interface SfuOptions {
  /** mediasoup worker processes. */
  workers: number;
  host: string;
  announcedAddress: string | undefined;
  /** UDP and TCP port of the first worker, the next one for the next; 0: any. */
  rtcPort: number;
  linkPorts: { min: number; max: number };
  /** What a viewer's connection is taken to carry before it was measured. */
  startBitrateKbps: number;
  /** Path of the mediasoup worker binary. */
  workerBin: string;
  logger: Logger;
}

type Mediasoup = typeof import('mediasoup');

interface MediaWorker {
  index: number;
  worker: Worker;
  server: WebRtcServer;
  rooms: Set<Room>;
}

interface RoomEvents {
  onFailed: (error: VisavisError) => void;
  onClose: () => void;
}

const RESTART_DELAY_MS = 500;

/** The mediasoup workers: rooms are spread over them, and one that dies is replaced; its rooms fail. */
export class Sfu {
  readonly #options: SfuOptions;
  readonly #mediasoup: Mediasoup;
  readonly #ports: PortPool;
  readonly #workers = new Map<number, MediaWorker>();
  #restarts = 0;
  #closed = false;

  static async create(options: SfuOptions): Promise<Sfu> {
    // mediasoup reads this variable once, while it is imported.
    process.env['MEDIASOUP_WORKER_BIN'] = options.workerBin;
    const mediasoup = await import('mediasoup');
    const sfu = new Sfu(options, mediasoup);
    try {
      for (let index = 0; index < options.workers; index++) await sfu.#startWorker(index);
    } catch (thrown) {
      sfu.close();
      throw thrown;
    }
    return sfu;
  }

  private constructor(options: SfuOptions, mediasoup: Mediasoup) {
    this.#options = options;
    this.#mediasoup = mediasoup;
    this.#ports = new PortPool(options.linkPorts, LINK_IP);
  }

  get isHealthy(): boolean {
    return !this.#closed && this.#workers.size === this.#options.workers;
  }

  /** How often a worker was replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Ids of the worker processes. */
  get pids(): number[] {
    return [...this.#workers.values()].map((w) => w.worker.pid);
  }

  /** Opens a room on the worker that has the fewest. `onFailed` is called at most once, when that worker dies. */
  async createRoom(onFailed: (error: VisavisError) => void): Promise<Room> {
    const least = [...this.#workers.values()].sort((a, b) => a.rooms.size - b.rooms.size)[0];
    if (least === undefined) throw new VisavisError('unavailable', 'the media server is restarting');
    const router = await least.worker.createRouter({ mediaCodecs: ROUTER_CODECS });
    const room = new Room(router, least.server, this.#ports, this.#options, {
      onFailed,
      onClose: () => least.rooms.delete(room),
    });
    least.rooms.add(room);
    return room;
  }

  close(): void {
    this.#closed = true;
    for (const { worker } of this.#workers.values()) worker.close();
    this.#workers.clear();
  }

  async #startWorker(index: number): Promise<void> {
    const { host: ip, announcedAddress, rtcPort, linkPorts, logger } = this.#options;
    const worker = await this.#mediasoup.createWorker({
      logLevel: 'warn',
      rtcMinPort: linkPorts.min,
      rtcMaxPort: linkPorts.max,
    });
    const port = rtcPort === 0 ? {} : { port: rtcPort + index };
    const listenInfos = (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ip, announcedAddress, ...port }));
    let server: WebRtcServer;
    try {
      server = await worker.createWebRtcServer({ listenInfos });
    } catch (thrown) {
      worker.close();
      throw bindError(thrown, ip, rtcPort + index);
    }
    const entry: MediaWorker = { index, worker, server, rooms: new Set() };
    this.#workers.set(index, entry);
    worker.on('died', (error) => {
      logger.error({ err: error, rooms: entry.rooms.size }, 'media worker died');
      this.#handleWorkerDied(entry);
    });
  }

  #handleWorkerDied(entry: MediaWorker): void {
    this.#workers.delete(entry.index);
    for (const room of [...entry.rooms]) room.fail();
    if (!this.#closed) this.#restart(entry.index, RESTART_DELAY_MS);
  }

  #restart(index: number, delayMs: number): void {
    const timer = setTimeout(() => {
      if (this.#closed) return;
      this.#restarts++;
      this.#startWorker(index).catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'media worker did not start');
        this.#restart(index, Math.min(delayMs * 2, 10_000));
      });
    }, delayMs);
    timer.unref();
  }
}

/** One session's router. */
export class Room {
  readonly router: Router;
  readonly #server: WebRtcServer;
  readonly #ports: PortPool;
  readonly #options: SfuOptions;
  readonly #events: RoomEvents;
  #closed = false;

  constructor(router: Router, server: WebRtcServer, ports: PortPool, options: SfuOptions, events: RoomEvents) {
    this.router = router;
    this.#server = server;
    this.#ports = ports;
    this.#options = options;
    this.#events = events;
  }

  createViewerTransport(): Promise<WebRtcTransport> {
    return this.router.createWebRtcTransport({
      webRtcServer: this.#server,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: this.#options.startBitrateKbps * 1000,
    });
  }

  createLink(): Promise<PlainLinkEndpoint> {
    return PlainLinkEndpoint.create(this.router, this.#ports, this.#options.linkPorts);
  }

  /** Called when the worker under this room died. */
  fail(): void {
    if (this.#closed) return;
    this.close();
    this.#events.onFailed(new VisavisError('unavailable', 'the media server failed; start a new session'));
  }

  /** Closes every transport of the room. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.router.close();
    this.#events.onClose();
  }
}

function bindError(thrown: unknown, ip: string, port: number): VisavisError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/address already in use/i.test(message)) {
    return new VisavisError('conflict', `VISAVIS_RTC_PORT: port ${port} on ${ip} is in use`, { cause: thrown });
  }
  return new VisavisError('unavailable', `WebRTC cannot listen on ${ip}:${port}: ${message}`, { cause: thrown });
}
