/**
 * Entry of a gateway process, started by the guardian: it loads everything, waits to be activated, and then is the service's gateway
 * until it is told to end. It ends by itself when the guardian is gone.
 */
import './worker/parent-watch.js';
import { mediasoupWorkerBin } from './cache.js';
import { createWorkers, Gateway, type WarmWorkers } from './compose.js';
import { type Config, loadConfig } from './config.js';
import { VisavisError } from './errors.js';
import type { Activation, FromGateway, Setup, ToGateway } from './guardian/protocol.js';
import { RemoteSpeech } from './guardian/remote-speech.js';
import { createLogger } from './log.js';
import { loadMediasoup } from './media/sfu.js';
import { IpcStore } from './signaling/store/ipc-store.js';

const BEAT_MS = 1_000;
/** After this long whatever still runs is left behind. */
const CLOSE_LIMIT_MS = 3_000;

function send(message: FromGateway): boolean {
  if (!process.connected) return false;
  return process.send?.(message, undefined, undefined, () => {}) !== undefined;
}

class GatewayProcess {
  readonly #setup: Setup;
  readonly #config: Config;
  readonly #logger;
  readonly #speech: RemoteSpeech;
  readonly #store: IpcStore | undefined;
  readonly #warm: WarmWorkers | undefined;
  #gateway: Promise<Gateway> | undefined;
  #ending = false;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#config = loadConfig(setup.env);
    this.#logger = createLogger('gateway', this.#config.logLevel);
    this.#speech = new RemoteSpeech(setup.speech);
    this.#store = setup.storeHere ? new IpcStore({ send }) : undefined;
    if (setup.warm) this.#warm = this.#warmUp();
  }

  async handle(message: Exclude<ToGateway, { type: 'setup' }>): Promise<void> {
    if (message.type === 'store-answer') this.#store?.handle(message);
    else if (message.type === 'speech') this.#speech.update(message.speech);
    else if (message.type === 'activate') await this.#activate(message.activation);
    else await this.end(message.drain);
  }

  async end(drain: boolean): Promise<void> {
    if (drain) {
      const gateway = await this.#gateway?.catch(() => undefined);
      await gateway?.drain();
    }
    if (this.#ending) return;
    this.#ending = true;
    setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref();
    const gateway = await this.#gateway?.catch(() => undefined);
    await (gateway?.close() ?? this.#warm?.supervisor.close());
    process.exit(0);
  }

  /** An avatar worker waits with this process; its own spare follows once there is work. */
  #warmUp(): WarmWorkers {
    const isAtWork = () => this.#gateway !== undefined;
    const supervisor = createWorkers(this.#config, this.#parts(), this.#logger, isAtWork);
    const ready = supervisor.start();
    ready.catch((error: unknown) => this.#logger.error({ err: error }, 'the workers of a spare gateway do not start'));
    return { supervisor, ready };
  }

  #parts() {
    const { env, avatarEntry } = this.#setup;
    return { env, speech: this.#speech, ...(avatarEntry === undefined ? {} : { avatarEntry }) };
  }

  async #activate({ port, predecessors, restarts }: Activation): Promise<void> {
    const { gatewayId, webFolder } = this.#setup;
    this.#gateway = Gateway.create(this.#config, {
      ...this.#parts(),
      logger: this.#logger,
      gatewayId,
      ...(webFolder === undefined ? {} : { webFolder }),
      ...(this.#store === undefined ? {} : { store: this.#store }),
      ...(this.#warm === undefined ? {} : { workers: this.#warm }),
      ...(restarts === 0 ? {} : { takeover: { port, predecessors, restarts } }),
    });
    try {
      const gateway = await this.#gateway;
      send({ type: 'listening', port: gateway.port });
      send({ type: 'ready', report: { url: gateway.url, ...(await gateway.ready) } });
    } catch (thrown) {
      if (this.#ending) return;
      send({ type: 'failed', error: VisavisError.from(thrown).toBody() });
      await this.end(false);
    }
  }
}

let gateway: GatewayProcess | undefined;
process.on('message', (message: ToGateway) => {
  if (message.type !== 'setup') {
    void gateway?.handle(message);
    return;
  }
  try {
    gateway = new GatewayProcess(message.setup);
  } catch (thrown) {
    send({ type: 'failed', error: VisavisError.from(thrown).toBody() });
    process.exit(1);
  }
  // The media server's library is the last part that is not loaded yet.
  loadMediasoup(mediasoupWorkerBin()).then(
    () => send({ type: 'loaded' }),
    (thrown: unknown) => {
      send({ type: 'failed', error: VisavisError.from(thrown).toBody() });
      process.exit(1);
    },
  );
});
process.on('disconnect', () => void (gateway?.end(false) ?? process.exit(0)));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The guardian decides when to stop; a Ctrl-C in the terminal reaches every process of the group.
  process.on(signal, () => {});
}
setInterval(() => send({ type: 'beat' }), BEAT_MS);
