import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** Debian's. */
export const CHROMIUM = '/usr/bin/chromium';
/** For pages that are only looked at. */
export const PAGE_FLAGS = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'];
const FLAGS = [
  ...PAGE_FLAGS,
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
];

export interface BrowserOptions {
  /** A program that runs Chromium, in place of Debian's. */
  executable?: string;
  /** Origin that gets the microphone although it is neither local nor encrypted. */
  trustedOrigin?: string;
}

export interface WatchBox {
  x: number;
  y: number;
  width: number;
  height: number;
  darkBelow: number;
}

export interface FrameSeen {
  rtp: number;
  presentedAt: number;
  displayAt: number;
  receivedAt?: number;
  luma: number;
  dark: number;
}

export interface Clock {
  frame: number;
  wallMs: number;
  nowFrame: number;
  nowWallMs: number;
}

/** A real Chromium on the talk page, with the bench's microphone and recorder (`probe.browser.js`). */
export class BenchBrowser {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #profile: string;

  static async create({ executable = CHROMIUM, trustedOrigin }: BrowserOptions = {}): Promise<BenchBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'visavis-bench-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      headless: true,
      args:
        trustedOrigin === undefined ? FLAGS : [...FLAGS, `--unsafely-treat-insecure-origin-as-secure=${trustedOrigin}`],
      bypassCSP: true,
      viewport: { width: 1280, height: 800 },
    });
    // The source lies beside the compiled bench's TypeScript; it is browser code and is not compiled.
    const probe = fileURLToPath(new URL('../../src/bench/probe.browser.js', import.meta.url));
    await context.addInitScript({ content: readFileSync(probe, 'utf8') });
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('pageerror', (error) => process.stderr.write(`page: ${error.message}\n`));
    return new BenchBrowser(context, page, profile);
  }

  private constructor(context: BrowserContext, page: Page, profile: string) {
    this.#context = context;
    this.page = page;
    this.#profile = profile;
  }

  /** Evaluates an expression in the page. */
  evaluate<T>(expression: string): Promise<T> {
    return this.page.evaluate(expression) as Promise<T>;
  }

  /** Waits until the expression is true in the page. */
  async until(expression: string, limitMs: number): Promise<void> {
    await this.page.waitForFunction(expression, undefined, { timeout: limitMs, polling: 50 });
  }

  /** Speaks 48 kHz PCM into the microphone; resolves at its end with the frames of its first and last sample. */
  speak(pcm: Int16Array): Promise<{ first: number; last: number }> {
    const base64 = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
    return this.evaluate(`bench.play('${base64}', 48000)`);
  }

  /** Stops every process of the browser, as a machine does that falls asleep; `wake()` lets them go on. */
  sleep(): void {
    for (const pid of this.#pids()) process.kill(pid, 'SIGSTOP');
  }

  wake(): void {
    for (const pid of this.#pids().reverse()) process.kill(pid, 'SIGCONT');
  }

  /** Parents before children. */
  #pids(): number[] {
    const found = runningProcesses().filter(({ command }) => command.includes(this.#profile));
    const pids = new Set(found.map(({ pid }) => pid));
    for (const pid of pids) for (const child of childrenOf(pid)) pids.add(child);
    return [...pids];
  }

  async close(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

function runningProcesses(): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) found.push({ pid: Number(name), command: readProcess(`${name}/cmdline`) });
  }
  return found;
}

function childrenOf(pid: number): number[] {
  const list = readProcess(`${pid}/task/${pid}/children`).trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

/** Empty for a process that has ended meanwhile. */
function readProcess(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
