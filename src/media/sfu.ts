import type { Router, WebRtcServer, WebRtcTransport, Worker } from 'mediasoup/types';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import type { PlainLink } from '../worker/control.js';
import { ROUTER_CODECS } from './codecs-offered.js';
import { LINK_IP, PlainLinkEndpoint } from './plain-link.js';
import { PortPool } from './ports.js';
import { type WorkerWatchLimits, watchWorker } from './worker-watch.js';

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
  /** The ports may for a moment still be held by a dead predecessor. */
  takesOver?: boolean;
  /** When a worker counts as hung. */
  watch?: WorkerWatchLimits;
  /** Told of every worker process, before it has a router. */
  onWorker?: (worker: Worker) => void;
  logger: Logger;
}

type Mediasoup = typeof import('mediasoup');

/** Loading takes a while: who may need it at once asks for it beforehand. */
export function loadMediasoup(workerBin: string): Promise<Mediasoup> {
  // mediasoup reads this variable once, while it is imported.
  process.env['MEDIASOUP_WORKER_BIN'] = workerBin;
  return import('mediasoup');
}

interface MediaWorker {
  index: number;
  worker: Worker;
  server: WebRtcServer;
  rooms: Set<Room>;
}

interface RoomEvents {
  onLost: () => void;
  onClose: () => void;
}

/** Before a spare worker is started, and before a failed start is tried again (doubled up to the last). */
const RESTART_DELAY_MS = 500;
const RESTART_LAST_DELAY_MS = 10_000;
/** A dead worker's sockets are free as soon as the kernel has buried the process. */
const BIND_TRIES = 20;
const BIND_RETRY_MS = 50;
/** A worker that was told to end has only sockets to close. */
const EXIT_LIMIT_MS = 1_000;

/**
 * The mediasoup workers: rooms are spread over them. A spare process takes the place and the ports of one that dies; its rooms are
 * gone, and their owners open new ones.
 */
export class Sfu {
  readonly #options: SfuOptions;
  readonly #mediasoup: Mediasoup;
  readonly #ports: PortPool;
  readonly #workers = new Map<number, MediaWorker>();
  readonly #vacancies = new Set<() => void>();
  #spare: Worker | undefined;
  #restarts = 0;
  #closed = false;

  static async create(options: SfuOptions): Promise<Sfu> {
    const mediasoup = await loadMediasoup(options.workerBin);
    const sfu = new Sfu(options, mediasoup);
    try {
      for (let index = 0; index < options.workers; index++) await sfu.#startWorker(index);
      sfu.#scheduleSpare(RESTART_DELAY_MS);
    } catch (thrown) {
      await sfu.close();
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

  /** A process waits for the death of one at work. */
  get hasSpare(): boolean {
    return this.#spare !== undefined;
  }

  /** Ids of the worker processes at work. */
  get pids(): number[] {
    return [...this.#workers.values()].map((w) => w.worker.pid);
  }

  /**
   * Opens a room on the worker that has the fewest; where none is at work, it waits for one up to `waitMs` and then rejects with
   * `unavailable`. `onLost` is called at most once, when that worker dies; the room is closed then.
   */
  async createRoom(onLost: () => void, waitMs = 0): Promise<Room> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const least = [...this.#workers.values()].sort((a, b) => a.rooms.size - b.rooms.size)[0];
      const remainingMs = deadline - performance.now();
      if (least !== undefined) {
        try {
          return await this.#openRoom(least, onLost);
        } catch (thrown) {
          // It died in the meantime: the next one is asked while there is time.
          if (!least.worker.closed || remainingMs <= 0) throw thrown;
        }
      } else if (remainingMs <= 0 || this.#closed) {
        throw new VisavisError('unavailable', 'the media server is restarting');
      } else await this.#vacancyFilled(remainingMs);
    }
  }

  /** Ends the workers; resolves when their processes are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#workers.values()].map(({ worker }) => worker);
    if (this.#spare !== undefined) workers.push(this.#spare);
    this.#workers.clear();
    this.#spare = undefined;
    for (const wake of [...this.#vacancies]) wake();
    await Promise.all(workers.map(endProcess));
  }

  async #openRoom(on: MediaWorker, onLost: () => void): Promise<Room> {
    const router = await on.worker.createRouter({ mediaCodecs: ROUTER_CODECS });
    const room = new Room(router, on.server, this.#ports, this.#options, {
      onLost,
      onClose: () => on.rooms.delete(room),
    });
    on.rooms.add(room);
    return room;
  }

  #vacancyFilled(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#vacancies.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limitMs);
      this.#vacancies.add(wake);
    });
  }

  /** A process without any port. */
  async #createProcess(): Promise<Worker> {
    const { min, max } = this.#options.linkPorts;
    const worker = await this.#mediasoup.createWorker({ logLevel: 'warn', rtcMinPort: min, rtcMaxPort: max });
    watchWorker(worker, this.#options.logger, this.#options.watch);
    this.#options.onWorker?.(worker);
    return worker;
  }

  /** Gives the place to the spare process, or to a new one. */
  async #startWorker(index: number): Promise<void> {
    const spare = this.#spare;
    this.#spare = undefined;
    const worker = spare ?? (await this.#createProcess());
    let server: WebRtcServer;
    try {
      server = await this.#bind(worker, index);
    } catch (thrown) {
      worker.close();
      throw thrown;
    }
    const entry: MediaWorker = { index, worker, server, rooms: new Set() };
    if (this.#closed || worker.closed) {
      worker.close();
      throw new VisavisError('unavailable', 'the media server ended while it started');
    }
    this.#workers.set(index, entry);
    worker.on('died', (error) => {
      this.#options.logger.error({ err: error, rooms: entry.rooms.size }, 'media worker died');
      this.#handleWorkerDied(entry);
    });
    for (const wake of [...this.#vacancies]) wake();
  }

  /** Binds the place's UDP and TCP port. */
  async #bind(worker: Worker, index: number): Promise<WebRtcServer> {
    const { host: ip, announcedAddress, rtcPort } = this.#options;
    const mayWait = this.#restarts > 0 || this.#options.takesOver === true;
    const wanted = rtcPort === 0 ? 0 : rtcPort + index;
    for (let attempt = 1; ; attempt++) {
      const port = wanted === 0 ? {} : { port: wanted };
      const listenInfos = (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ip, announcedAddress, ...port }));
      try {
        return await worker.createWebRtcServer({ listenInfos });
      } catch (thrown) {
        const error = bindError(thrown, ip, wanted);
        if (!mayWait || error.code !== 'conflict' || attempt === BIND_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, BIND_RETRY_MS));
      }
    }
  }

  #handleWorkerDied(entry: MediaWorker): void {
    this.#workers.delete(entry.index);
    const rooms = [...entry.rooms];
    if (!this.#closed) {
      // The successor is under way before the rooms' owners ask for it.
      this.#replace(entry.index, RESTART_DELAY_MS);
    }
    for (const room of rooms) room.lose();
  }

  #replace(index: number, retryDelayMs: number): void {
    this.#restarts++;
    this.#startWorker(index)
      .then(() => this.#scheduleSpare(RESTART_DELAY_MS))
      .catch((error: unknown) => {
        if (this.#closed) return;
        this.#options.logger.error({ err: error }, 'media worker did not start');
        const again = () => this.#closed || this.#replace(index, Math.min(retryDelayMs * 2, RESTART_LAST_DELAY_MS));
        setTimeout(again, retryDelayMs).unref();
      });
  }

  #scheduleSpare(delayMs: number): void {
    const timer = setTimeout(() => {
      if (this.#closed || this.#spare !== undefined) return;
      this.#createProcess().then(
        (worker) => {
          if (this.#closed || this.#spare !== undefined) return worker.close();
          this.#spare = worker;
          worker.once('died', () => {
            if (this.#spare !== worker) return;
            this.#spare = undefined;
            this.#scheduleSpare(RESTART_DELAY_MS);
          });
        },
        (error: unknown) => {
          this.#options.logger.warn({ err: error }, 'spare media worker did not start');
          this.#scheduleSpare(Math.min(delayMs * 2, RESTART_LAST_DELAY_MS));
        },
      );
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
    return PlainLinkEndpoint.create(this.router, this.#ports, this.#options.linkPorts, this.#options.startBitrateKbps);
  }

  /** A link in the place of one that was abandoned when its room was lost; its `remotePort` may be another one. */
  restoreLink(former: PlainLink): Promise<PlainLinkEndpoint> {
    return PlainLinkEndpoint.restore(
      this.router,
      this.#ports,
      this.#options.linkPorts,
      former,
      this.#options.startBitrateKbps,
    );
  }

  /** Called when the worker under this room died. */
  lose(): void {
    if (this.#closed) return;
    this.close();
    this.#events.onLost();
  }

  /** Closes every transport of the room. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.router.close();
    this.#events.onClose();
  }
}

/** Closes a worker; resolves when its process is gone, or after a moment. */
async function endProcess(worker: Worker): Promise<void> {
  if (worker.subprocessClosed) return;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, EXIT_LIMIT_MS);
    worker.once('subprocessclose', () => {
      clearTimeout(limit);
      resolve();
    });
    worker.close();
  });
}

function bindError(thrown: unknown, ip: string, port: number): VisavisError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/address already in use/i.test(message)) {
    return new VisavisError('conflict', `VISAVIS_RTC_PORT: port ${port} on ${ip} is in use`, { cause: thrown });
  }
  return new VisavisError('unavailable', `WebRTC cannot listen on ${ip}:${port}: ${message}`, { cause: thrown });
}
