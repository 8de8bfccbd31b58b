import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READY_LIMIT_MS = 15_000;

/** Debian's redis-server on a port of its own, without persistence; it can be killed, stopped and started again on that port. */
export class TestRedis {
  readonly port: number;
  readonly url: string;
  readonly #password: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'visavis-redis-'));
  #child: ChildProcess | undefined;

  static async start(options: { password?: string } = {}): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), options.password);
    await redis.up();
    return redis;
  }

  private constructor(port: number, password: string | undefined) {
    this.port = port;
    this.#password = password;
    this.url = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`;
  }

  /** Starts it (again), empty. */
  async up(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    if (this.#password !== undefined) settings.push('--requirepass', this.#password);
    const child = spawn('redis-server', [...settings, '--dir', this.#folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    // Not even a test that failed leaves it behind.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.removeListener('exit', kill));
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('redis-server was not ready in time')), READY_LIMIT_MS);
      let out = '';
      child.stdout?.on('data', (data: Buffer) => {
        out += data;
        if (!out.includes('Ready to accept connections')) return;
        clearTimeout(limit);
        resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}\n${out}`)));
    });
  }

  /** Kills it; what it knew is gone. */
  async down(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** It keeps its connections but does not answer, until `thaw()`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Below those that Linux gives to connections by itself (from 32768, ip(7)): none of them takes such a port until it is used. */
const PORTS = { min: 20_000, max: 31_999 };
const PORT_TRIES = 50;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let i = 0; i < PORT_TRIES; i++) {
    const port = PORTS.min + Math.floor(Math.random() * (PORTS.max - PORTS.min + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${PORT_TRIES} ports from ${PORTS.min} to ${PORTS.max} was free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
