import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { abortError } from '../abort.js';
import { isAbort, VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import { type CreationProgress, type PackageOrder, type PhotoOrder, runCreation } from './avatar-creation-child.js';

export interface AvatarCreationsOptions {
  /** Compiled module that makes one (`avatar/create-main.js`). */
  entry: string;
  /** Where avatars lie, each in a folder of its own; made when it is missing. */
  folder: string;
  /** Of this service; the process that makes an avatar is told where models are, and no secrets. */
  env: Readonly<Record<string, string | undefined>>;
  logger: Logger;
  /** From its beginning; the time for which it waits does not count. */
  limitMs?: number;
}

/** One that was let in: it takes its turn by `run`, and must be left whatever happens. */
export interface AvatarPlace {
  /**
   * Waits for its turn, makes the avatar and resolves with its id and what will show in it. Nothing of it is in the folder until all of it is.
   * Rejects with an `AbortError` when `signal` aborts, with `conflict` when the id is taken meanwhile, with `unavailable` when it takes too
   * long or the service stops, else with what is wrong with the photo or the package; nothing is left behind then.
   */
  run(
    order: Omit<PhotoOrder, 'avatars' | 'id'> | Omit<PackageOrder, 'avatars'>,
    o: {
      /** Asked when its turn comes; for a package once it was read, with the id it has. Throws when that is taken. */
      chooseId: (own?: string) => Promise<string>;
      signal: AbortSignal;
      onProgress: (progress: CreationProgress) => void;
    },
  ): Promise<{ id: string; remarks: string[] }>;
  /** Idempotent. */
  leave(): void;
}

const LIMIT_MS = 60_000;
export const MAX_WAITING = 4;
/** About what one takes on a busy machine. */
const RETRY_AFTER_S = 15;
/** A gateway that was killed leaves such a folder behind; none that is in use is this old. */
const ABANDONED_MS = 600_000;
const VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'VISAVIS_CACHE'];
const UNFINISHED = /^\.making-[0-9a-f]{12}$/;

/**
 * Makes avatars of photos and takes packages in, one at a time, each in a child process of lowest priority; a few may wait. Several services may use one folder: an
 * avatar appears in it by one rename.
 */
export class AvatarCreations {
  readonly #options: AvatarCreationsOptions;
  readonly #stop = new AbortController();
  readonly #waiting: { begin: () => void; announce: () => void }[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #places = 0;
  #isBusy = false;

  constructor(options: AvatarCreationsOptions) {
    this.#options = options;
  }

  /** Throws `unavailable` with `retryAfterS` when too many wait already. */
  enter(): AvatarPlace {
    if (this.#stop.signal.aborted) throw stopping();
    if (this.#places > MAX_WAITING) {
      const message = `an avatar is being made and ${MAX_WAITING} more are waiting`;
      throw new VisavisError('unavailable', message, { retryAfterS: RETRY_AFTER_S });
    }
    this.#places++;
    let isHeld = true;
    return {
      run: (order, o) => {
        const run = this.#run(order, o);
        this.#running.add(run);
        return run.finally(() => this.#running.delete(run));
      },
      leave: () => {
        if (isHeld) this.#places--;
        isHeld = false;
      },
    };
  }

  /** Ends what is being made. Resolves when no process is left and nothing half-made. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#running]);
  }

  async #run(...[order, o]: Parameters<AvatarPlace['run']>): ReturnType<AvatarPlace['run']> {
    const signal = AbortSignal.any([o.signal, this.#stop.signal]);
    try {
      await this.#turn(signal, (ahead) => o.onProgress({ step: 'waiting', fraction: 0, ahead }));
      try {
        return await this.#make(order, { ...o, signal });
      } finally {
        this.#isBusy = false;
        this.#waiting.shift()?.begin();
        for (const { announce } of this.#waiting) announce();
      }
    } catch (thrown) {
      if (isAbort(thrown) && this.#stop.signal.aborted) throw stopping();
      throw thrown;
    }
  }

  /** Resolves when nothing else is being made. */
  async #turn(signal: AbortSignal, onWait: (ahead: number) => void): Promise<void> {
    if (signal.aborted) throw abortError(signal);
    if (!this.#isBusy) {
      this.#isBusy = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const entry = {
        begin: () => {
          signal.removeEventListener('abort', give);
          this.#isBusy = true;
          resolve();
        },
        announce: () => onWait(this.#waiting.indexOf(entry) + 1),
      };
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        for (const { announce } of this.#waiting) announce();
        reject(abortError(signal));
      };
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.push(entry);
      entry.announce();
    });
  }

  async #make(...[order, o]: Parameters<AvatarPlace['run']>): ReturnType<AvatarPlace['run']> {
    const { folder, entry, env, logger, limitMs = LIMIT_MS } = this.#options;
    const chosen = 'archive' in order ? undefined : await o.chooseId();
    const unfinished = join(folder, `.making-${randomBytes(6).toString('hex')}`);
    const beganMs = performance.now();
    try {
      await mkdir(unfinished, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
        logger.error({ err: cause }, 'the avatars folder cannot be written');
        throw new VisavisError('unavailable', 'avatars cannot be kept here: the folder cannot be written', {
          cause,
          retryable: false,
        });
      });
      await removeAbandoned(folder);
      const running = { entry, env: environmentOf(env), limitMs, logger, signal: o.signal, onProgress: o.onProgress };
      const { id: made, remarks } = await ('archive' in order
        ? runCreation({ ...order, avatars: unfinished }, running)
        : runCreation({ ...order, id: chosen ?? '', avatars: unfinished }, running));
      const id = chosen ?? (await o.chooseId(made));
      await rename(join(unfinished, id), join(folder, id)).catch((thrown: NodeJS.ErrnoException) => {
        throw ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(thrown.code ?? '') ? taken(id) : thrown;
      });
      logger.info({ avatar: id, ms: Math.round(performance.now() - beganMs) }, 'avatar made');
      return { id, remarks };
    } finally {
      await rm(unfinished, { recursive: true, force: true, maxRetries: 2 }).catch((err: unknown) =>
        logger.warn({ err }, 'what is left of an avatar that was not made cannot be removed'),
      );
    }
  }
}

function environmentOf(env: AvatarCreationsOptions['env']): Record<string, string> {
  const kept = VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  // See inference/telemetry.ts.
  return { ...Object.fromEntries(kept), ORT_DISABLE_TELEMETRY: '1' };
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!UNFINISHED.test(name)) continue;
    const path = join(folder, name);
    const changed = await stat(path).catch(() => undefined);
    if (changed === undefined || Date.now() - changed.mtimeMs < ABANDONED_MS) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function taken(id: string): VisavisError {
  return new VisavisError('conflict', `there already is an avatar ${id}: choose another id`, { field: 'id' });
}

function stopping(): VisavisError {
  return new VisavisError('unavailable', 'the service is shutting down');
}
