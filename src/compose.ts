import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, mediasoupWorkerBin, PROJECT_ROOT, programVersion } from './cache.js';
import { type Config, type Environment, STOCK_AVATARS, workerEnvironment } from './config.js';
import { VisavisError } from './errors.js';
import { listen, urlHost } from './listen.js';
import { createLogger, type Logger } from './log.js';
import { videoKbps } from './media/bitrate.js';
import { Sfu } from './media/sfu.js';
import { Metrics } from './metrics/metrics.js';
import { OtlpExporter } from './metrics/otlp-exporter.js';
import { ApiKeys } from './signaling/auth.js';
import { AvatarDirectory } from './signaling/avatars.js';
import { Cluster } from './signaling/cluster/cluster.js';
import { SessionDirectory } from './signaling/directory.js';
import { VisitorMemories } from './signaling/memory/visitor-memories.js';
import { Operations } from './signaling/operations.js';
import { OwnAvatars } from './signaling/own-avatars.js';
import { SessionRegistry } from './signaling/registry.js';
import { createRoutes } from './signaling/routes.js';
import { createSignaling } from './signaling/server.js';
import type { SessionServices, SpeechEngineName } from './signaling/session.js';
import { badgeText, disclosureWarnings } from './signaling/session-texts.js';
import { openStore } from './signaling/store/open-store.js';
import { RedisStore } from './signaling/store/redis-store.js';
import type { SessionStore } from './signaling/store/session-store.js';
import { openChronicles } from './signaling/transcript/open.js';
import { turnServers } from './signaling/turn-credentials.js';
import { createWebServer, type WebServer } from './signaling/web-server.js';
import type { Webhooks } from './signaling/webhooks/webhooks.js';
import { AvatarCreations } from './worker/avatar-creations.js';
import { AvatarWorkerClient } from './worker/avatar-worker-client.js';
import { IdleClips } from './worker/idle-clips.js';
import type { SpeechService } from './worker/speech-supervisor.js';
import { WorkerSupervisor, type WorkersReady } from './worker/supervisor.js';

export interface GatewayOptions {
  /** The environment that `config` was parsed from; the workers parse it again for themselves. */
  env: Environment;
  logger?: Logger;
  /** Compiled entries of the workers; by default those of this build. */
  avatarEntry?: string;
  speechEntry?: string;
  /** Draws the avatars' idle clips; none are drawn when the avatar worker is another one and this is not given. */
  idleClipEntry?: string;
  /** Makes avatars of photos; none are made when the avatar worker is another one and this is not given. */
  creationEntry?: string;
  /** The built talk page. */
  webFolder?: string;
  /** Speech that lives elsewhere; undefined: in a worker of this gateway. */
  speech?: SpeechService;
  /** Workers that were started before the gateway was needed, with that `speech`. */
  workers?: WarmWorkers;
  /** Where sessions outlive this gateway; undefined: Redis when it is configured, else this process's memory. */
  store?: SessionStore;
  /** This gateway among all that share the store; undefined: a new id. */
  gatewayId?: string;
  /** Undefined: nobody was here before. */
  takeover?: Takeover;
  /** As in `SupervisorOptions`. */
  spareDelayMs?: number;
}

/** What a gateway inherits from dead ones. */
export interface Takeover {
  /** The port that visitors know. */
  port: number | undefined;
  /** Ids of those whose sessions go on here. */
  predecessors: readonly string[];
  /** How many there were. */
  restarts: number;
}

/** An avatar worker that waits for a gateway to begin. */
export interface WarmWorkers {
  supervisor: WorkerSupervisor;
  ready: Promise<WorkersReady>;
}

/** How long the ports of a dead gateway are waited for. */
const BIND_WITHIN_MS = 10_000;
/** The avatar worker has measured before it is ready; it only has to say so. */
const MEASURED_WITHIN_MS = 1_000;

export interface ReadyReport {
  /** The speech engine of sessions that ask for none. */
  speech: SpeechEngineName;
  /** What Kokoro takes for a first segment here, where that decided. */
  kokoroMs: number | undefined;
  /** Conversations that this machine can carry at once. */
  capacity: number;
  mediaMs: number;
  speechMs: number;
  avatarMs: number;
}

function compiled(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The workers of a gateway; spare ones are kept while `isAtWork()`. */
export function createWorkers(
  config: Config,
  options: Pick<GatewayOptions, 'env' | 'avatarEntry' | 'speechEntry' | 'speech' | 'spareDelayMs'>,
  logger: Logger,
  isAtWork: () => boolean = () => true,
): WorkerSupervisor {
  return new WorkerSupervisor({
    avatarEntry: options.avatarEntry ?? compiled('./worker/avatar/main.js'),
    speechEntry: options.speechEntry ?? compiled('./worker/speech/main.js'),
    speech: options.speech,
    standby: () => (isAtWork() ? config.standby : 'off'),
    env: workerEnvironment(options.env),
    spareDelayMs: options.spareDelayMs,
    logger,
  });
}

/** The whole service: HTTP, signalling, SFU and workers. */
export class Gateway {
  /** Where the talk page is. */
  readonly url: string;
  /** Resolves when sessions can be created; rejects when a part cannot be started. */
  readonly ready: Promise<ReadyReport>;
  /** The HTTP port. */
  readonly port: number;
  /** In the store, among all gateways that share it. */
  readonly id: string;
  readonly registry: SessionRegistry;
  readonly directory: SessionDirectory;
  readonly metrics: Metrics;
  readonly supervisor: WorkerSupervisor;
  readonly #config: Config;
  readonly #options: GatewayOptions;
  readonly #store: SessionStore;
  readonly #cluster: Cluster | undefined;
  readonly #logger: Logger;
  readonly #http: HttpServer;
  readonly #io: ReturnType<typeof createSignaling>;
  #sfu: Sfu | undefined;
  #speech: SpeechEngineName = 'kokoro';
  #worker: AvatarWorkerClient | undefined;
  readonly #operations: Operations;
  readonly #webhooks: Webhooks;
  readonly #spans: OtlpExporter | undefined;
  readonly #clips: IdleClips | undefined;
  readonly #memories: VisitorMemories | undefined;
  readonly #making: { maker: AvatarCreations; own: OwnAvatars } | undefined;
  #closing: Promise<void> | undefined;

  /** Resolves when HTTP is served (`/readyz` says 503 until `ready`). Rejects with `conflict` when a port is in use. */
  static async create(config: Config, options: GatewayOptions): Promise<Gateway> {
    const logger = options.logger ?? createLogger('gateway', config.logLevel);
    for (const warning of disclosureWarnings(config)) logger.warn(warning);
    const web = await createWebServer(config, logger);
    const store = options.store ?? (await openStore(config, logger));
    try {
      const { takeover } = options;
      const withinMs = takeover === undefined ? 0 : BIND_WITHIN_MS;
      const port = await listen(web.http, config.host, takeover?.port ?? config.port, withinMs);
      web.origins.setPort(port);
      return new Gateway(config, options, { web, store, port, logger });
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
  }

  private constructor(config: Config, options: GatewayOptions, parts: Parts) {
    const { web, store, port, logger } = parts;
    this.#config = config;
    this.#options = options;
    this.#store = store;
    this.port = port;
    this.id = options.gatewayId ?? randomUUID();
    this.#logger = logger;
    this.#http = web.http;
    this.url = `${web.scheme}://${urlHost(config.host)}:${port}/`;
    this.metrics = new Metrics();
    const program = { version: programVersion(), instanceId: this.id };
    this.#spans = OtlpExporter.create({ config: config.telemetry, ...program, metrics: this.metrics, logger });
    this.supervisor = options.workers?.supervisor ?? createWorkers(config, options, logger);
    const entryOf = (path: string) => (options.avatarEntry === undefined ? compiled(path) : undefined);
    const idleClipEntry = options.idleClipEntry ?? entryOf('./worker/avatar/idle-clip-main.js');
    if (idleClipEntry !== undefined) {
      const badge = badgeText(config, config.language) ?? '';
      this.#clips = new IdleClips({ entry: idleClipEntry, folder: join(cacheFolder(), 'idle'), badge, logger });
    }
    const ownFolder = config.avatarsFolder === STOCK_AVATARS ? undefined : config.avatarsFolder;
    const avatars = new AvatarDirectory(config.avatarFolders, this.#clips, ownFolder, config.pictureSize);
    const { chronicles, webhooks } = openChronicles({ config, store, metrics: this.metrics, logger });
    this.#webhooks = webhooks;
    if (config.memory !== null) this.#memories = new VisitorMemories({ ...config.memory, logger });
    this.registry = new SessionRegistry({
      config,
      avatars,
      services: () => this.#services(),
      store,
      chronicles,
      memories: this.#memories,
      gatewayId: this.id,
      logger,
    });
    this.#cluster = store instanceof RedisStore ? new Cluster({ store, gatewayId: this.id, logger }) : undefined;
    const cluster = this.#cluster;
    this.directory = new SessionDirectory({
      registry: this.registry,
      store,
      chronicles,
      gatewayId: this.id,
      peers: cluster?.peers,
    });
    const { registry, directory, metrics } = this;
    const creationEntry = options.creationEntry ?? entryOf('./worker/avatar/create-main.js');
    if (ownFolder !== undefined && creationEntry !== undefined) {
      this.#making = this.#makeAvatars(avatars, ownFolder, creationEntry);
    }
    this.#operations = new Operations({
      ...{ config, metrics, logger, supervisor: this.supervisor, store },
      sfu: () => this.#sfu,
      sessions: () => registry.sessions,
      notReady: () => this.#notReady(),
      standardSpeech: () => this.#speech,
      // Only a guardian gives names to its gateways.
      guardianPid: options.gatewayId === undefined ? undefined : process.ppid,
      gatewayRestarts: options.takeover?.restarts ?? 0,
    });
    const { allowedOrigins } = config;
    const routes = createRoutes({
      registry,
      directory,
      avatars,
      memories: this.#memories,
      defaultAvatar: config.avatar,
      making: this.#making,
      apiKeys: new ApiKeys(config.apiKeys),
      ...web,
      metrics,
      operations: this.#operations,
      webFolder: options.webFolder ?? join(PROJECT_ROOT, 'dist/web'),
      logger,
    });
    web.http.on('request', routes);
    this.#io = createSignaling({ ...web, allowedOrigins, registry, directory, cluster, metrics, logger });
    const { certificate } = web;
    if (certificate() !== undefined) {
      metrics.observe(
        'visavis_tls_certificate_expiry_timestamp_seconds',
        'End of the TLS certificate in force, seconds since 1970',
        () => (certificate()?.notAfterMs ?? 0) / 1000,
      );
    }
    this.ready = this.#start();
    // Whoever awaits `ready` hears of a failure; nobody else must crash because of it.
    this.ready.catch(() => {});
    const predecessors = options.takeover?.predecessors ?? [];
    if (predecessors.length > 0) registry.inherit(predecessors, this.ready);
    // Asking for the list has the idle clips drawn that are missing.
    this.ready
      .then(() => avatars.list())
      .then(() => this.#clips?.start())
      .catch(() => {});
  }

  /** The avatars that were made here; undefined where none are. */
  get ownAvatars(): OwnAvatars | undefined {
    return this.#making?.own;
  }

  /** Process ids of the media workers. */
  get mediaPids(): number[] {
    return this.#sfu?.pids ?? [];
  }

  /**
   * Lets the sessions under way end by themselves within VISAVIS_DRAIN_S while none is added, then closes. A `close()` meanwhile ends
   * the wait.
   */
  async drain(): Promise<void> {
    await this.#operations.drain();
    await this.close();
  }

  /** Ends sessions, workers and servers; takes about two seconds at most. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #makeAvatars(avatars: AvatarDirectory, folder: string, entry: string): { maker: AvatarCreations; own: OwnAvatars } {
    const { avatar: defaultAvatar, maxSessionMs } = this.#config;
    const logger = this.#logger;
    const { registry } = this;
    const maker = new AvatarCreations({ entry, folder, env: this.#options.env, logger });
    const own = new OwnAvatars({
      ...{ folder, avatars, defaultAvatar, maxSessionMs, logger, isShared: this.#cluster !== undefined },
      isInUse: (id) => registry.isInheriting || [...registry.sessions].some(({ avatar }) => avatar.id === id),
      forgetClips: async (manifest) => this.#clips?.forget(manifest),
    });
    return { maker, own };
  }

  async #start(): Promise<ReadyReport> {
    const beganMs = performance.now();
    const media = this.#startSfu().then(() => Math.round(performance.now() - beganMs));
    const workers = this.#options.workers?.ready ?? this.supervisor.start();
    // All must have settled before a failure is passed on: `close()` can then find everything that was started.
    const [mediaResult, workersResult] = await Promise.allSettled([media, workers]);
    if (mediaResult.status === 'rejected') throw mediaResult.reason;
    if (workersResult.status === 'rejected') throw workersResult.reason;
    const { standardVoice, ...times } = workersResult.value;
    const { speech } = this.#config;
    this.#speech = speech === 'auto' ? (standardVoice?.standard ?? 'kokoro') : speech;
    // Whoever takes over is waited for.
    const withinMs = this.#options.takeover === undefined ? MEASURED_WITHIN_MS : 0;
    const { capacity } = await this.#operations.measuredCapacity(withinMs);
    return { mediaMs: mediaResult.value, speech: this.#speech, kokoroMs: standardVoice?.kokoroMs, capacity, ...times };
  }

  async #startSfu(): Promise<void> {
    const { mediaWorkers, host, announcedAddress, rtcPort, linkPorts, videoBitrateKbps, pictureSize } = this.#config;
    const startKbps = pictureSize === undefined ? videoBitrateKbps : videoKbps(videoBitrateKbps, pictureSize);
    this.#worker = new AvatarWorkerClient(this.supervisor.avatar, {
      logger: this.#logger,
      onStats: (stats) => this.#operations.recordWorker(stats),
    });
    const sfu = await Sfu.create({
      workers: mediaWorkers,
      host,
      announcedAddress,
      rtcPort,
      linkPorts,
      startBitrateKbps: Math.round(startKbps * 1.25) + 100,
      workerBin: mediasoupWorkerBin(),
      takesOver: this.#options.takeover !== undefined,
      onWorker: (worker) => this.#operations.media.watch(worker),
      logger: this.#logger,
    });
    if (this.#closing === undefined) this.#sfu = sfu;
    else await sfu.close();
  }

  #notReady(): string | undefined {
    if (this.#closing !== undefined) return 'the service is shutting down';
    if (this.#store.problem !== undefined) return this.#store.problem;
    if (this.#sfu?.isHealthy !== true) return 'the media server is starting';
    if (!this.supervisor.speech.isUp) return 'the speech models are loading';
    if (!this.supervisor.avatar.isUp) return 'the avatar worker is starting';
    return undefined;
  }

  #services(): SessionServices {
    const missing = this.#notReady();
    if (missing !== undefined || this.#sfu === undefined || this.#worker === undefined) {
      this.metrics.sessionsRefused.inc({ reason: 'not-ready' });
      throw new VisavisError('unavailable', missing ?? 'the service is starting');
    }
    return {
      sfu: this.#sfu,
      worker: this.#worker,
      standardSpeech: this.#speech,
      metrics: this.metrics,
      spans: this.#spans,
      logger: this.#logger,
      iceServers: (sessionId) => turnServers(this.#config.turn, sessionId, Date.now()),
      admit: (sessions) => this.#operations.admit(sessions),
      remember: (visitor, openedAtMs, fact) => void this.#memories?.add(visitor, openedAtMs, fact),
      onSessionEnd: (sessionId, durationMs) => this.#operations.recordSessionEnd(sessionId, durationMs),
    };
  }

  async #close(): Promise<void> {
    const clips = this.#clips?.close();
    this.#making?.own.close();
    const making = this.#making?.maker.close();
    this.#operations.close();
    await this.registry.close();
    const webhooks = this.#webhooks.close();
    const media = this.#sfu?.close();
    this.#worker?.dispose();
    const workers = this.supervisor.close();
    await new Promise<void>((resolve) => {
      void this.#io.close(() => resolve());
      // Clients that keep a connection open would hold the server for as long as they like.
      setTimeout(() => this.#http.closeAllConnections(), 200);
    });
    await Promise.all([workers, media, clips, making, webhooks, this.#spans?.close()]);
    this.#cluster?.close();
    await this.#store.close();
  }
}

interface Parts {
  web: WebServer;
  store: SessionStore;
  port: number;
  logger: Logger;
}
