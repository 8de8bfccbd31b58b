import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, mediasoupWorkerBin, PROJECT_ROOT } from './cache.js';
import { type Config, type Environment, workerEnvironment } from './config.js';
import { VisavisError } from './errors.js';
import { createLogger, type Logger } from './log.js';
import { Sfu } from './media/sfu.js';
import { Metrics } from './metrics/metrics.js';
import { ApiKeys } from './signaling/auth.js';
import { AvatarDirectory } from './signaling/avatars.js';
import { SessionRegistry } from './signaling/registry.js';
import { createRoutes } from './signaling/routes.js';
import { createSignaling } from './signaling/server.js';
import type { SessionServices, SpeechEngineName } from './signaling/session.js';
import { badgeText, disclosureWarnings } from './signaling/session-texts.js';
import { turnServers } from './signaling/turn-credentials.js';
import { createWebServer, type WebServer } from './signaling/web-server.js';
import { AvatarWorkerClient } from './worker/avatar-worker-client.js';
import { IdleClips } from './worker/idle-clips.js';
import { WorkerSupervisor } from './worker/supervisor.js';

export interface GatewayOptions {
  /** The environment that `config` was parsed from; the workers parse it again for themselves. */
  env: Environment;
  logger?: Logger;
  /** Compiled entries of the workers; by default those of this build. */
  avatarEntry?: string;
  speechEntry?: string;
  /** Draws the avatars' idle clips; none are drawn when the avatar worker is another one and this is not given. */
  idleClipEntry?: string;
  /** The built talk page. */
  webFolder?: string;
}

export interface ReadyReport {
  /** The speech engine of sessions that ask for none. */
  speech: SpeechEngineName;
  /** What Kokoro takes for a first segment here, where that decided. */
  kokoroMs: number | undefined;
  mediaMs: number;
  speechMs: number;
  avatarMs: number;
}

function compiled(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The whole service: HTTP, signalling, SFU and workers. */
export class Gateway {
  /** Where the talk page is. */
  readonly url: string;
  /** Resolves when sessions can be created; rejects when a part cannot be started. */
  readonly ready: Promise<ReadyReport>;
  readonly registry: SessionRegistry;
  readonly metrics: Metrics;
  readonly supervisor: WorkerSupervisor;
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #http: HttpServer;
  readonly #io: ReturnType<typeof createSignaling>;
  #sfu: Sfu | undefined;
  #speech: SpeechEngineName = 'kokoro';
  #worker: AvatarWorkerClient | undefined;
  readonly #clips: IdleClips | undefined;
  #closing: Promise<void> | undefined;

  /** Resolves when HTTP is served (`/readyz` says 503 until `ready`). Rejects with `conflict` when a port is in use. */
  static async create(config: Config, options: GatewayOptions): Promise<Gateway> {
    const logger = options.logger ?? createLogger('gateway', config.logLevel);
    for (const warning of disclosureWarnings(config)) logger.warn(warning);
    const web = await createWebServer(config, logger);
    const port = await listen(web.http, config.host, config.port);
    web.origins.setPort(port);
    return new Gateway(config, options, web, port, logger);
  }

  private constructor(config: Config, options: GatewayOptions, web: WebServer, port: number, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#http = web.http;
    this.url = `${web.scheme}://${urlHost(config.host)}:${port}/`;
    this.metrics = new Metrics();
    this.supervisor = new WorkerSupervisor({
      avatarEntry: options.avatarEntry ?? compiled('./worker/avatar/main.js'),
      speechEntry: options.speechEntry ?? compiled('./worker/speech/main.js'),
      standby: config.standby,
      env: workerEnvironment(options.env),
      logger,
    });
    const idleClipEntry =
      options.idleClipEntry ??
      (options.avatarEntry === undefined ? compiled('./worker/avatar/idle-clip-main.js') : undefined);
    if (idleClipEntry !== undefined) {
      const badge = badgeText(config, config.language) ?? '';
      this.#clips = new IdleClips({ entry: idleClipEntry, folder: join(cacheFolder(), 'idle'), badge, logger });
    }
    const avatars = new AvatarDirectory(config.avatarsFolder, this.#clips);
    this.registry = new SessionRegistry(config, avatars, () => this.#services());
    const { registry, metrics } = this;
    const { allowedOrigins } = config;
    const routes = createRoutes({
      registry,
      avatars,
      defaultAvatar: config.avatar,
      apiKeys: new ApiKeys(config.apiKeys),
      ...web,
      metrics,
      notReady: () => this.#notReady(),
      webFolder: options.webFolder ?? join(PROJECT_ROOT, 'dist/web'),
      logger,
    });
    web.http.on('request', routes);
    this.#io = createSignaling({ ...web, allowedOrigins, registry, metrics, logger });
    this.#observe();
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
    // Asking for the list has the idle clips drawn that are missing.
    this.ready
      .then(() => avatars.list())
      .then(() => this.#clips?.start())
      .catch(() => {});
  }

  /** Process ids of the media workers. */
  get mediaPids(): number[] {
    return this.#sfu?.pids ?? [];
  }

  /** Ends sessions, workers and servers; takes about two seconds at most. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<ReadyReport> {
    const beganMs = performance.now();
    const media = this.#startSfu().then(() => Math.round(performance.now() - beganMs));
    // All must have settled before a failure is passed on: `close()` can then find everything that was started.
    const [mediaResult, workersResult] = await Promise.allSettled([media, this.supervisor.start()]);
    if (mediaResult.status === 'rejected') throw mediaResult.reason;
    if (workersResult.status === 'rejected') throw workersResult.reason;
    const { standardVoice, ...times } = workersResult.value;
    const { speech } = this.#config;
    this.#speech = speech === 'auto' ? (standardVoice?.standard ?? 'kokoro') : speech;
    return { mediaMs: mediaResult.value, speech: this.#speech, kokoroMs: standardVoice?.kokoroMs, ...times };
  }

  async #startSfu(): Promise<void> {
    const { mediaWorkers, host, announcedAddress, rtcPort, linkPorts, videoBitrateKbps } = this.#config;
    this.#worker = new AvatarWorkerClient(this.supervisor.avatar, {
      logger: this.#logger,
      onStats: (stats) => this.metrics.recordWorker(stats),
    });
    const sfu = await Sfu.create({
      workers: mediaWorkers,
      host,
      announcedAddress,
      rtcPort,
      linkPorts,
      startBitrateKbps: Math.round(videoBitrateKbps * 1.25) + 100,
      workerBin: mediasoupWorkerBin(),
      logger: this.#logger,
    });
    if (this.#closing === undefined) this.#sfu = sfu;
    else sfu.close();
  }

  #notReady(): string | undefined {
    if (this.#closing !== undefined) return 'the service is shutting down';
    if (this.#sfu?.isHealthy !== true) return 'the media server is starting';
    if (!this.supervisor.speech.isUp) return 'the speech models are loading';
    if (!this.supervisor.avatar.isUp) return 'the avatar worker is starting';
    return undefined;
  }

  #services(): SessionServices {
    const missing = this.#notReady();
    if (missing !== undefined || this.#sfu === undefined || this.#worker === undefined) {
      throw new VisavisError('unavailable', missing ?? 'the service is starting');
    }
    return {
      sfu: this.#sfu,
      worker: this.#worker,
      standardSpeech: this.#speech,
      metrics: this.metrics,
      logger: this.#logger,
      iceServers: (sessionId) => turnServers(this.#config.turn, sessionId, Date.now()),
    };
  }

  #observe(): void {
    const { metrics, supervisor } = this;
    metrics.observe('visavis_sessions', 'Sessions under way', () => this.registry.size);
    metrics.observe('visavis_ready', '1 when sessions can be created', () => (this.#notReady() === undefined ? 1 : 0));
    metrics.observe(
      'visavis_avatar_worker_restarts',
      'Restarts of the avatar worker',
      () => supervisor.avatar.restarts,
    );
    metrics.observe(
      'visavis_speech_worker_restarts',
      'Restarts of the speech worker',
      () => supervisor.speech.restarts,
    );
    metrics.observe('visavis_media_worker_restarts', 'Restarts of media workers', () => this.#sfu?.restarts ?? 0);
  }

  async #close(): Promise<void> {
    this.#clips?.close();
    await this.registry.close();
    this.#sfu?.close();
    this.#worker?.dispose();
    const workers = this.supervisor.close();
    await new Promise<void>((resolve) => {
      void this.#io.close(() => resolve());
      // Clients that keep a connection open would hold the server for as long as they like.
      setTimeout(() => this.#http.closeAllConnections(), 200);
    });
    await workers;
  }
}

function listen(http: HttpServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = `VISAVIS_PORT: port ${port} on ${host} is in use; stop what uses it or choose another one`;
      const message = error.code === 'EADDRINUSE' ? inUse : `HTTP cannot listen on ${host}:${port}: ${error.message}`;
      reject(new VisavisError(error.code === 'EADDRINUSE' ? 'conflict' : 'unavailable', message, { cause: error }));
    });
    http.listen({ host, port }, () => resolve((http.address() as AddressInfo).port));
  });
}

/** A browser cannot open the address that stands for "all". */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
