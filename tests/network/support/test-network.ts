import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CHROMIUM } from '../../../src/bench/browser.js';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('./link-emulator.cc', import.meta.url));
const INTERFACE = 'vv0';
const NETWORK = '10.77.0';

export const SERVER_IP = `${NETWORK}.1`;
export const VISITOR_IP = `${NETWORK}.2`;

/** Why tests over a network of their own cannot run here; undefined when they can. */
export function networkMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'network tests need root, for network namespaces';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    const probe = `visavis-probe-${process.pid}`;
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', probe], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `network tests need network namespaces and /dev/net/tun: ${(error as Error).message.trim()}`;
  }
}

/**
 * Two hosts, as network namespaces, with nothing but one link between them, which `impair` makes as bad as wanted. `close()` ends what
 * was started in them and takes them away.
 */
export class TestNetwork {
  readonly server: string;
  readonly visitor: string;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();
  #emulator: ChildProcess | undefined;
  #answered: ((answer: string) => void)[] = [];

  static async create(): Promise<TestNetwork> {
    const network = new TestNetwork();
    try {
      await network.#setUp();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  private constructor() {
    const id = `${process.pid.toString(36)}${Math.floor(Math.random() * 46_656).toString(36)}`;
    this.server = `vvs-${id}`;
    this.visitor = `vvv-${id}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'visavis-network-'));
  }

  /** A program that runs Chromium on the visitor's host, for whoever starts it by its path. */
  get chromium(): string {
    const path = join(this.#folder, 'chromium');
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${this.visitor} ${CHROMIUM} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** The words to put before a command that is to run on that host. */
  on(host: string): string[] {
    return ['ip', 'netns', 'exec', host];
  }

  /** Commands of `link-emulator.cc`. */
  async impair(...commands: string[]): Promise<void> {
    for (const command of commands) {
      const answer = new Promise<string>((resolve) => this.#answered.push(resolve));
      this.#emulator?.stdin?.write(`${command}\n`);
      if ((await answer) !== 'ok') throw new Error(`the link does not understand "${command}"`);
    }
  }

  /** Runs to its end on that host; resolves with what it wrote to stdout. */
  async run(host: string, ...command: string[]): Promise<string> {
    const [ip, ...rest] = [...this.on(host), ...command];
    return (await run(ip as string, rest)).stdout;
  }

  /** Runs on that host until `close()`. */
  spawn(host: string, ...command: string[]): ChildProcess {
    const [ip, ...rest] = [...this.on(host), ...command];
    return this.#adopt(spawn(ip as string, rest, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** The visitor's machine moves: its address goes, `offlineMs` later there is another one. */
  async moveVisitor(toIp: string, offlineMs: number): Promise<void> {
    const addresses = ['ip', '-n', this.visitor, 'addr'];
    await command([...addresses, 'flush', 'dev', INTERFACE, 'scope', 'global']);
    await command(['ip', '-n', this.visitor, 'link', 'set', INTERFACE, 'down']);
    await new Promise((resolve) => setTimeout(resolve, offlineMs));
    await this.#configure(this.visitor, toIp);
  }

  async close(): Promise<void> {
    const ended = [...this.#children].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(ended);
    for (const host of [this.server, this.visitor]) await command(['ip', 'netns', 'del', host]).catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #setUp(): Promise<void> {
    const binary = join(this.#folder, 'link-emulator');
    await command(['g++', '-O2', '-std=c++17', '-o', binary, SOURCE]);
    for (const host of [this.server, this.visitor]) await command(['ip', 'netns', 'add', host]);
    const ends = [this.server, INTERFACE, this.visitor, INTERFACE];
    const emulator = this.#adopt(spawn(binary, ends, { stdio: ['pipe', 'pipe', 'inherit'] }));
    this.#emulator = emulator;
    const ready = new Promise<string>((resolve, reject) => {
      this.#answered.push(resolve);
      emulator.once('exit', (code) => reject(new Error(`the link ended with code ${code}`)));
    });
    createInterface({ input: emulator.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#answered.shift()?.(line);
    });
    await ready;
    await this.#configure(this.server, SERVER_IP);
    await this.#configure(this.visitor, VISITOR_IP);
  }

  async #configure(host: string, ip: string): Promise<void> {
    await command(['ip', '-n', host, 'link', 'set', 'lo', 'up']);
    await command(['ip', '-n', host, 'addr', 'add', `${ip}/24`, 'dev', INTERFACE]);
    await command(['ip', '-n', host, 'link', 'set', INTERFACE, 'up']);
    const gateway = host === this.server ? VISITOR_IP : SERVER_IP;
    await command(['ip', '-n', host, 'route', 'replace', 'default', 'via', gateway]);
  }

  #adopt(child: ChildProcess): ChildProcess {
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

async function command([program, ...rest]: string[]): Promise<void> {
  await run(program as string, rest);
}
