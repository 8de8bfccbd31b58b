import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VisavisError } from '../errors.js';
import { isRetired, RETIRED } from '../inference/avatar/folders.js';
import type { AvatarManifest } from '../inference/avatar/package.js';
import type { Logger } from '../log.js';
import type { AvatarDirectory } from './avatars.js';

export interface OwnAvatarsOptions {
  /** Where the avatars lie that were made here. */
  folder: string;
  avatars: AvatarDirectory;
  /** Cannot be removed. */
  defaultAvatar: string;
  /** Whether a session of this gateway shows it. */
  isInUse: (id: string) => boolean;
  /** Others that use this folder may have sessions of which this gateway knows nothing. */
  isShared: boolean;
  /** No session is longer. */
  maxSessionMs: number;
  /** Removes what was drawn of an avatar in advance. */
  forgetClips: (manifest: AvatarManifest) => Promise<void>;
  logger: Logger;
}

const SWEEP_MS = 30_000;
const ERASED = /^\.erased-[0-9a-f]{12}$/;

/**
 * The avatars that were made here, as far as they may be removed. One that sessions show is gone for everybody else at once, and its files follow
 * when those sessions are over (with a shared folder: when none of them can be left).
 */
export class OwnAvatars {
  readonly #o: OwnAvatarsOptions;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: OwnAvatarsOptions) {
    this.#o = options;
    const { logger } = options;
    const sweep = () =>
      void this.sweep().catch((err: unknown) => logger.warn({ err }, 'removed avatars are left over'));
    this.#sweep = setInterval(sweep, SWEEP_MS).unref();
  }

  /** Whether an avatar of this id is there, or was until now and is still shown. */
  async isTaken(id: string): Promise<boolean> {
    if (await exists(join(this.#o.folder, id))) return true;
    return this.#o.avatars.find(id).then(
      () => true,
      (thrown: unknown) => VisavisError.from(thrown).code !== 'not-found',
    );
  }

  /**
   * Rejects with `not-found` when there is none, with `forbidden` for one that came with the service, with `conflict` for the one that the service
   * shows when nobody chooses.
   */
  async remove(id: string): Promise<void> {
    const { avatars, defaultAvatar, isInUse, isShared, forgetClips, logger } = this.#o;
    const { folder, manifest, isOwn } = await avatars.find(id);
    if (!isOwn) throw new VisavisError('forbidden', `${manifest.name} came with the service and cannot be removed`);
    if (id === defaultAvatar) {
      const message = `${manifest.name} is the avatar that this service shows when nobody chooses: set VISAVIS_AVATAR to another one first`;
      throw new VisavisError('conflict', message);
    }
    await writeFile(join(folder, RETIRED), '', { flag: 'wx' }).catch((thrown: NodeJS.ErrnoException) => {
      // Another gateway was faster.
      if (thrown.code !== 'EEXIST') throw unwritable(thrown);
    });
    await forgetClips(manifest);
    if (!isShared && !isInUse(id)) await this.#erase(folder);
    logger.info({ avatar: id }, 'avatar removed');
  }

  /** Removes the files of avatars that nobody shows any more. */
  async sweep(nowMs = Date.now()): Promise<void> {
    const { folder, isInUse, isShared, maxSessionMs } = this.#o;
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      if (ERASED.test(name)) await rm(path, { recursive: true, force: true });
      else if (isRetired(path)) {
        const { mtimeMs } = await stat(join(path, RETIRED));
        const isOver = nowMs - mtimeMs > maxSessionMs;
        if (isOver || (!isShared && !isInUse(name))) await this.#erase(path);
      }
    }
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  /** All of it is out of sight at once, whatever happens then. */
  async #erase(path: string): Promise<void> {
    const hidden = join(this.#o.folder, `.erased-${randomBytes(6).toString('hex')}`);
    await rename(path, hidden);
    await rm(hidden, { recursive: true, force: true });
  }
}

function unwritable(cause: NodeJS.ErrnoException): VisavisError {
  const message = `the avatar cannot be removed: its folder cannot be written (${cause.code ?? 'unknown'})`;
  return new VisavisError('unavailable', message, { cause, retryable: false });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
