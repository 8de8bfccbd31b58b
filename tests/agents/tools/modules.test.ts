import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadToolModules } from '../../../src/agents/tools/modules.js';
import { rememberTool } from '../../../src/agents/tools/remember.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-tools-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function moduleOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const context = { signal: new AbortController().signal, callId: 'c', sessionId: 's', variables: {}, history: [] };

describe('a module of typed functions', () => {
  test('needs no installation of its own', async () => {
    const path = moduleOf(
      'good.mjs',
      `export default ({ z, defineTool }) => [defineTool({
        name: 'double', description: 'Doubles.', parameters: z.object({ n: z.number() }), effect: 'reads', run: ({ n }) => 2 * n,
      })];`,
    );
    const [tool] = await loadToolModules([path]);
    expect(await tool?.run({ n: 21 }, context)).toBe('42');
  });

  test.each([
    ['missing.mjs', undefined, /cannot be loaded/],
    ['throws.mjs', 'throw new Error("no database");', /cannot be loaded: no database/],
    ['nothing.mjs', 'export const a = 1;', /does not export an array of tools/],
    ['wrong.mjs', 'export default [{ name: "a" }];', /does not export an array of tools/],
  ])('%s is refused by name', async (name, text, message) => {
    const path = text === undefined ? join(folder, name) : moduleOf(name, text);
    await expect(loadToolModules([path])).rejects.toMatchObject({
      code: 'bad-request',
      field: 'tools.modules',
      message: expect.stringMatching(message),
    });
    await expect(loadToolModules([path])).rejects.toThrow(name);
  });
});

describe('noting something about a visitor', () => {
  const note = (facts: string[], fact: string) => rememberTool((text) => facts.push(text)).run({ fact }, context);

  test('keeps the fact', async () => {
    const facts: string[] = [];
    await note(facts, '  Likes  red bicycles. ');
    expect(facts).toEqual(['Likes red bicycles.']);
  });

  test.each([
    'The card is 4111 1111 1111 1111.',
    'IBAN DE89 3704 0044 0532 0130 00',
    'Her password is swordfish.',
    'x'.repeat(301),
    '',
  ])('never keeps %s', async (fact) => {
    const facts: string[] = [];
    await expect(note(facts, fact)).rejects.toMatchObject({ code: 'bad-request' });
    expect(facts).toEqual([]);
  });

  test('keeps ten facts of one conversation at most', async () => {
    const facts: string[] = [];
    const tool = rememberTool((text) => facts.push(text));
    for (let i = 0; i < 10; i++) await tool.run({ fact: `Fact number ${i}.` }, context);
    await expect(tool.run({ fact: 'One more.' }, context)).rejects.toMatchObject({ code: 'too-many-requests' });
    expect(facts).toHaveLength(10);
  });
});
