import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VisavisError } from './errors.js';

/** The checkout's (or package's) root: the folder of `package.json` and `models.lock.json`. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folder of everything that set-up fetches or builds outside the checkout; `scripts/lib/project.mjs` follows the same rule. */
export function cacheFolder(): string {
  return process.env['VISAVIS_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'visavis');
}

/** Folder of the avatars that were made on this machine, where no other is set. */
export function ownAvatarsFolder(): string {
  return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'visavis/avatars');
}

/** What became of moderated texts, where no other file is set. */
export function moderationLogFile(): string {
  return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'visavis/moderation.jsonl');
}

/** Folder of what is remembered of visitors who agreed to it, where no other is set. */
export function memoriesFolder(): string {
  return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'visavis/memory');
}

/**
 * Path of an executable `mediasoup-worker` of exactly the version of the mediasoup dependency: `MEDIASOUP_WORKER_BIN` when it is set,
 * else the one that set-up fetched or built, else the one of mediasoup's own installer. mediasoup reads the variable `MEDIASOUP_WORKER_BIN`
 * once, when it is imported: set it to this path before.
 */
export function mediasoupWorkerBin(): string {
  const given = process.env['MEDIASOUP_WORKER_BIN'];
  const version = mediasoupVersion();
  const candidates = given
    ? [given]
    : [
        join(cacheFolder(), 'mediasoup', `mediasoup-worker-${version}`),
        join(PROJECT_ROOT, 'node_modules/mediasoup/worker/out/Release/mediasoup-worker'),
      ];
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    const where = given
      ? `MEDIASOUP_WORKER_BIN names ${given}, which is not an executable file`
      : `mediasoup-worker ${version} is missing`;
    throw new VisavisError('unavailable', `${where}: run "node scripts/setup.mjs"`, { retryable: false });
  }
  return found;
}

/** The exact version of mediasoup that `package.json` asks for. */
export function mediasoupVersion(): string {
  const manifest = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return manifest.dependencies['mediasoup'] ?? '';
}

/** Of this program, as `package.json` has it. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
