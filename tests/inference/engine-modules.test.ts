import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { VisavisError } from '../../src/errors.js';
import { loadEngineModules, requireEngine } from '../../src/inference/engine-modules.js';

const folder = mkdtempSync(join(tmpdir(), 'engines-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function module(source: string): string {
  const path = join(folder, `engine-${files++}.mjs`);
  writeFileSync(path, source);
  return path;
}

const AGENT = 'agent: ({ name }) => ({ async *reply() { yield { type: "text-delta", text: name }; }, close() {} })';
const about = { conversationId: 'c', name: 'Nora', language: 'en', instructions: undefined };

describe('modules with engines of the operator', () => {
  it('are an object, or a function that is given what it needs', async () => {
    const plain = await loadEngineModules([module(`export default { ${AGENT} }`)]);
    const agent = await plain.agent?.(about);
    const said = agent?.reply([], { signal: new AbortController().signal });
    for await (const event of said ?? []) expect(event).toEqual({ type: 'text-delta', text: 'Nora' });
    const made = await loadEngineModules([
      module(`export default ({ z, VisavisError }) => ({ recogniser() {
        throw new VisavisError('unavailable', z.string().parse('asleep'));
      } })`),
    ]);
    await expect(async () => made.recogniser?.()).rejects.toMatchObject({ code: 'unavailable', message: 'asleep' });
    expect(made.recogniser).toBeDefined();
  });

  it('are asked in their order', async () => {
    const first = module(`export default { ${AGENT.replace('text: name', 'text: "first"')} }`);
    const second = module(`export default { ${AGENT}, synthesiser: () => 0 }`);
    const found = await loadEngineModules([first, second]);
    expect(Object.keys(found).sort()).toEqual(['agent', 'synthesiser']);
    const agent = await found.agent?.(about);
    for await (const event of agent?.reply([], { signal: new AbortController().signal }) ?? [])
      expect(event).toMatchObject({ text: 'first' });
  });

  it.each([
    ['a file that is not there', join(folder, 'none.mjs'), /none\.mjs cannot be loaded/],
    ['a syntax error', module('export default {'), /cannot be loaded/],
    ['one that throws', module('throw new Error("no licence")'), /cannot be loaded: no licence/],
    ['no default export', module('export const agent = 1'), /does not export engines/],
    ['nothing in it', module('export default {}'), /at least one of recogniser, synthesiser, agent, dialogue/],
    ['an unknown kind', module('export default { painter() {} }'), /painter/],
    ['something else than a function', module('export default { agent: 5 }'), /agent: expected a function/],
  ])('are refused by name: %s', async (_, path, message) => {
    await expect(loadEngineModules([path])).rejects.toMatchObject({
      code: 'bad-request',
      field: 'VISAVIS_ENGINES',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['recogniser', '({ open() {} })', /open, close/],
    ['synthesiser', '({ speak() {}, close() {}, voices: [] })', /sampleRateHz/],
    ['agent', '({ answer() {} })', /reply, close/],
    ['dialogue', '({ answer() {}, note() {}, close() {} })', /ear/],
  ] as const)('make a %s that is one, or are refused', async (kind, made, message) => {
    const found = await loadEngineModules([module(`export default { ${kind}: () => ${made} }`)]);
    await expect(async () => (found[kind] as (o: object) => unknown)(about)).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(message),
    });
  });

  it('say which engine could not be made', async () => {
    const found = await loadEngineModules([module('export default { agent() { throw new Error("no weights") } }')]);
    await expect(async () => found.agent?.(about)).rejects.toMatchObject({
      code: 'engine-failed',
      message: expect.stringMatching(/^agent of .* cannot be made: no weights$/),
    });
  });

  it('must bring what the configuration asks for', async () => {
    const found = await loadEngineModules([module(`export default { ${AGENT} }`)]);
    expect(() => requireEngine(found, 'recogniser', 'VISAVIS_RECOGNITION')).toThrow(VisavisError);
    expect(() => requireEngine(found, 'recogniser', 'VISAVIS_RECOGNITION')).toThrow(
      'VISAVIS_RECOGNITION is custom, but no module of VISAVIS_ENGINES brings a recogniser',
    );
  });
});
