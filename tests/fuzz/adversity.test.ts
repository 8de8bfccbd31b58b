import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cacheFolder, mediasoupWorkerBin, PROJECT_ROOT } from '../../src/cache.js';
import { type Launched, launch } from '../support/launch.js';

const DAY_MS = 86_400_000;

let service: Launched | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await service?.close();
  service = undefined;
});

describe('a clock that jumps', () => {
  it.each([
    ['ten years ahead', 3_650 * DAY_MS],
    ['ten years back', -3_650 * DAY_MS],
  ])('%s ends no session, expires no token early and keeps none alive', async (_what, jumpMs) => {
    service = await launch({ VISAVIS_TOKEN_TTL_S: '4', VISAVIS_IDLE_TIMEOUT_S: '60', VISAVIS_MAX_SESSION_S: '60' });
    const { session } = await service.joined();
    const [unused, late] = [await service.createSession(), await service.createSession()];
    // socket.io's client takes its connection for lost when its own clock jumps: what is tested here are the connections after.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jumpMs });
    const newcomer = await service.connect();
    await newcomer.data('join', { token: unused.token });
    const again = await service.connect();
    expect(await again.data('join', { token: session.token })).toMatchObject({ sessionId: session.sessionId });
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    const tooLate = await service.connect();
    expect((await tooLate.error('join', { token: late.token })).code).toMatch(/^(unauthorized|not-found)$/);
    await again.data('say', { text: 'still here' });
    await again.event('utterance-end', ({ text }) => text === 'still here');
    expect(again.events.filter(({ name }) => name === 'closed' || name === 'session-error')).toEqual([]);
  });
});

/** The command line with this environment: what it wrote, and how it ended by itself or when `until` had been written. */
function command(args: string[], env: Record<string, string>, until?: RegExp) {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist/cli.js'), ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const hear = (data: Buffer) => {
    text += data;
    if (until?.test(text)) child.kill('SIGTERM');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise<{ code: number | null; text: string }>((resolve) => {
    child.once('exit', (code) => resolve({ code, text }));
  });
}

const mayMount = process.getuid?.() === 0 && canMount();

function canMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'visavis-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(at);
  }
}
if (!mayMount) console.warn('tests of full and read-only file systems are skipped: mounting them needs root');

describe.skipIf(!mayMount)('a cache that cannot be written', () => {
  let at: string | undefined;
  afterEach(() => {
    if (at === undefined) return;
    execFileSync('umount', [at]);
    rmdirSync(at);
    at = undefined;
  });

  function mounted(options: string): string {
    at = mkdtempSync(join(tmpdir(), 'visavis-mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at]);
    return at;
  }

  it.each([
    ['read-only', 'ro'],
    ['full', 'size=4k,nr_inodes=2'],
  ])(
    'because it is %s, and empty: doctor and serve name what is missing and end',
    async (_what, options) => {
      const env = { VISAVIS_CACHE: join(mounted(options), 'cache'), MEDIASOUP_WORKER_BIN: mediasoupWorkerBin() };
      const doctor = await command(['doctor'], env);
      expect(doctor.code).toBe(1);
      expect(doctor.text).toMatch(/MISS model .*\n +→ node scripts\/setup\.mjs/);
      const serve = await command(['serve'], { ...env, VISAVIS_DEV_TLS: 'on', VISAVIS_SPEECH: 'piper' });
      expect(serve.code).toBe(1);
      expect(serve.text).toMatch(/model file .* is missing .*run .*node scripts\/setup\.mjs/);
      expect(serve.text).toMatch(/^visavis: the speech worker does not start/m);
    },
    120_000,
  );

  it('but holds the models is enough to serve from', async () => {
    at = mkdtempSync(join(tmpdir(), 'visavis-mount-'));
    execFileSync('mount', ['--bind', cacheFolder(), at]);
    execFileSync('mount', ['-o', 'remount,bind,ro', at]);
    const env = { VISAVIS_CACHE: at, VISAVIS_SPEECH: 'piper', VISAVIS_STANDBY: 'off' };
    const { code, text } = await command(['serve'], env, /is ready after/);
    expect(text).toContain('Visavis is ready after');
    expect(code).toBe(0);
  }, 120_000);
});
