import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DISCLOSURE_OFF } from '../src/config.js';
import { formatDoctorReport, runDoctor } from '../src/doctor.js';

const env = (more: Record<string, string> = {}) => ({ PATH: process.env['PATH'], ...more });
const lineOf = (report: Awaited<ReturnType<typeof runDoctor>>, subject: string) =>
  report.lines.find((line) => line.subject === subject);

let folder: string | undefined;
let server: Server | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  server?.close();
  folder = server = undefined;
});

describe('runDoctor', () => {
  it('finds everything that set-up provided', async () => {
    const report = await runDoctor(env({ VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0' }));
    expect(report.lines.filter((line) => line.state === 'missing')).toEqual([]);
    expect(report.ok).toBe(true);
    expect(lineOf(report, 'onnxruntime')?.detail).toContain('cpu');
  });

  it('names every missing model and the worker, and what to type, when the cache is empty', async () => {
    folder = await mkdtemp(join(tmpdir(), 'doctor-test-'));
    vi.stubEnv('VISAVIS_CACHE', folder);
    vi.stubEnv('MEDIASOUP_WORKER_BIN', '/nowhere/mediasoup-worker');
    const report = await runDoctor(env());
    expect(report.ok).toBe(false);
    expect(lineOf(report, 'model kokoro-v1.0.onnx')).toMatchObject({
      state: 'missing',
      mend: 'node scripts/setup.mjs',
    });
    expect(lineOf(report, 'mediasoup worker')?.detail).toContain('/nowhere/mediasoup-worker');
    expect(lineOf(report, 'models "voices"')).toMatchObject({
      state: 'note',
      mend: 'node scripts/setup.mjs --with voices',
    });
  });

  it('needs the fast voice only when it may be spoken with', async () => {
    folder = await mkdtemp(join(tmpdir(), 'doctor-test-'));
    vi.stubEnv('VISAVIS_CACHE', folder);
    const mend = 'node scripts/setup.mjs --with piper';
    for (const speech of ['auto', 'piper']) {
      const report = await runDoctor(env({ VISAVIS_SPEECH: speech }));
      expect(lineOf(report, 'model piper-libritts.onnx')).toMatchObject({ state: 'missing', mend });
    }
    const report = await runDoctor(env({ VISAVIS_SPEECH: 'kokoro' }));
    expect(lineOf(report, 'models "piper"')).toMatchObject({ state: 'note', mend });
  });

  it('tells what visitors are told, and warns when that is nothing', async () => {
    const told = lineOf(await runDoctor(env({ VISAVIS_LANGUAGE: 'de' })), 'disclosure');
    expect(told).toMatchObject({ state: 'ok', detail: expect.stringContaining('badge "KI"') });
    const off = lineOf(await runDoctor(env({ VISAVIS_DISCLOSURE_OFF: DISCLOSURE_OFF })), 'disclosure');
    expect(off).toMatchObject({ state: 'note', detail: expect.stringContaining('VISAVIS_DISCLOSURE_OFF is set') });
  });

  it('passes on what is wrong with the configuration', async () => {
    const report = await runDoctor(env({ VISAVIS_PORT: 'many' }));
    expect(report.ok).toBe(false);
    expect(lineOf(report, 'configuration')?.detail).toContain('VISAVIS_PORT');
  });

  it('tells which port is taken and which setting changes it', async () => {
    server = createServer();
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const report = await runDoctor(env({ VISAVIS_PORT: String(port) }));
    expect(lineOf(report, 'HTTP port')).toMatchObject({ state: 'note', mend: expect.stringContaining('VISAVIS_PORT') });
  });

  it('notes a browser that is not there, without failing', async () => {
    const report = await runDoctor({ PATH: '/nowhere', VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0' });
    expect(lineOf(report, 'Chromium')?.state).toBe('note');
    expect(report.ok).toBe(true);
  });
});

describe('formatDoctorReport', () => {
  it('puts the way to mend under what is missing', () => {
    const lines = [
      { subject: 'Node', state: 'ok' as const, detail: '20.20.0' },
      { subject: 'models', state: 'missing' as const, detail: 'none', mend: 'node scripts/setup.mjs' },
    ];
    expect(formatDoctorReport({ ok: false, lines })).toBe(
      'ok   Node    20.20.0\nMISS models  none\n             → node scripts/setup.mjs\n\nSomething that is needed is missing.\n',
    );
  });
});
