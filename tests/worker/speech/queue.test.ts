import { describe, expect, it } from 'vitest';
import { type QueueEntry, WorkQueue } from '../../../src/worker/speech/queue.js';

interface Entry extends QueueEntry {
  name: string;
}

function entry(name: string, o: Partial<QueueEntry> = {}): Entry {
  return { name, owner: 'a', priority: 1, ...o };
}

function drain(queue: WorkQueue<Entry>): string[] {
  const names: string[] = [];
  for (let next = queue.take(); next; next = queue.take()) names.push(next.name);
  return names;
}

describe('WorkQueue', () => {
  it('takes urgent work first, and within one urgency in the order of arrival', () => {
    const queue = new WorkQueue<Entry>({ perOwner: 9, total: 9 });
    for (const [name, priority] of [
      ['l1', 1],
      ['f1', 0],
      ['l2', 1],
      ['f2', 0],
    ] as const)
      queue.push(entry(name, { priority }));
    expect(drain(queue)).toEqual(['f1', 'f2', 'l1', 'l2']);
    expect(queue.size).toBe(0);
  });

  it("refuses what exceeds an owner's share, and leaves the others theirs", () => {
    const queue = new WorkQueue<Entry>({ perOwner: 2, total: 9 });
    queue.push(entry('1'));
    queue.push(entry('2', { priority: 0 }));
    expect(() => queue.push(entry('3'))).toThrow(
      expect.objectContaining({ code: 'too-many-requests', retryable: true }),
    );
    queue.push(entry('4', { owner: 'b' }));
    expect(drain(queue)).toEqual(['2', '1', '4']);
    queue.push(entry('5'));
    expect(queue.size).toBe(1);
  });

  it('refuses what exceeds the whole', () => {
    const queue = new WorkQueue<Entry>({ perOwner: 2, total: 3 });
    for (const owner of ['a', 'b', 'c']) queue.push(entry(owner, { owner }));
    expect(() => queue.push(entry('d', { owner: 'd' }))).toThrow(
      expect.objectContaining({ code: 'too-many-requests' }),
    );
  });

  it('lets a newer request take the place of a waiting one with the same key of the same owner', () => {
    const queue = new WorkQueue<Entry>({ perOwner: 2, total: 9 });
    const old = entry('old', { coalesceKey: 'stream 1' });
    expect(queue.push(old)).toBeNull();
    expect(queue.push(entry('other owner', { owner: 'b', coalesceKey: 'stream 1' }))).toBeNull();
    expect(queue.push(entry('other stream', { coalesceKey: 'stream 2' }))).toBeNull();
    expect(queue.push(entry('new', { coalesceKey: 'stream 1' }))).toBe(old);
    expect(drain(queue)).toEqual(['other owner', 'other stream', 'new']);
  });

  it('removes what waits, once, and not what was taken', () => {
    const queue = new WorkQueue<Entry>({ perOwner: 9, total: 9 });
    const [first, second] = [entry('1'), entry('2')];
    queue.push(first);
    queue.push(second);
    expect(queue.take()).toBe(first);
    expect(queue.remove(first)).toBe(false);
    expect(queue.remove(second)).toBe(true);
    expect(queue.remove(second)).toBe(false);
    expect(queue.take()).toBeUndefined();
  });

  it('knows whether anything of an urgency waits', () => {
    const queue = new WorkQueue<Entry>({ perOwner: 9, total: 9 });
    queue.push(entry('later', { priority: 1 }));
    expect([queue.hasUrgent(-1), queue.hasUrgent(0), queue.hasUrgent(1)]).toEqual([false, false, true]);
  });

  it('gives up everything at once', () => {
    const queue = new WorkQueue<Entry>({ perOwner: 2, total: 2 });
    queue.push(entry('1'));
    queue.push(entry('2', { priority: 0 }));
    expect(queue.drain().map(({ name }) => name)).toEqual(['2', '1']);
    queue.push(entry('3'));
    expect(drain(queue)).toEqual(['3']);
  });
});
