/** One set-up at a time for a cache: a lock file that its holder keeps fresh, so that a dead holder's lock is broken. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './report.mjs';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 60_000;
const RETRY_MS = 500;

/**
 * Holds the lock file `path` while `work` runs. Waits for another holder up to `timeoutMs`; a holder that no longer
 * lives (same machine), or has not touched its lock for a minute, is taken to be dead. `onWait` is told once, and whom it waits for where
 * the lock file says so.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ timeoutMs?: number, onWait?: (pid: number | undefined) => void, staleMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, { timeoutMs = 30 * 60_000, onWait = () => {}, staleMs = STALE_MS } = {}) {
  const token = JSON.stringify({ pid: process.pid, host: hostname(), nonce: Math.random().toString(36).slice(2) });
  const deadline = Date.now() + timeoutMs;
  mkdirSync(dirname(path), { recursive: true });
  let waiting = false;
  while (!take(path, token)) {
    if (breakStale(path, staleMs)) continue;
    if (Date.now() > deadline)
      throw new SetupError(`another set-up holds ${path} for too long; remove that file if none is running`);
    if (!waiting) onWait(holderOf(path)?.pid);
    waiting = true;
    await sleep(RETRY_MS);
  }
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  heartbeat.unref();
  const release = () => {
    if (readQuietly(path) === token) rmSync(path, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener('exit', release);
    release();
  }
}

function take(path, token) {
  try {
    writeFileSync(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead holder's lock away. Checks after the move that it was the dead one's, and puts any other back. */
function breakStale(path, staleMs) {
  const content = readQuietly(path);
  if (content === undefined) return true;
  const holder = holderOf(path);
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const dead = holder !== undefined && holder.host === hostname() && !isAlive(holder.pid);
  if (!dead && age < staleMs) return false;
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  if (readQuietly(aside) !== content) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one holds the lock by now; the one put aside will see that on release.
    }
  }
  rmSync(aside, { force: true });
  return true;
}

function holderOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function readQuietly(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function touch(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // The lock was taken away by hand; nothing to keep fresh.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
