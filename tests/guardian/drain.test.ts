import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';
import { eventually } from '../support/eventually.js';
import { type Guarded, launchGuarded } from '../support/guarded.js';

let service: Guarded | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

async function joined(env: Record<string, string>) {
  service = await launchGuarded(env);
  const [session, client] = await Promise.all([service.createSession(), service.connect()]);
  await client.data('join', { token: session.token });
  return { service, client };
}

async function answers(origin: string): Promise<boolean> {
  return fetch(`${origin}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe('a service that is asked to end', () => {
  it('waits for the conversations under way, and ends with the last one', async () => {
    const { service, client } = await joined({ VISAVIS_DRAIN_S: '60' });
    const ended = service.guardian.close(true);
    expect(await client.event('ending')).toEqual({ reason: 'shutdown', inMs: 60_000 });
    const refused = await fetch(`${service.origin}/v1/sessions`, { method: 'POST' });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await client.data('say', { text: 'the last word' });
    await client.event('utterance-end', ({ text }) => text === 'the last word');
    await client.data('leave', {});
    await ended;
    expect(await answers(service.origin)).toBe(false);
  });

  it('does not wait any longer when it is asked again', async () => {
    const { service, client } = await joined({ VISAVIS_DRAIN_S: '3600' });
    const ended = service.guardian.close(true);
    await client.event('ending');
    void service.guardian.close(false);
    expect(await client.event('closed')).toEqual({ reason: 'shutdown' });
    await ended;
    expect(await answers(service.origin)).toBe(false);
  });
});

describe('the command', () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  /** Until it serves HTTP; the speech models are still loading then. */
  async function serve(): Promise<string> {
    const args = [join(PROJECT_ROOT, 'dist/cli.js'), 'serve'];
    const env = { ...process.env, VISAVIS_PORT: '0', VISAVIS_RTC_PORT: '0', VISAVIS_STANDBY: 'off' };
    child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await vi.waitFor(() => expect(output).toContain('is starting'), { timeout: 30_000 });
    return output;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with code 0 on %s, also while it starts', async (signal) => {
    await serve();
    const exit = once(child as ChildProcess, 'exit');
    child?.kill(signal);
    child?.kill(signal);
    expect(await exit).toEqual([0, null]);
    await eventually(() => expect(child?.exitCode).toBe(0));
  });
});
