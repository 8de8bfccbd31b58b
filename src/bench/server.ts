import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../cache.js';
import { processesAtWork } from './service-processes.js';

/** What else runs on the machine must not decide how many sessions there may be, and nobody waits for the last of them. */
const STANDARD = {
  ...{ VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0', VISAVIS_LOG_LEVEL: 'warn' },
  ...{ VISAVIS_ADMISSION: 'off', VISAVIS_DRAIN_S: '0' },
};
const READY_LIMIT_MS = 120_000;
const MAX_OUTPUT = 200_000;

/** The real service as a child process, on free ports of this machine. */
export class BenchServer {
  readonly url: string;
  /** From the start of the process to its "ready". */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  #output = '';

  /** `before`: words to put before the command, such as those that run it in a network namespace. */
  static create(env: Record<string, string>, before: readonly string[] = []): Promise<BenchServer> {
    const cli = join(PROJECT_ROOT, 'dist/cli.js');
    const startedAt = performance.now();
    const [program = process.execPath, ...rest] = [...before, process.execPath, cli, 'serve'];
    const child = spawn(program, rest, {
      env: { ...process.env, ...STANDARD, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endWithThisProcess(child);
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the service was not ready within ${READY_LIMIT_MS} ms`));
      }, READY_LIMIT_MS);
      let out = '';
      let server: BenchServer | undefined;
      child.stdout?.on('data', (data: Buffer) => {
        out = (out + data).slice(-MAX_OUTPUT);
        if (server !== undefined) server.#output = out;
        const url = /is ready.*?(http:\/\/\S+)/.exec(out)?.[1];
        if (url === undefined || server !== undefined) return;
        clearTimeout(limit);
        server = new BenchServer(child, url, performance.now() - startedAt);
        resolve(server);
      });
      child.once('exit', (code) => reject(new Error(`the service ended with code ${code}\n${out}`)));
    });
  }

  private constructor(child: ChildProcess, url: string, readyMs: number) {
    this.#child = child;
    this.url = url;
    this.readyMs = readyMs;
  }

  /** The end of what it wrote to stdout. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Ids of the processes at work by role: gateway, media, avatar, speech; and guardian, where there is one. */
  pids(): Record<string, number> {
    return processesAtWork(this.pid);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** A measurement that is broken off leaves no service behind. */
function endWithThisProcess(child: ChildProcess): void {
  process.once('exit', () => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
}
