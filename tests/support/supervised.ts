import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { createLogger } from '../../src/log.js';
import { SupervisedProcess, type SupervisedProcessOptions } from '../../src/worker/supervised-process.js';

export const SCRIPTED_CHILD = fileURLToPath(new URL('./scripted-child.mjs', import.meta.url));
export const REPORTING_CHILD = fileURLToPath(new URL('./reporting-child.mjs', import.meta.url));
/** Restarts that a test does not notice. */
export const FAST_BACKOFF = { first: 10, last: 40, stableMs: 60_000 };

/** What the tests of one file start, each test in a folder of its own; all of it is ended after each. */
export class SupervisedTests {
  readonly logger = createLogger('test', 'silent');
  /** Of the test that runs. */
  folder = '';
  readonly #running: { close(): Promise<void> }[] = [];

  /** Call once, at the top of a test file. */
  constructor() {
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), 'visavis-test-'));
    });
    afterEach(async () => {
      await Promise.all(this.#running.splice(0).map((item) => item.close()));
      rmSync(this.folder, { recursive: true });
    });
  }

  get counter(): string {
    return join(this.folder, 'starts');
  }

  /** Closed after the test. */
  own<T extends { close(): Promise<void> }>(item: T): T {
    this.#running.push(item);
    return item;
  }

  /** A scripted child whose starts are counted; not started yet. */
  supervise(mode: string, options: Partial<SupervisedProcessOptions> = {}): SupervisedProcess {
    return this.own(
      new SupervisedProcess({
        name: 'test child',
        entry: SCRIPTED_CHILD,
        args: ['--mode', mode, '--count', this.counter],
        env: { PATH: process.env['PATH'] ?? '', MARK: 'given' },
        readyLimitMs: 10_000,
        backoffMs: FAST_BACKOFF,
        logger: this.logger,
        ...options,
      }),
    );
  }

  /** Process ids of all children that `supervise` started in this test. */
  starts(): number[] {
    return readFileSync(this.counter, 'utf8').trim().split('\n').map(Number);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
