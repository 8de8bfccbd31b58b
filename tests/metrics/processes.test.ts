import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ProcessUsage, sampleMachine, sampleProcess } from '../../src/metrics/processes.js';

describe('process samples', () => {
  it('tell the memory and the CPU time of this process', () => {
    const sample = sampleProcess(process.pid);
    expect(sample?.rssBytes).toBeGreaterThan(10e6);
    expect(sample?.cpuSeconds).toBeGreaterThan(0);
  });

  it('are undefined for a process that is gone', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(sampleProcess(child.pid ?? 0)).toBeUndefined();
  });

  it('count what does not give way as busy: neither idle nor niced nor waiting time', () => {
    const sample = (stat: string) => sampleMachine(() => stat);
    expect(sample('cpu  100 5000 30 90000 700 2 3 4 0 0\ncpu0 1 1 1 1\n')).toEqual({
      busySeconds: 1.39,
      nicedSeconds: 50,
    });
    expect(sample('nothing of the kind')).toBeUndefined();
    expect(sampleMachine()?.busySeconds).toBeGreaterThan(0);
  });
});

describe('process usage', () => {
  it('adds CPU time up over successive processes of a kind and shows the memory of those alive', () => {
    const samples = new Map([[1, { cpuSeconds: 5, rssBytes: 100 }]]);
    const usage = new ProcessUsage((pid) => samples.get(pid));
    usage.update([{ kind: 'avatar', pid: 1 }]);
    samples.set(1, { cpuSeconds: 8, rssBytes: 120 });
    usage.update([{ kind: 'avatar', pid: 1 }]);
    samples.set(2, { cpuSeconds: 1, rssBytes: 40 });
    expect(usage.update([{ kind: 'avatar', pid: 2 }]).get('avatar')).toEqual({ cpuSeconds: 9, rssBytes: 40 });
  });

  it('keeps its total and shows no memory when a process cannot be looked at', () => {
    let sample: { cpuSeconds: number; rssBytes: number } | undefined = { cpuSeconds: 3, rssBytes: 10 };
    const usage = new ProcessUsage(() => sample);
    usage.update([{ kind: 'media', pid: 7 }]);
    sample = undefined;
    expect(usage.update([{ kind: 'media', pid: 7 }]).get('media')).toEqual({ cpuSeconds: 3, rssBytes: 0 });
  });
});
