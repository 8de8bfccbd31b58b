import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/log.js';
import { MAX_FACTS, VisitorMemories } from '../../../src/signaling/memory/visitor-memories.js';

const DAY_MS = 86_400_000;

let folder: string;
let nowMs: number;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'visavis-memory-')), 'memory');
  nowMs = Date.parse('2026-05-01T10:00:00Z');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const open = () =>
  new VisitorMemories({ folder, keptMs: 30 * DAY_MS, logger: createLogger('test', 'silent'), nowMs: () => nowMs });

/** A visit in which these facts were told. */
async function visit(memories: VisitorMemories, id: string, ...facts: string[]) {
  const remembered = await memories.visit(id);
  const openedAtMs = nowMs;
  nowMs += 60_000;
  for (const fact of facts) await memories.add(remembered.visitor, openedAtMs, fact);
  return remembered;
}

describe('the memory of visitors', () => {
  it('brings back what was noted, in another process, too', async () => {
    expect(await visit(open(), 'ann', 'Likes red.', 'Has two children.')).toMatchObject({
      visits: 0,
      facts: [],
      lastVisitMs: undefined,
    });
    nowMs += DAY_MS;
    expect(await visit(open(), 'ann')).toMatchObject({
      visits: 1,
      facts: ['Likes red.', 'Has two children.'],
      lastVisitMs: Date.parse('2026-05-01T10:00:00Z'),
    });
    expect(await visit(open(), 'ben')).toMatchObject({ visits: 0, facts: [] });
  });

  it('shows what there is, and nothing for anybody else', async () => {
    const memories = open();
    await visit(memories, 'ann', 'Likes red.');
    expect(await memories.read('ann')).toEqual({
      visits: 1,
      lastVisit: '2026-05-01T10:00:00.000Z',
      facts: [{ text: 'Likes red.', at: '2026-05-01T10:01:00.000Z' }],
    });
    await expect(memories.read('ben')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('forgets on request, and what a visit under way still notes as well', async () => {
    const memories = open();
    const { visitor } = await visit(memories, 'ann', 'Likes red.');
    const openedAtMs = nowMs;
    nowMs += 1_000;
    await memories.forget('ann');
    nowMs += 1_000;
    await memories.add(visitor, openedAtMs, 'Likes blue.');
    await open().add(visitor, openedAtMs, 'Likes green.');
    await expect(memories.read('ann')).rejects.toMatchObject({ code: 'not-found' });
    await expect(memories.forget('ann')).rejects.toMatchObject({ code: 'not-found' });
    for (const name of readdirSync(folder))
      expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/red|blue|green/);
    // Agreed anew.
    expect(await visit(memories, 'ann', 'Likes white.')).toMatchObject({ visits: 0, facts: [] });
    expect((await memories.read('ann')).facts).toMatchObject([{ text: 'Likes white.' }]);
  });

  it('keeps a fact once, cut to its length, and the newest of too many', async () => {
    const memories = open();
    await visit(memories, 'ann', 'Likes red.', 'likes RED.', 'x'.repeat(1_000));
    expect((await memories.read('ann')).facts.map(({ text }) => text.length)).toEqual([10, 300]);
    await visit(memories, 'ann', ...Array.from({ length: MAX_FACTS + 5 }, (_, i) => `Fact ${i}.`));
    const { facts } = await memories.read('ann');
    expect(facts).toHaveLength(MAX_FACTS);
    expect(facts.at(-1)?.text).toBe(`Fact ${MAX_FACTS + 4}.`);
  });

  it('keeps nothing beyond its time, and removes the file', async () => {
    await visit(open(), 'ann', 'Likes red.');
    nowMs += 31 * DAY_MS;
    await expect(open().read('ann')).rejects.toMatchObject({ code: 'not-found' });
    await visit(open(), 'ben');
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('writes files that only this user can read, under names that do not tell who it is', async () => {
    await visit(open(), '../../etc/passwd', 'Likes red.');
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/^[0-9a-f]{64}\.json$/);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('begins anew with a damaged file', async () => {
    await visit(open(), 'ann', 'Likes red.');
    const path = join(folder, readdirSync(folder)[0] ?? '');
    for (const text of ['{"version":1', '{"version":9}', 'x'.repeat(100_000)]) {
      writeFileSync(path, text);
      expect(await visit(open(), 'ann')).toMatchObject({ visits: 0, facts: [] });
    }
  });

  it('costs no visit where it cannot be written', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    expect(await visit(open(), 'ann', 'Likes red.')).toMatchObject({ visits: 0, facts: [] });
  });
});
