import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';
import { loadConfig } from '../../src/config.js';

const text = readFileSync(join(PROJECT_ROOT, 'deploy/systemd/visavis.service'), 'utf8');
const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
const missing = spawnSync('systemd-analyze', ['--version']).status !== 0;

describe('the systemd unit', () => {
  it('gives conversations more time to end than the service takes', () => {
    expect(Number(value('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(loadConfig({}).drainMs + 10_000);
    expect(value('KillMode')).toBe('mixed');
  });

  it('lets the pacer have the priorities that it asks for', () => {
    const source = readFileSync(join(PROJECT_ROOT, 'src/media/pacer-priority.ts'), 'utf8');
    expect(Number(value('LimitRTPRIO'))).toBe(Number(/PACER_PRIORITY = (\d+);/.exec(source)?.[1]) + 1);
    expect(text).not.toMatch(/^(RestrictRealtime|MemoryDenyWriteExecute)=/m);
  });

  it.skipIf(missing)('is understood by systemd (skipped where systemd-analyze is missing)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'visavis-unit-'));
    try {
      const path = join(folder, 'visavis.service');
      writeFileSync(path, text);
      const verify = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
      const complaints = `${verify.stdout}${verify.stderr}`
        .split('\n')
        .filter((line) => line.includes('visavis.service'));
      expect(complaints).toEqual([]);
      const security = spawnSync('systemd-analyze', ['security', '--offline=true', path], { encoding: 'utf8' });
      const exposure = Number(/exposure level for visavis.service: ([\d.]+)/.exec(security.stdout)?.[1]);
      expect(exposure).toBeLessThanOrEqual(2.5);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
