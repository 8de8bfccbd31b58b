import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../scripts/lib/lock.mjs';

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-test-'));
  lock = join(folder, 'setup.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process id that no process has: beyond the kernel's highest. */
const NOBODY = 2 ** 22 + 1;

describe('withLock', () => {
  it('lets one at a time in and leaves no file behind', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)]);
    expect(most).toBe(1);
    await expect(readFile(lock)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('releases when the work fails', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await withLock(lock, async () => 'again')).toBe('again');
  });

  it('breaks the lock of a process that no longer lives', async () => {
    await writeFile(lock, JSON.stringify({ pid: NOBODY, host: hostname(), nonce: 'x' }));
    expect(await withLock(lock, async () => 'done', { timeoutMs: 0 })).toBe('done');
  });

  it('respects a fresh lock of another machine and breaks one that nobody touched for long', async () => {
    await writeFile(lock, JSON.stringify({ pid: NOBODY, host: 'another', nonce: 'x' }));
    await expect(withLock(lock, async () => 'done', { timeoutMs: 0 })).rejects.toThrow(/another set-up holds/);
    await utimes(lock, new Date(0), new Date(0));
    expect(await withLock(lock, async () => 'done', { timeoutMs: 0 })).toBe('done');
  });

  it('says whom it waits for', async () => {
    const waits: unknown[] = [];
    const first = withLock(lock, () => new Promise((resolve) => setTimeout(resolve, 30)));
    await withLock(lock, async () => {}, { onWait: (pid) => waits.push(pid) });
    await first;
    expect(waits).toEqual([process.pid]);
  });
});
