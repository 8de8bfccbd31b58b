import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canAffordSpare } from '../../src/worker/memory.js';
import { canRestorePriority } from '../../src/worker/priority.js';
import { RuntimeFolder } from '../../src/worker/runtime-folder.js';
import { SpeechSupervisor } from '../../src/worker/speech-supervisor.js';
import type { SupervisedProcess, SupervisedProcessOptions } from '../../src/worker/supervised-process.js';
import { eventually } from '../support/eventually.js';
import { FAST_BACKOFF, isAlive, REPORTING_CHILD, SupervisedTests } from '../support/supervised.js';

const tests = new SupervisedTests();
const starts = () => tests.starts();

function supervise(options: Partial<SupervisedProcessOptions> = {}): SupervisedProcess {
  return tests.supervise('ready', { standby: { delayMs: 10, isAffordable: () => true }, ...options });
}

describe('a process with a spare', () => {
  it('is replaced by it in the same moment, and a new spare follows', async () => {
    const child = supervise();
    const upWhenDown: boolean[] = [];
    const changes: string[] = [];
    child.onDown(() => {
      changes.push('down');
      queueMicrotask(() => upWhenDown.push(child.isUp));
    });
    child.onUp(() => changes.push(`up ${child.pid}`));
    await child.start();
    for (let round = 1; round <= 3; round++) {
      await eventually(() => expect(child.sparePid).toBeDefined());
      const [worker, spare] = [child.pid as number, child.sparePid as number];
      process.kill(worker, 'SIGKILL');
      await eventually(() => expect(child.restarts).toBe(round));
      expect(changes.slice(-2)).toEqual(['down', `up ${spare}`]);
    }
    expect(upWhenDown).toEqual([true, true, true]);
    await eventually(() => expect(starts()).toHaveLength(5));
  });

  it('may wait longer for its first spare than for later ones', async () => {
    const child = supervise({ standby: { firstDelayMs: 600_000, delayMs: 10, isAffordable: () => true } });
    await child.start();
    process.kill(child.pid as number, 'SIGKILL');
    await eventually(() => expect(child.sparePid).toBeDefined());
    expect(child.restarts).toBe(1);
    expect(starts()).toHaveLength(3);
  });

  it('does not get messages of the spare, and the spare none of its own', async () => {
    const child = supervise();
    const messages: unknown[] = [];
    child.onMessage((message) => messages.push(message));
    await child.start();
    await eventually(() => expect(child.sparePid).toBeDefined());
    child.send({ type: 'hello' });
    await eventually(() => expect(messages).toHaveLength(1));
  });

  it('loses only the spare when the spare dies, and gets another one', async () => {
    const child = supervise();
    const changes: string[] = [];
    child.onDown(() => changes.push('down'));
    await child.start();
    await eventually(() => expect(child.sparePid).toBeDefined());
    const [worker, spare] = [child.pid, child.sparePid as number];
    process.kill(spare, 'SIGKILL');
    await eventually(() => expect(child.sparePid ?? spare).not.toBe(spare));
    expect(child.pid).toBe(worker);
    expect(child.restarts).toBe(0);
    expect(changes).toEqual([]);
  });

  it('hands everything over that the dead one had sent before its end', async () => {
    const child = supervise();
    const messages: unknown[] = [];
    const beforeDown: number[] = [];
    child.onMessage((message) => messages.push(message));
    child.onDown(() => beforeDown.push(messages.length));
    await child.start();
    await eventually(() => expect(child.sparePid).toBeDefined());
    for (let i = 0; i < 200; i++) child.send({ type: 'hello', i });
    child.send({ type: 'die', code: 1 });
    await eventually(() => expect(beforeDown).toEqual([200]));
  });

  it('has none where it is not affordable', async () => {
    let asked = 0;
    const child = supervise({
      standby: {
        delayMs: 10,
        isAffordable: () => {
          asked++;
          return false;
        },
      },
    });
    await child.start();
    await eventually(() => expect(asked).toBe(1));
    expect(starts()).toHaveLength(1);
  });

  it('ends with it on close', async () => {
    const child = supervise();
    await child.start();
    await eventually(() => expect(child.sparePid).toBeDefined());
    await child.close();
    expect(starts()).toHaveLength(2);
    expect(starts().some(isAlive)).toBe(false);
  });

  it.skipIf(!canRestorePriority())('runs at its own priority after the promotion, and below it before', async () => {
    const child = supervise({ nice: getPriority() + 1 });
    await child.start();
    await eventually(() => expect(child.sparePid).toBeDefined());
    const spare = child.sparePid as number;
    expect(getPriority(spare)).toBe(Math.min(19, getPriority() + 11));
    process.kill(child.pid as number, 'SIGKILL');
    await eventually(() => expect(child.pid).toBe(spare));
    for (const thread of readdirSync(`/proc/${spare}/task`)) {
      expect(getPriority(Number(thread))).toBeLessThanOrEqual(getPriority() + 1);
    }
  });
});

describe('the rule for spares', () => {
  it('is the operator’s, and in between what is free', () => {
    expect(canAffordSpare('on', 4e9, 0)).toBe(true);
    expect(canAffordSpare('off', 4e9, 64e9)).toBe(false);
    expect(canAffordSpare('auto', 4e9, 4e9)).toBe(true);
    expect(canAffordSpare('auto', 4e9, 4e9 - 1)).toBe(false);
  });
});

describe('SpeechSupervisor', () => {
  const args = () =>
    readdirSync(tests.folder).map((name) => JSON.parse(readFileSync(join(tests.folder, name), 'utf8')) as string[]);

  function speech(standby: 'on' | 'off'): SpeechSupervisor {
    return tests.own(
      new SpeechSupervisor({
        entry: REPORTING_CHILD,
        env: { PATH: process.env['PATH'] ?? '', REPORT_FOLDER: tests.folder, STANDARD: 'piper' },
        logger: tests.logger,
        backoffMs: FAST_BACKOFF,
        standby,
        spareDelayMs: 10,
      }),
    );
  }

  it('leads one path to the worker at work, whichever that is', async () => {
    const supervisor = speech('on');
    await supervisor.start();
    expect(basename(readlinkSync(supervisor.socketPath))).toBe('speech-1.sock');
    await eventually(() => expect(supervisor.sparePid).toBeDefined());
    const spare = supervisor.sparePid;
    process.kill(supervisor.pid as number, 'SIGKILL');
    await eventually(() => expect(supervisor.pid).toBe(spare));
    expect(basename(readlinkSync(supervisor.socketPath))).toBe('speech-2.sock');
    expect(supervisor.restarts).toBe(1);
  });

  it('tells later workers what the first one measured', async () => {
    const supervisor = speech('on');
    await supervisor.start();
    expect(supervisor.standardVoice).toEqual({ standard: 'piper', kokoroMs: 612.5 });
    await eventually(() => expect(supervisor.sparePid).toBeDefined());
    const knowing = args().filter((list) => list.includes('--standard'));
    expect(args()).toHaveLength(2);
    expect(knowing).toHaveLength(1);
    expect(knowing[0]!.slice(2)).toEqual(['--standard', 'piper', '--kokoro-ms', '612.5']);
  });

  it('leaves no folder behind', async () => {
    const supervisor = speech('off');
    await supervisor.start();
    await supervisor.close();
    expect(existsSync(dirname(supervisor.socketPath))).toBe(false);
  });
});

describe('RuntimeFolder', () => {
  it('removes the folders of dead owners and no others', () => {
    const own = new RuntimeFolder(tests.folder);
    const [, namespace] = basename(own.path).split('-');
    const others = {
      dead: join(tests.folder, `visavis-${namespace}-4194999-12345-abcdef`),
      reused: join(tests.folder, `visavis-${namespace}-${process.pid}-1-abcdef`),
      elsewhere: join(tests.folder, 'visavis-1-4194999-12345-abcdef'),
      foreign: join(tests.folder, 'visavis-something-else'),
    };
    for (const path of Object.values(others)) mkdirSync(path);
    const next = new RuntimeFolder(tests.folder);
    expect(existsSync(own.path)).toBe(true);
    expect(existsSync(others.dead)).toBe(false);
    expect(existsSync(others.reused)).toBe(false);
    expect(existsSync(others.elsewhere)).toBe(true);
    expect(existsSync(others.foreign)).toBe(true);
    own.remove();
    next.remove();
    expect(existsSync(own.path)).toBe(false);
  });
});
