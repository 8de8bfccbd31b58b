import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';

const SCRIPT = fileURLToPath(new URL('../support/guardian-process.mjs', import.meta.url));

vi.setConfig({ testTimeout: 120_000 });

let guardian: ChildProcess;
afterEach(() => {
  guardian.kill('SIGKILL');
});

async function start(): Promise<void> {
  guardian = spawn(process.execPath, [SCRIPT], {
    env: {
      PATH: process.env['PATH'],
      VISAVIS_PORT: '0',
      VISAVIS_RTC_PORT: '0',
      VISAVIS_LINK_PORTS: '42000-42900',
      VISAVIS_LOG_LEVEL: 'silent',
      VISAVIS_STANDBY: 'on',
      VISAVIS_ADMISSION: 'off',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    guardian.stdout?.once('data', () => resolve());
    guardian.once('exit', (code) => reject(new Error(`the guardian ended with code ${code}`)));
  });
}

/** Every process below the guardian that is not a zombie. */
function family(): { pid: number; command: string }[] {
  const list = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  const all = list
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, ppid, stat, command = '']) => ({ pid: Number(pid), ppid: Number(ppid), stat, command }));
  const below = (parent: number): typeof all =>
    all.filter(({ ppid }) => ppid === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(guardian.pid as number);
}

function running(pids: number[]): number[] {
  const list = execFileSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' });
  const alive = new Set(
    list
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, stat]) => !stat?.startsWith('Z'))
      .map(([pid]) => Number(pid)),
  );
  return pids.filter((pid) => alive.has(pid));
}

it.each(['SIGKILL', 'SIGTERM'] as const)('nothing outlives a guardian that ends by %s', async (signal) => {
  await start();
  // A spare avatar worker and a spare media worker follow on their own.
  await eventually(() => {
    const commands = family().map(({ command }) => command);
    expect(commands.filter((command) => command.includes('gateway-process'))).toHaveLength(2);
    expect(commands.some((command) => command.includes('mediasoup-worker'))).toBe(true);
    expect(commands.filter((command) => command.includes('fake-avatar-worker')).length).toBeGreaterThanOrEqual(2);
    expect(commands.some((command) => command.includes('fake-speech-worker'))).toBe(true);
  });
  const pids = family().map(({ pid }) => pid);
  const gone = new Promise((resolve) => guardian.once('exit', resolve));
  guardian.kill(signal);
  await gone;
  await eventually(() => expect(running(pids)).toEqual([]));
});
