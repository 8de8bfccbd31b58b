import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SupervisorOptions, WorkerSupervisor } from '../../src/worker/supervisor.js';
import { eventually } from '../support/eventually.js';
import { FAKE_AVATAR_WORKER, FAKE_SPEECH_WORKER } from '../support/launch.js';
import { FAST_BACKOFF, isAlive, REPORTING_CHILD, SCRIPTED_CHILD, SupervisedTests } from '../support/supervised.js';

const tests = new SupervisedTests();
const starts = () => tests.starts();

describe('SupervisedProcess', () => {
  it('resolves with the ready message and passes all others on, with only the environment it was given', async () => {
    const child = tests.supervise('ready');
    const messages: unknown[] = [];
    child.onMessage((message) => messages.push(message));
    expect(await child.start()).toEqual({ type: 'ready', engines: ['one'] });
    expect(child.send({ type: 'hello', bytes: new Uint8Array([1, 2]) })).toBe(true);
    await eventually(() => expect(messages).toHaveLength(1));
    expect(messages[0]).toEqual({
      type: 'echo',
      message: { type: 'hello', bytes: new Uint8Array([1, 2]) },
      environment: 'given',
    });
  });

  it('restarts a child that dies, and says when it is down and up', async () => {
    const child = tests.supervise('ready');
    const changes: string[] = [];
    child.onDown(() => changes.push('down'));
    child.onUp(() => changes.push('up'));
    await child.start();
    for (let round = 1; round <= 3; round++) {
      child.send({ type: 'die', code: round });
      await eventually(() => expect(changes).toHaveLength(1 + 2 * round));
    }
    expect(changes).toEqual(['up', 'down', 'up', 'down', 'up', 'down', 'up']);
    expect(child.restarts).toBe(3);
    expect(new Set(starts()).size).toBe(4);
  });

  it('takes no message while no child is ready', async () => {
    const child = tests.supervise('ready');
    expect(child.send({ type: 'hello' })).toBe(false);
    await child.start();
    const whileDown: boolean[] = [];
    child.onDown(() => whileDown.push(child.send({ type: 'hello' })));
    child.send({ type: 'die', code: 1 });
    await eventually(() => expect(whileDown).toEqual([false]));
  });

  it('gives up after three first starts that fail, and says how they ended', async () => {
    const child = tests.supervise('fail');
    await expect(child.start()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/exit code 7/),
    });
    expect(starts()).toHaveLength(3);
  });

  it('kills and restarts a child that does not become ready', async () => {
    const child = tests.supervise('mute', { readyLimitMs: 1_000 });
    await expect(child.start()).rejects.toMatchObject({ message: expect.stringMatching(/signal SIGKILL/) });
    expect(starts()).toHaveLength(3);
    expect(starts().some(isAlive)).toBe(false);
  });

  it('ends its child on close, also one that ignores the request', async () => {
    const stubborn = tests.supervise('stubborn');
    await stubborn.start();
    const pid = stubborn.pid as number;
    await stubborn.close();
    expect(isAlive(pid)).toBe(false);
    expect(starts()).toHaveLength(1);
  });

  it('can be closed while it starts', async () => {
    const child = tests.supervise('mute');
    const started = expect(child.start()).rejects.toMatchObject({ code: 'unavailable' });
    await eventually(() => expect(existsSync(tests.counter)).toBe(true));
    await child.close();
    await started;
    expect(starts().some(isAlive)).toBe(false);
  });
});

describe('WorkerSupervisor', () => {
  const env = { PATH: process.env['PATH'] ?? '' };
  const workers = (options: Partial<SupervisorOptions> = {}) =>
    tests.own(
      new WorkerSupervisor({
        avatarEntry: FAKE_AVATAR_WORKER,
        speechEntry: FAKE_SPEECH_WORKER,
        env,
        logger: tests.logger,
        backoffMs: FAST_BACKOFF,
        ...options,
      }),
    );

  it('starts both workers and restarts the one that dies, not the other', async () => {
    const supervisor = workers();
    await supervisor.start();
    expect(supervisor.isReady).toBe(true);
    const [speechPid, avatarPid] = [supervisor.speech.pid, supervisor.avatar.pid as number];
    process.kill(avatarPid, 'SIGKILL');
    await eventually(() => expect(supervisor.avatar.restarts).toBe(1));
    await eventually(() => expect(supervisor.isReady).toBe(true));
    expect(supervisor.speech.pid).toBe(speechPid);
    expect(supervisor.avatar.pid).not.toBe(avatarPid);
  });

  it('lets the workers meet where no other user can, and removes the place with them', async () => {
    const report = join(tests.folder, 'arguments.json');
    const supervisor = workers({ speechEntry: REPORTING_CHILD, env: { ...env, REPORT: report } });
    await supervisor.start();
    const [flag, socketPath] = JSON.parse(readFileSync(report, 'utf8')) as [string, string];
    expect(flag).toBe('--socket');
    expect(statSync(dirname(socketPath)).mode & 0o777).toBe(0o700);
    await supervisor.close();
    expect(existsSync(dirname(socketPath))).toBe(false);
  });

  it('ends the speech worker when the avatar worker cannot be started', async () => {
    const supervisor = workers({ avatarEntry: SCRIPTED_CHILD, env: { ...env, MODE: 'fail' } });
    await expect(supervisor.start()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/avatar worker does not start/),
    });
    expect(isAlive(supervisor.speech.pid as number)).toBe(false);
  });
});
