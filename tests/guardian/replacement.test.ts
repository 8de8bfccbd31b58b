import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { VisavisError } from '../../src/errors.js';
import { Guardian, type GuardianOptions } from '../../src/guardian/guardian.js';
import { RemoteSpeech } from '../../src/guardian/remote-speech.js';
import { createLogger } from '../../src/log.js';
import type { SpeechService } from '../../src/worker/speech-supervisor.js';
import { eventually } from '../support/eventually.js';

const FAKE_GATEWAY = fileURLToPath(new URL('../support/fake-gateway.mjs', import.meta.url));
const STATE = {
  isUp: false,
  restarts: 0,
  socketPath: '/nowhere/speech.sock',
  pid: undefined,
  sparePid: undefined,
  standardVoice: undefined,
};

let guardian: Guardian | undefined;
afterEach(async () => {
  await guardian?.close();
  guardian = undefined;
});

function start(options: Partial<GuardianOptions>, standby = 'auto'): Guardian {
  guardian = new Guardian(loadConfig({ VISAVIS_STANDBY: standby }), {
    env: { PATH: process.env['PATH'] ?? '' },
    logger: createLogger('test', 'silent'),
    gatewayEntry: FAKE_GATEWAY,
    speech: speech(Promise.resolve()),
    spareAfterMs: 0,
    ...options,
  });
  return guardian;
}

function speech(started: Promise<void>): SpeechService {
  return { ...STATE, isUp: true, start: () => started, close: async () => {} };
}

describe('a guardian without memory for a spare gateway', () => {
  it('asks again, and starts one when there is enough', async () => {
    let asked = 0;
    const guardian = start({ isSpareAffordable: () => ++asked > 3, spareRecheckMs: 10 });
    await guardian.ready;
    await eventually(() => expect(guardian.hasSpare).toBe(true));
    expect(asked).toBe(4);
  });

  it('has none as long as there is not', async () => {
    let asked = 0;
    const isSpareAffordable = () => {
      asked++;
      return false;
    };
    const guardian = start({ isSpareAffordable, spareRecheckMs: 10 });
    await guardian.ready;
    await eventually(() => expect(asked).toBeGreaterThan(3));
    expect(guardian.pids.spare).toBeUndefined();
    await guardian.close();
    const askedBefore = asked;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBe(askedBefore);
  });
});

describe('a gateway that dies while it loads', () => {
  it('is replaced after growing waits, also when its predecessor lived long', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'visavis-test-'));
    const counter = join(folder, 'starts');
    const starts = () => readFileSync(counter, 'utf8').length;
    try {
      const guardian = start({ env: { PATH: process.env['PATH'] ?? '', FAKE_STARTS: counter } }, 'off');
      await guardian.ready;
      vi.spyOn(performance, 'now').mockImplementation(() => 3_600_000 + process.uptime() * 1_000);
      process.kill(guardian.pids.active as number, 'SIGKILL');
      // Two at once, then after 250 and 500 ms.
      await eventually(() => expect(starts()).toBe(3));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(starts()).toBeLessThanOrEqual(5);
      await guardian.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a speech service that cannot be started', () => {
  const failure = new VisavisError('unavailable', 'the speech worker does not start');

  it('ends the start of the service', async () => {
    await expect(start({ speech: speech(Promise.reject(failure)) }).ready).rejects.toBe(failure);
  });

  it('takes nothing from a service that runs', async () => {
    let fail!: (error: Error) => void;
    const started = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const guardian = start({ speech: speech(started) });
    await guardian.ready;
    const { active } = guardian.pids;
    fail(failure);
    await eventually(() => expect(guardian.hasSpare).toBe(true));
    expect(guardian.pids.active).toBe(active);
    expect(guardian.restarts).toBe(0);
  });
});

describe('RemoteSpeech', () => {
  it('has started once the guardian says that it is up', async () => {
    const remote = new RemoteSpeech(STATE);
    let started = false;
    const start = remote.start().then(() => {
      started = true;
    });
    remote.update({ ...STATE, restarts: 1 });
    await Promise.resolve();
    expect([started, remote.isUp, remote.restarts]).toEqual([false, false, 1]);
    remote.update({ ...STATE, isUp: true, pid: 7 });
    await start;
    expect([remote.isUp, remote.pid]).toEqual([true, 7]);
  });
});
