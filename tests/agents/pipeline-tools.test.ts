import { beforeEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { History } from '../../src/agents/history.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { Pipeline } from '../../src/agents/pipeline.js';
import { Voice } from '../../src/agents/voice.js';
import type { Agent, AgentEvent, ReplyOptions } from '../../src/inference/engines.js';
import { ScriptedFace, ScriptedOutput, ScriptedSynthesiser } from '../support/scripted-engines.js';

/** An agent whose reply the test writes as it goes. */
class OpenAgent implements Agent {
  write!: (event: AgentEvent | 'end') => void;
  options!: ReplyOptions;

  async *reply(_history: unknown, options: ReplyOptions): AsyncIterable<AgentEvent> {
    this.options = options;
    for (;;) {
      const event = await new Promise<AgentEvent | 'end'>((resolve) => {
        this.write = resolve;
      });
      if (event === 'end') return;
      yield event;
    }
  }
  async close(): Promise<void> {}
}

class Bench {
  readonly events: ConversationEvent[] = [];
  readonly agent = new OpenAgent();
  readonly synthesiser = new ScriptedSynthesiser();
  readonly output = new ScriptedOutput();
  readonly history = new History();
  readonly voice: Voice = new Voice(this.output, new ScriptedFace(), (event) => this.pipeline.handleVoice(event));
  readonly pipeline: Pipeline = new Pipeline({
    agent: this.agent,
    synthesiser: this.synthesiser,
    pace: new SynthesisPace(),
    history: this.history,
    voice: this.voice,
    onState: () => {},
    onVisitorPause: () => {},
    emit: (event) => this.events.push(event),
  });

  async write(...events: (AgentEvent | 'end')[]): Promise<void> {
    for (const event of events) {
      this.agent.write(event);
      await settle();
    }
  }
  play(): void {
    for (const event of this.output.play()) this.voice.handlePacer(event);
  }
  /** The visitor pauses after these words, and may still go on. */
  async pause(text: string): Promise<void> {
    this.pipeline.handleListener('ann', { type: 'onset', overVoice: false });
    this.pipeline.handleListener('ann', {
      type: 'candidate',
      transcript: { text, audioMs: 500, computeMs: 1 },
      lastVoicedAtMs: 0,
      marks: {},
    });
    await settle();
  }
  async end(text: string): Promise<void> {
    const transcript = { text, audioMs: 500, computeMs: 1 };
    this.pipeline.handleListener('ann', {
      type: 'turn-end',
      transcript,
      lastVoicedAtMs: 0,
      marks: {},
      overVoice: false,
    });
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

const CALL = { name: 'order_status', arguments: '{"order":"A1"}' };
const text = (delta: string): AgentEvent => ({ type: 'text-delta', text: delta });

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('a reply that waits for a tool', () => {
  it('speaks what there is at once, and the rest as the same utterance', async () => {
    bench.pipeline.ask('ann', 'Where is it?');
    await bench.write(text('Let me'), text(' look'));
    expect(bench.synthesiser.spoken).toEqual([]);
    await bench.write({ type: 'pause' });
    expect(bench.synthesiser.spoken).toEqual(['Let me look']);
    bench.play();
    await bench.write(text('It was shipped.'), 'end');
    bench.play();
    await settle();
    expect(bench.events.filter(({ type }) => type === 'utterance-end')).toMatchObject([
      { text: 'Let me look It was shipped.', interrupted: false },
    ]);
  });

  it('is seen to think once it has said what there was, and to speak when it goes on', async () => {
    const states = () => bench.events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
    bench.pipeline.ask('ann', 'Where is it?');
    await bench.write(text('Let me look.'), { type: 'pause' });
    bench.play();
    await expect.poll(states, { timeout: 10_000 }).toEqual(['thinking', 'speaking', 'thinking']);
    await bench.write(text('It was shipped.'), 'end');
    bench.play();
    await settle();
    expect(states()).toEqual(['thinking', 'speaking', 'thinking', 'speaking', 'idle']);
  });

  it('is kept with what the tool answered, between question and reply', async () => {
    bench.pipeline.ask('ann', 'Where is it?');
    await settle();
    bench.agent.options.onToolUse?.(CALL, 'shipped');
    await bench.write(text('It was shipped.'), 'end');
    bench.play();
    await settle();
    const kept = [
      { role: 'user', text: 'Where is it?' },
      { role: 'tool', text: 'shipped', tool: CALL },
      { role: 'assistant', text: 'It was shipped.' },
    ];
    expect(bench.history.messages).toEqual(kept);
    expect(bench.events.flatMap((event) => (event.type === 'history' ? [event.message] : []))).toEqual(kept);
  });

  it('keeps what the tool has done when the visitor interrupts before anything was heard', async () => {
    bench.pipeline.ask('ann', 'Book it.');
    await settle();
    bench.pipeline.interrupt();
    expect(bench.agent.options.signal.aborted).toBe(true);
    bench.agent.options.onToolUse?.(CALL, 'not known');
    expect(bench.history.messages.map(({ role }) => role)).toEqual(['user', 'tool']);
  });
});

describe('a reply that is prepared while the visitor may go on', () => {
  it('learns when it is certain that it is wanted', async () => {
    await bench.pause('Where is it?');
    let committed = false;
    void bench.agent.options.committed?.then(() => {
      committed = true;
    });
    await settle();
    expect(committed).toBe(false);
    await bench.end('Where is it?');
    expect(committed).toBe(true);
  });

  it('tells of its tools and sources when it is used, and leaves no trace when it is not', async () => {
    await bench.pause('Where is it?');
    bench.agent.options.onToolUse?.(CALL, 'shipped');
    await bench.write({ type: 'sources', sources: [{ title: 'Orders' }] });
    expect(bench.events.map(({ type }) => type)).not.toContain('sources');
    await bench.end('Where is it now?');
    expect(bench.history.messages).toEqual([{ role: 'user', text: 'Where is it now?' }]);
    expect(bench.events.map(({ type }) => type)).not.toContain('sources');

    bench.pipeline.interrupt();
    await bench.pause('And the other?');
    bench.agent.options.onToolUse?.(CALL, 'shipped');
    await bench.write({ type: 'sources', sources: [{ title: 'Orders' }] }, text('It was shipped.'));
    await bench.end('And the other?');
    expect(bench.history.messages.at(-1)).toMatchObject({ role: 'tool', text: 'shipped' });
    await bench.write({ type: 'sources', sources: [{ title: 'Orders' }, { title: 'Rules', page: 2 }] }, 'end');
    bench.play();
    await settle();
    const told = bench.events.filter(({ type }) => type === 'sources' || type === 'utterance-end');
    expect(told.slice(-2)).toMatchObject([
      { type: 'sources', sources: [{ title: 'Orders' }, { title: 'Rules', page: 2 }] },
      { type: 'utterance-end', text: 'It was shipped.' },
    ]);
  });
});
