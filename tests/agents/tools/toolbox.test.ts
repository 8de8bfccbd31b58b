import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type ToolDefinition } from '../../../src/agents/tools/tool.js';
import { Toolbox, type ToolboxOptions, type ToolReport } from '../../../src/agents/tools/toolbox.js';
import { VisavisError } from '../../../src/errors.js';
import type { Message } from '../../../src/inference/engines.js';

const parameters = z.object({ city: z.string().min(1), days: z.int().min(1).max(7).default(1) });
type Definition = ToolDefinition<typeof parameters>;

function weather(definition: Partial<Definition> = {}) {
  return defineTool({
    name: 'weather',
    description: 'The weather of a city.',
    parameters,
    effect: 'reads',
    run: ({ city, days }) => ({ city, days, sky: 'clear' }),
    ...definition,
  });
}

function boxOf(definition: Partial<Definition> = {}, o: Partial<ToolboxOptions> = {}) {
  const reports: ToolReport[] = [];
  const tool = weather(definition);
  const box = new Toolbox({ tools: () => [tool], sessionId: 's-1', onReport: (r) => reports.push(r), ...o });
  return { box, reports };
}

const QUESTION: Message[] = [{ role: 'user', text: 'what is the weather' }];
const call = (
  box: Toolbox,
  args: unknown = { city: 'Bonn' },
  o: { signal?: AbortSignal; committed?: Promise<void>; history?: Message[]; name?: string } = {},
) =>
  box.call(
    { name: o.name ?? 'weather', arguments: typeof args === 'string' ? args : JSON.stringify(args) },
    {
      signal: o.signal ?? new AbortController().signal,
      committed: o.committed ?? Promise.resolve(),
      history: o.history ?? QUESTION,
    },
  );

describe('a typed function', () => {
  test('is offered with the JSON schema of its parameters, and called with checked values and defaults', async () => {
    const { box, reports } = boxOf();
    expect(box.schemas).toMatchObject([
      {
        name: 'weather',
        description: 'The weather of a city.',
        parameters: { type: 'object', required: ['city'], properties: { days: { type: 'integer', maximum: 7 } } },
      },
    ]);
    expect(JSON.parse(await call(box))).toEqual({ city: 'Bonn', days: 1, sky: 'clear' });
    expect(reports).toMatchObject([{ tool: 'weather', outcome: 'done' }]);
  });

  test('knows who it is called for', async () => {
    const run = vi.fn((_args: unknown, context: { sessionId: string }) => context.sessionId);
    const { box } = boxOf({ run }, { variables: { customer: 'c42' } });
    expect(await call(box)).toBe('s-1');
    expect(run.mock.calls[0]?.[1]).toMatchObject({ variables: { customer: 'c42' }, history: QUESTION });
  });

  test.each([
    ['{"city": "Bo', /^NOT DONE: the arguments are not a JSON object/],
    ['[1]', /^NOT DONE/],
    ['null', /^NOT DONE/],
    [JSON.stringify({ city: 'x'.repeat(9_000) }), /^NOT DONE/],
    ['{"city": ""}', /^FAILED: city: /],
    ['{"city": "Bonn", "days": 8}', /^FAILED: days: /],
    ['', /^FAILED: city: /],
  ])('is not run with the arguments %s', async (json, answer) => {
    const run = vi.fn();
    expect(await call(boxOf({ run }).box, json)).toMatch(answer);
    expect(run).not.toHaveBeenCalled();
  });

  test('that throws becomes a text that tells the model not to invent a result', async () => {
    const { box, reports } = boxOf({
      run: () => {
        throw new VisavisError('upstream-failed', 'the server answered with status 500');
      },
    });
    expect(await call(box)).toMatch(/^FAILED: the server answered with status 500\. .*do not make up a result/);
    expect(reports).toMatchObject([{ outcome: 'failed', error: { code: 'upstream-failed' } }]);
  });

  test('that never ends is given up after its time, and only a few such are waited for by nobody', async () => {
    const { box, reports } = boxOf({ timeoutMs: 20, run: () => new Promise(() => {}) });
    for (let i = 0; i < 4; i++) expect(await call(box)).toMatch(/^FAILED: no answer within/);
    expect(await call(box)).toMatch(/^NOT DONE: the tools are busy/);
    expect(reports.map(({ outcome }) => outcome)).toEqual(['timeout', 'timeout', 'timeout', 'timeout', 'refused']);
  });

  test('that answers with 10 MB is cut', async () => {
    const answer = await call(boxOf({ run: () => 'x'.repeat(10_000_000) }).box);
    expect(answer.length).toBeLessThan(17_000);
    expect(answer).toContain('10000000 characters in all');
  });

  test('needs a name and a description that chat APIs take', () => {
    expect(() => weather({ name: 'the weather' })).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'name' }),
    );
    expect(() => weather({ description: ' ' })).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'description' }),
    );
  });
});

describe('what a call may do', () => {
  test('is nothing where the session does not allow the tool', async () => {
    const run = vi.fn();
    const { box } = boxOf({ run }, { allowed: ['other'] });
    expect(box.schemas).toEqual([]);
    expect(await call(box)).toBe('NOT DONE: there is no such tool.');
    expect(await call(box, {}, { name: '__proto__' })).toBe('NOT DONE: there is no such tool.');
    expect(run).not.toHaveBeenCalled();
  });

  test('is only to read until the visitor has finished for certain', async () => {
    const run = vi.fn(() => 'booked');
    let commit = (): void => {};
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const answer = call(boxOf({ effect: 'acts', run }).box, { city: 'Bonn' }, { committed });
    const reading = vi.fn(() => 'read');
    expect(await call(boxOf({ run: reading }).box, { city: 'Bonn' }, { committed })).toBe('read');
    expect(run).not.toHaveBeenCalled();
    commit();
    expect(await answer).toBe('booked');
    expect(run).toHaveBeenCalledOnce();
  });

  test('is nothing at all for a reply that was thrown away', async () => {
    const run = vi.fn();
    const abort = new AbortController();
    const answer = call(
      boxOf({ effect: 'acts', run }).box,
      { city: 'Bonn' },
      { committed: new Promise(() => {}), signal: abort.signal },
    );
    abort.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(run).not.toHaveBeenCalled();
  });

  test('is remembered as unknown when the visitor breaks in while it is done', async () => {
    const abort = new AbortController();
    const { box, reports } = boxOf({ effect: 'acts', run: () => new Promise(() => {}) });
    const answer = call(box, { city: 'Bonn' }, { signal: abort.signal });
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await answer).toMatch(/it is not known whether it was done/);
    expect(reports).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('waits for the visitor’s word where that is asked for, whatever a text in between says', async () => {
    const run = vi.fn(() => 'booked');
    const { box } = boxOf({ effect: 'acts', confirm: true, run });
    const history: Message[] = [{ role: 'user', text: 'book it' }];
    expect(await call(box, { city: 'Bonn' }, { history })).toMatch(/^NOT DONE: this needs the person’s word/);
    // A passage or a tool's answer has the model call again within the same reply.
    expect(await call(box, { city: 'Bonn' }, { history })).toMatch(/^NOT DONE/);
    // The visitor goes on before anything was asked.
    expect(await call(box, { city: 'Bonn' }, { history: [{ role: 'user', text: 'book it now please' }] })).toMatch(
      /^NOT DONE/,
    );
    history.push({ role: 'assistant', text: 'Shall I book Bonn?' }, { role: 'user', text: 'Yes.' });
    // Other arguments than those that were proposed.
    expect(await call(box, { city: 'Köln' }, { history })).toMatch(/^NOT DONE/);
    expect(await call(box, { days: 1, city: 'Bonn' }, { history })).toMatch(/^NOT DONE/);
    expect(await call(box, { city: 'Bonn' }, { history })).toBe('booked');
    // One word is for one call.
    expect(await call(box, { city: 'Bonn' }, { history })).toMatch(/^NOT DONE/);
    expect(run).toHaveBeenCalledOnce();
  });

  test('is not done after a refusal', async () => {
    const run = vi.fn();
    const { box } = boxOf({ effect: 'acts', confirm: true, run });
    await call(box);
    const history: Message[] = [
      ...QUESTION,
      { role: 'assistant', text: 'Shall I?' },
      { role: 'user', text: 'No, stop.' },
    ];
    expect(await call(box, { city: 'Bonn' }, { history })).toMatch(/^NOT DONE/);
    expect(run).not.toHaveBeenCalled();
  });
});
