import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { eventually } from './eventually.js';
import { freePort } from './redis.js';

interface Series {
  metric: Record<string, string>;
  value: [number, string];
}

interface Answer<T> {
  status: 'success' | 'error';
  data: T;
  error?: string;
}

export interface RuleGroup {
  name: string;
  rules: { name: string; query: string; health: string; lastError?: string }[];
}

export interface Target {
  labels: Record<string, string>;
  health: string;
  lastError: string;
}

/** Runs Debian's promtool; resolves with its output, rejects with it when promtool finds something wrong. */
export async function promtool(...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)('promtool', args);
    return stdout + stderr;
  } catch (thrown) {
    const { stdout = '', stderr = '', message } = thrown as { stdout?: string; stderr?: string; message: string };
    throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}${message}`);
  }
}

/** Debian's Prometheus on a port of its own, with an empty database. */
export class TestPrometheus {
  readonly #url: string;
  readonly #folder: string;
  readonly #child: ChildProcess;

  /** Resolves when it answers queries. */
  static async start(config: unknown): Promise<TestPrometheus> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'visavis-prometheus-'));
    const path = join(folder, 'prometheus.yml');
    writeFileSync(path, stringify(config));
    const listen = `127.0.0.1:${port}`;
    const args = [`--config.file=${path}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    const child = spawn('prometheus', [...args, `--web.listen-address=${listen}`, '--log.level=warn'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr?.on('data', (data: Buffer) => {
      output = (output + data).slice(-4_000);
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`prometheus ended with code ${code}\n${output}`)));
    });
    failed.catch(() => {});
    const prometheus = new TestPrometheus(`http://${listen}`, folder, child);
    try {
      const ready = eventually(async () => {
        const { ok } = await fetch(`http://${listen}/-/ready`);
        if (!ok) throw new Error(`prometheus is not ready\n${output}`);
      });
      await Promise.race([ready, failed]);
    } catch (thrown) {
      await prometheus.close();
      throw thrown;
    }
    return prometheus;
  }

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.#url = url;
    this.#folder = folder;
    this.#child = child;
  }

  /** An instant query; rejects with Prometheus's words when `expression` is wrong. */
  async query(expression: string): Promise<Series[]> {
    return (await this.#ask<{ result: Series[] }>(`query?${new URLSearchParams({ query: expression })}`)).result;
  }

  async rules(): Promise<RuleGroup[]> {
    return (await this.#ask<{ groups: RuleGroup[] }>('rules')).groups;
  }

  async targets(): Promise<Target[]> {
    return (await this.#ask<{ activeTargets: Target[] }>('targets?state=active')).activeTargets;
  }

  async close(): Promise<void> {
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as Answer<T>;
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
}
