import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';
import { workerEnvironment } from '../../src/config.js';
import { modelFile } from '../../src/inference/models.js';

describe('the telemetry of onnxruntime', () => {
  it('is off in every worker, whatever the operator has set', () => {
    expect(workerEnvironment({})).toEqual({ ORT_DISABLE_TELEMETRY: '1' });
    expect(workerEnvironment({ ORT_DISABLE_TELEMETRY: '0' })).toEqual({ ORT_DISABLE_TELEMETRY: '1' });
  });

  it('is off in a process that loads the library through us', async () => {
    vi.stubEnv('ORT_DISABLE_TELEMETRY', '0');
    await import('../../src/inference/onnx.js');
    expect(process.env['ORT_DISABLE_TELEMETRY']).toBe('1');
    vi.unstubAllEnvs();
  });

  it('leaves no trace at home when it is off: this version of the library obeys', () => {
    const home = mkdtempSync(join(tmpdir(), 'visavis-home-'));
    try {
      const code =
        "require('onnxruntime-node').InferenceSession.create(process.argv[1]).then(() => setTimeout(() => process.exit(0), 500))";
      const child = spawnSync(process.execPath, ['-e', code, modelFile('silero-vad-v6.onnx')], {
        cwd: PROJECT_ROOT,
        env: { PATH: process.env['PATH'], HOME: home, ...workerEnvironment({}) },
        encoding: 'utf8',
      });
      expect(child).toMatchObject({ status: 0, stderr: '' });
      expect(readdirSync(home)).toEqual([]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
