import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../cache.js';

const READY_LIMIT_MS = 120_000;

/** The real service as a child process, on free ports of this machine. */
export class BenchServer {
  readonly url: string;
  /** From the start of the process to its "ready". */
  readonly readyMs: number;
  readonly #child: ChildProcess;

  static create(env: Record<string, string>): Promise<BenchServer> {
    const cli = join(PROJECT_ROOT, 'dist/cli.js');
    const startedAt = performance.now();
    const child = spawn(process.execPath, [cli, 'serve'], {
      env: { ...process.env, VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0', VISAVIS_LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the service was not ready within ${READY_LIMIT_MS} ms`));
      }, READY_LIMIT_MS);
      let out = '';
      child.stdout?.on('data', (data: Buffer) => {
        out += data;
        const url = /is ready.*?(http:\/\/\S+)/.exec(out)?.[1];
        if (url === undefined) return;
        clearTimeout(limit);
        resolve(new BenchServer(child, url, performance.now() - startedAt));
      });
      child.once('exit', (code) => reject(new Error(`the service ended with code ${code}\n${out}`)));
    });
  }

  private constructor(child: ChildProcess, url: string, readyMs: number) {
    this.#child = child;
    this.url = url;
    this.readyMs = readyMs;
  }

  /** Process ids by role: gateway, media server, avatar worker, speech worker. */
  pids(): Record<string, number> {
    const gateway = this.#child.pid as number;
    const found: Record<string, number> = { gateway };
    for (const pid of childrenOf(gateway)) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (command.includes('mediasoup-worker')) found['media'] = pid;
      else if (command.includes('worker/avatar/')) found['avatar'] = pid;
      else if (command.includes('worker/speech/')) found['speech'] = pid;
    }
    return found;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}
