import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, PROJECT_ROOT } from '../cache.js';
import { VisavisError } from '../errors.js';

export { cacheFolder } from '../cache.js';

/** One file of `models.lock.json`, without its sources. */
export interface ModelEntry {
  name: string;
  /** `default` is always fetched; other groups only on request (`node scripts/setup.mjs --with GROUP`). */
  group: string;
  /** Hexadecimal, lower case. */
  sha256: string;
  bytes: number;
  /** SPDX identifier. */
  licence: string;
  attribution: string;
  use: string;
}

/** What was true of a file when its checksum was found right; kept in `.verified.json` beside the files. */
interface Verified {
  sha256: string;
  bytes: number;
  mtimeMs: number;
}

const STAMP_FILE = '.verified.json';
const READ_BYTES = 4 << 20;

let entries: Map<string, ModelEntry> | undefined;

/** All files that `models.lock.json` names, in its order. */
export function modelEntries(): readonly ModelEntry[] {
  return [...lockedEntries().values()];
}

/**
 * Path of a model file whose bytes are those that `models.lock.json` names. The checksum is computed at most once for a
 * file as it stands (size and time of change are compared with the stamp of the last check). Throws `unavailable` when
 * the file is not in the lock file, is missing, or differs.
 */
export function modelFile(name: string): string {
  const entry = lockedEntries().get(name);
  if (entry === undefined) throw refusal(`models.lock.json does not name a file ${name}`);
  const command = `node scripts/setup.mjs${entry.group === 'default' ? '' : ` --with ${entry.group}`}`;
  const folder = join(cacheFolder(), 'models');
  const path = join(folder, name);
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw refusal(`model file ${name} is missing (${path}): run "${command}"`);
  if (info.size !== entry.bytes) {
    throw refusal(`model file ${name} has ${info.size} bytes, expected ${entry.bytes} (${path}): run "${command}"`);
  }
  const stamp = readStamp(folder)[name];
  if (stamp?.sha256 === entry.sha256 && stamp.bytes === info.size && stamp.mtimeMs === info.mtimeMs) return path;

  const sha256 = hashFile(path);
  if (sha256 !== entry.sha256) {
    throw refusal(
      `model file ${name} has the checksum ${sha256}, expected ${entry.sha256} (${path}): run "${command}"`,
    );
  }
  writeStamp(folder, name, { sha256, bytes: info.size, mtimeMs: info.mtimeMs });
  return path;
}

function refusal(message: string): VisavisError {
  return new VisavisError('unavailable', message, { retryable: false });
}

function lockedEntries(): Map<string, ModelEntry> {
  if (entries === undefined) {
    const lock = JSON.parse(readFileSync(join(PROJECT_ROOT, 'models.lock.json'), 'utf8')) as { files: ModelEntry[] };
    entries = new Map(lock.files.map((entry) => [entry.name, entry]));
  }
  return entries;
}

function hashFile(path: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

function readStamp(folder: string): Record<string, Verified | undefined> {
  try {
    return JSON.parse(readFileSync(join(folder, STAMP_FILE), 'utf8')) as Record<string, Verified>;
  } catch {
    return {};
  }
}

/** Best effort: a cache that cannot be written, or two writers at once, only cost another check. */
function writeStamp(folder: string, name: string, verified: Verified): void {
  const partial = join(folder, `${STAMP_FILE}.${process.pid}.${Math.random().toString(36).slice(2)}`);
  try {
    writeFileSync(partial, JSON.stringify({ ...readStamp(folder), [name]: verified }));
    renameSync(partial, join(folder, STAMP_FILE));
  } catch {
    // Read-only caches are fine.
  }
}
