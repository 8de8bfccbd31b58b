import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { BenchServer } from '../../src/bench/server.js';
import { isAlive, serviceProcesses } from '../../src/bench/service-processes.js';
import { eventually } from '../support/eventually.js';
import { startService } from '../support/talk-page.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const START_LIMIT_MS = 180_000;

let service: BenchServer | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

const living = (pids: readonly number[]) => pids.filter(isAlive);
const below = (root: number) => serviceProcesses(root).map(({ pid }) => pid);

describe('no process outlives the service', () => {
  it(
    'that is killed: its gateways, workers and their spares end by themselves',
    async () => {
      service = await startService({ VISAVIS_STANDBY: 'on' });
      const roles = () => serviceProcesses(service!.pid).map(({ role }) => role);
      for (const role of ['avatar', 'speech', 'media'] as const) {
        await eventually(() => expect(roles().filter((each) => each === role).length).toBeGreaterThan(1), 120_000);
      }
      const pids = below(service.pid);
      process.kill(service.pid, 'SIGKILL');
      await eventually(() => expect(living(pids)).toEqual([]));
    },
    START_LIMIT_MS,
  );

  it(
    'that is killed while its models load',
    async () => {
      const env = { ...process.env, VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0', VISAVIS_LOG_LEVEL: 'silent' };
      const child = spawn(process.execPath, [CLI, 'serve'], { env, stdio: 'ignore' });
      const root = child.pid as number;
      await eventually(() => expect(serviceProcesses(root).some(({ role }) => role === 'speech')).toBe(true), 60_000);
      const pids = below(root);
      process.kill(root, 'SIGKILL');
      await eventually(() => expect(living(pids)).toEqual([]));
    },
    START_LIMIT_MS,
  );

  it(
    'when a visitor of the command line is killed, nor the visitor’s own WebRTC process',
    async () => {
      service = await startService();
      const talk = spawn(process.execPath, [CLI, 'talk', '--url', service.url, '--ask', 'Can you hear me?'], {
        stdio: 'ignore',
      });
      const root = talk.pid as number;
      await eventually(() => expect(below(root).length).toBeGreaterThan(1), 60_000);
      const pids = below(root);
      process.kill(root, 'SIGKILL');
      await eventually(() => expect(living(pids)).toEqual([]));
    },
    START_LIMIT_MS,
  );
});
