import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { isRetired } from '../inference/avatar/folders.js';
import type { AvatarManifest } from '../inference/avatar/package.js';
import type { Logger } from '../log.js';
import { sizeName } from '../picture-size.js';

/** Files of one avatar's idle clip; what lies at these paths never changes. */
export interface IdleClipFiles {
  /** Names the content: differs when the avatar, or how it is drawn, does. */
  version: string;
  /** WebM with one VP8 track. */
  clipPath: string;
  /** Its first frame, WebP. */
  stillPath: string;
}

export interface IdleClipsOptions {
  /** Compiled module that draws a clip (`avatar/idle-clip-main.js`). */
  entry: string;
  /** Where clips are kept between starts; made when it is missing. */
  folder: string;
  /** What stands in the picture to say that it is made by a machine; empty: nothing. */
  badge: string;
  logger: Logger;
}

interface Waiting {
  /** Of the avatar's package. */
  folder: string;
  manifest: AvatarManifest;
  files: IdleClipFiles;
}

/** Avatar and version of a file in the folder, also of one that is still being written. */
const CLIP_FILE = /^(.+)-([0-9a-f]{16})\.web[mp](?:\.\d+)?$/;
/** To be raised when clips look different for the same avatar. */
const REVISION = 4;
const RENDER_LIMIT_MS = 120_000;
const LOWEST_PRIORITY = 19;
/** Avatars that wait to be drawn; a folder with more than these gets their clips as they are asked for again. */
const MAX_WAITING = 32;
/** Another server on the same cache folder may still serve another version that is younger than this. */
const KEEP_OTHERS_MS = 24 * 3_600_000;

/**
 * The avatars' idle clips: drawn once by a process of lowest priority, one at a time, and kept. Nobody waits for them: as long as a clip is
 * not there, or cannot be made, `find()` says so.
 */
export class IdleClips {
  readonly #options: IdleClipsOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #failed = new Set<string>();
  /** Since the present drawing began. */
  readonly #forgotten = new Set<string>();
  #started = false;
  #closed = false;
  #child: ChildProcess | undefined;
  #drawing: Promise<void> = Promise.resolve();

  constructor(options: IdleClipsOptions) {
    this.#options = options;
  }

  /** Begins to draw what was asked for; until then the machine belongs to the service's own start. */
  start(): void {
    this.#started = true;
    this.#drawNext();
  }

  /** The clip's files, or undefined when there are none yet: they are then drawn, and a later call finds them. */
  find({ folder, manifest }: { folder: string; manifest: AvatarManifest }): IdleClipFiles | undefined {
    if (manifest.renderer !== 'portrait') return undefined;
    const files = this.#filesOf(manifest);
    if (existsSync(files.clipPath)) return files;
    if (this.#closed || this.#failed.has(files.version) || this.#waiting.size >= MAX_WAITING) return undefined;
    if (!this.#waiting.has(files.version)) {
      this.#waiting.set(files.version, { folder, manifest, files });
      this.#drawNext();
    }
    return undefined;
  }

  /** Removes an avatar's clip. One that is being drawn while its avatar is removed is not kept either. */
  async forget(manifest: AvatarManifest): Promise<void> {
    const files = this.#filesOf(manifest);
    this.#waiting.delete(files.version);
    this.#failed.delete(files.version);
    if (this.#child !== undefined) this.#forgotten.add(files.version);
    await Promise.all([rm(files.clipPath, { force: true }), rm(files.stillPath, { force: true })]);
  }

  /** Stops drawing; clips that are there stay. Resolves when nothing is being drawn any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    this.#child?.kill('SIGKILL');
    await this.#drawing;
  }

  #filesOf(manifest: AvatarManifest): IdleClipFiles {
    const hash = createHash('sha256').update(JSON.stringify([REVISION, this.#options.badge, manifest]));
    const version = hash.digest('hex').slice(0, 16);
    const path = (type: string): string => join(this.#options.folder, `${manifest.id}-${version}.${type}`);
    return { version, clipPath: path('webm'), stillPath: path('webp') };
  }

  #drawNext(): void {
    const next = [...this.#waiting.values()][0];
    if (!this.#started || this.#child !== undefined || next === undefined) return;
    this.#drawing = this.#draw(next);
  }

  async #draw({ folder, manifest, files }: Waiting): Promise<void> {
    const { logger } = this.#options;
    // Written under another name and then moved, the clip last: whoever sees it sees all of it.
    const partial = { clip: `${files.clipPath}.${process.pid}`, still: `${files.stillPath}.${process.pid}` };
    const finished = this.#run([folder, partial.clip, partial.still, this.#options.badge, sizeName(manifest)]);
    try {
      await finished;
      if (!this.#forgotten.has(files.version) && !isRetired(folder)) {
        await rename(partial.still, files.stillPath);
        await rename(partial.clip, files.clipPath);
        logger.debug({ folder }, 'idle clip drawn');
        await this.#removeOthers(manifest.id, files.version);
      }
    } catch (err) {
      if (!this.#forgotten.has(files.version)) this.#failed.add(files.version);
      if (!this.#closed) logger.warn({ err, folder }, 'no idle clip: the page shows the portrait instead');
    }
    // What was moved is not there any more.
    await Promise.all([rm(partial.clip, { force: true }), rm(partial.still, { force: true })]).catch(() => undefined);
    this.#forgotten.clear();
    this.#child = undefined;
    this.#waiting.delete(files.version);
    if (!this.#closed) this.#drawNext();
  }

  /** Versions of the same avatar that nobody is likely to ask for any more, and what drawing that was killed has left of them. */
  async #removeOthers(id: string, version: string): Promise<void> {
    const { folder, logger } = this.#options;
    try {
      for (const name of await readdir(folder)) {
        const other = CLIP_FILE.exec(name);
        if (other?.[1] !== id || other[2] === version) continue;
        const path = join(folder, name);
        if (Date.now() - (await stat(path)).mtimeMs > KEEP_OTHERS_MS) await rm(path, { force: true });
      }
    } catch (err) {
      // Another server may remove the same at this moment; what stays is tried again after the next clip.
      logger.debug({ err, folder }, 'old idle clips could not be removed');
    }
  }

  async #run(args: string[]): Promise<void> {
    const child = fork(this.#options.entry, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      timeout: RENDER_LIMIT_MS,
      killSignal: 'SIGKILL',
      env: { PATH: process.env['PATH'] },
    });
    this.#child = child;
    let complaint = '';
    child.stderr?.on('data', (data: Buffer) => {
      complaint = (complaint + data).slice(-2_000);
    });
    try {
      if (child.pid !== undefined) setPriority(child.pid, LOWEST_PRIORITY);
    } catch {
      // It may be gone already; its exit tells.
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
      mkdir(this.#options.folder, { recursive: true }).then(() => child.send('draw', () => undefined), reject);
    }).finally(() => child.kill('SIGKILL'));
    if (code !== 0) throw new Error(`drawing ended with code ${code}: ${complaint.trim()}`);
  }
}
