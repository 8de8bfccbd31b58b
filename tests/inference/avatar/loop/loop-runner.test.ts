import { describe, expect, it } from 'vitest';
import { LoopRunner } from '../../../../src/inference/avatar/loop/loop-runner.js';

/** A clock that only runs draw: what happens does not depend on how busy the machine is. */
function clock() {
  let nowMs = 0;
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { now: () => nowMs, pass };
}

describe('the loop runner', () => {
  it('draws the frames of several conversations in one run and tells each', async () => {
    const time = clock();
    const runner = new LoopRunner({ leadMs: 36, now: time.now });
    const runs: string[][] = [];
    await runner.addGraph('face', {
      sizes: [1, 4],
      tryOut: async (size) => time.pass(2 + size),
      draw: async (ids, size) => {
        runs.push(ids.slice(0, size));
        time.pass(2 + size);
      },
    });
    expect(runner.roomFor('face')).toBeGreaterThan(4);
    for (const id of ['a', 'b', 'c']) runner.admit(id, 'face');
    const drawn = await Promise.all(['a', 'b', 'c'].map((id) => runner.frame(id, time.now() + 36)));
    expect(drawn).toEqual([true, true, true]);
    expect(runs).toEqual([['a', 'b', 'c']]);
    // Due before it could be drawn.
    expect(await runner.frame('a', time.now() + 1)).toBe(false);
    expect(runner.counts).toEqual({ due: 4, missed: 1, runs: 1, drawn: 3 });
    await runner.close();
    expect(await runner.frame('a', time.now() + 36)).toBe(false);
  });

  it('goes on after a run that failed, and says what failed', async () => {
    const time = clock();
    const failures: string[] = [];
    const runner = new LoopRunner({
      leadMs: 36,
      now: time.now,
      onFailure: (graph, error) => failures.push(`${graph}: ${error.message}`),
    });
    let isBroken = true;
    await runner.addGraph('face', {
      sizes: [1],
      tryOut: async () => time.pass(3),
      draw: async () => {
        if (isBroken) throw new Error('out of memory');
      },
    });
    runner.admit('a', 'face');
    expect(await runner.frame('a', time.now() + 36)).toBe(false);
    isBroken = false;
    time.pass(40);
    expect(await runner.frame('a', time.now() + 36)).toBe(true);
    expect(failures).toEqual(['face: out of memory']);
    await runner.close();
  });
});
