/** What every agent must do, ours and the operator's: call it in a test file of the engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent, AgentEvent, Message } from '../../src/inference/engines.js';

export interface AgentUnderTest {
  /** Made once for the whole suite. */
  create: () => Promise<Agent> | Agent;
  /** Something that it has an answer to, of more than one event where it streams. */
  question: string;
  /** What the answer must be like; default: some text. */
  answer?: RegExp;
}

export function describeAgent(name: string, o: AgentUnderTest): void {
  describe(`agent ${name}`, () => {
    let engine: Agent;
    const question: Message = { role: 'user', text: o.question };
    beforeAll(async () => {
      engine = await o.create();
    });
    afterAll(() => engine.close());

    async function ask(history: readonly Message[], signal = new AbortController().signal): Promise<AgentEvent[]> {
      const events: AgentEvent[] = [];
      for await (const event of engine.reply(history, { signal })) events.push(event);
      return events;
    }
    const textOf = (events: AgentEvent[]) =>
      events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join('');

    it('answers with text, and ends with one reply-end', async () => {
      const events = await ask([question]);
      expect(textOf(events)).toMatch(o.answer ?? /\S/);
      expect(events.filter(({ type }) => type === 'reply-end')).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: 'reply-end', finishReason: 'stop' });
    });

    it('does not change the history that it is given', async () => {
      const history: Message[] = [{ role: 'assistant', text: 'Hello!' }, question];
      const before = JSON.stringify(history);
      await ask(history);
      expect(JSON.stringify(history)).toBe(before);
    });

    it('takes a history with interruptions and tool answers, and a long one', async () => {
      const history: Message[] = [
        { role: 'assistant', text: 'Hello, I am', interrupted: true },
        { role: 'user', text: 'Wait.' },
        { role: 'tool', text: '{"left": 3}', tool: { name: 'stock', arguments: '{}' } },
        { role: 'assistant', text: 'There are three left.' },
      ];
      expect(textOf(await ask([...history, question]))).toMatch(/\S/);
      const long = Array.from({ length: 40 }, () => history).flat();
      expect(textOf(await ask([...long, question]))).toMatch(/\S/);
    });

    it('answers what is no question, and what is very long', async () => {
      for (const text of ['?', '¿…!', `${o.question} `.repeat(100)]) {
        expect((await ask([{ role: 'user', text }])).at(-1)).toMatchObject({ type: 'reply-end' });
      }
    });

    it('refuses a history that does not end with the visitor', async () => {
      const refused = { code: 'bad-request', field: 'history' };
      await expect(ask([])).rejects.toMatchObject(refused);
      await expect(ask([question, { role: 'assistant', text: 'Yes.' }])).rejects.toMatchObject(refused);
    });

    it('rejects with AbortError what was aborted before', async () => {
      await expect(ask([question], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('says at most one event more after an abort on the way', async () => {
      const abort = new AbortController();
      let after = 0;
      const outcome = await (async () => {
        for await (const _ of engine.reply([question], { signal: abort.signal })) {
          if (abort.signal.aborted) after++;
          abort.abort();
        }
      })().catch((thrown: unknown) => thrown);
      expect(after).toBeLessThanOrEqual(1);
      if (outcome !== undefined) expect(outcome).toMatchObject({ name: 'AbortError' });
    });

    it('may be left in mid-reply, and answers the next question', async () => {
      for await (const _ of engine.reply([question], { signal: new AbortController().signal })) break;
      expect(textOf(await ask([question]))).toMatch(o.answer ?? /\S/);
    });

    it('answers two questions side by side', async () => {
      const [one, two] = await Promise.all([ask([question]), ask([question])]);
      expect(textOf(one)).toMatch(o.answer ?? /\S/);
      expect(textOf(two)).toMatch(o.answer ?? /\S/);
    });
  });
}
