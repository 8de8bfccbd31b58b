import { describe, expect, it } from 'vitest';
import { DEFAULT_TURN_SETTINGS, type TurnInput, TurnMachine, type TurnSettings } from '../../src/agents/turn.js';
import { turnSettingsOf } from '../../src/agents/turn-modes.js';
import { type TraceHeader, TurnTraceWriter } from '../../src/agents/turn-trace.js';
import { readTurnTrace } from '../../src/agents/turn-trace-reader.js';
import { TURN_TAKING } from '../../src/turn-taking.js';
import { replayReport, replayTrace } from '../../src/turns/replay.js';
import { MemorySink, RecordedConversation, sampleConversation } from '../support/recorded-conversation.js';

const TIMES = { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 };
const header = (settings: TurnSettings): TraceHeader => ({
  ...{ type: 'visavis-turn-trace', version: 1, startedAt: '2030-01-02T03:04:05.000Z' },
  ...{ conversationId: 'c', participantId: 'p', turnTaking: 'balanced', settings },
});
const HEADER = JSON.stringify(header(DEFAULT_TURN_SETTINGS));
const lines = (...list: unknown[]): string =>
  list.map((l) => `${typeof l === 'string' ? l : JSON.stringify(l)}\n`).join('');
const window = (atMs: number, probability = 0.5) => ({ type: 'window', atMs, probability, audible: false });

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const TEXTS = [
  '',
  'Mm-hmm.',
  'What is that?',
  'I would like to',
  'Wait.',
  'Ünï “cödé” \u2028 \\ "quoted"',
  'no\nnewline',
];

/** Any inputs in any order, as long as time goes on. */
function anyInputs(random: () => number, count: number): TurnInput[] {
  let atMs = 0;
  let level = 0;
  return Array.from({ length: count }, (): TurnInput => {
    const audible = random() < 0.4;
    const what = random();
    if (what < 0.04)
      return { type: 'transcript', atMs, text: TEXTS[Math.floor(random() * TEXTS.length)] ?? '', audible };
    if (what < 0.05) return { type: 'estimate', atMs, probability: random(), features: { 'voice:pitchEnd': -0.25 } };
    if (what < 0.06) return { type: 'key', atMs, pressed: random() < 0.5, audible };
    if (what < 0.063) return { type: 'reset', atMs };
    if (random() < 0.1) level = random() < 0.5 ? 0.95 : 0.02;
    atMs += random() < 0.99 ? 32 : 32 + Math.floor(random() * 5_000);
    return { type: 'window', atMs, probability: Math.min(1, Math.fround(level + random() * 0.05)), audible };
  });
}

describe('a recording played again', () => {
  it.each(TURN_TAKING)('gives the decisions of the machine that was recorded, whatever it was given (%s)', (mode) => {
    for (let seed = 1; seed <= 25; seed++) {
      const settings = turnSettingsOf(mode, TIMES);
      const sink = new MemorySink();
      const writer = new TurnTraceWriter(header(settings), { sink, maxBytes: 16e6, now: () => 0 });
      const machine = new TurnMachine(settings);
      let decided = 0;
      for (const input of anyInputs(randomOf(seed), 1_500)) {
        const decisions = machine.take(input);
        decided += decisions.length;
        writer.input(input, decisions);
      }
      writer.close();
      const replay = replayTrace(readTurnTrace(sink.text));
      expect(replay.differences).toBe(0);
      expect(replay.decisions).toBe(decided);
      expect(decided).toBeGreaterThan(0);
    }
  });

  it('gives the decisions of a whole live conversation', async () => {
    for (const mode of TURN_TAKING) {
      const { sink } = await sampleConversation(mode);
      const trace = readTurnTrace(sink.text);
      expect(trace.isCutOff).toBe(false);
      const replay = replayTrace(trace);
      expect(replay.differences, mode).toBe(0);
      expect(replay.decisions > 0, mode).toBe(mode !== 'push-to-talk');
    }
  });

  it('gives those of a key that is pressed and released', async () => {
    const talk = new RecordedConversation('push-to-talk');
    await talk.silence(320);
    await talk.say('Nobody asked', 640);
    talk.listener.setKey(true);
    await talk.say('What does it cost?', 960);
    await talk.silence(640);
    talk.listener.setKey(false);
    await talk.silence(640);
    talk.listener.close();
    const replay = replayTrace(readTurnTrace(talk.sink.text));
    expect(replay.differences).toBe(0);
    expect(replay.steps.flatMap(({ now }) => now.map(({ type }) => type))).toEqual(['onset', 'pause', 'end']);
  });

  it('says where another machine decides otherwise', async () => {
    const trace = readTurnTrace((await sampleConversation()).sink.text);
    const replay = replayTrace(trace, { questionMs: 160 });
    expect(replay.differences).toBeGreaterThan(0);
    const [first] = replay.steps.filter(({ isSame }) => !isSame);
    expect(first?.now).toMatchObject([{ type: 'end' }]);
    expect(first?.decisions).toEqual([]);
    const report = replayReport(replay);
    expect(report).toMatch(/^\+ .*end/m);
    expect(report).toMatch(/^- .*end/m);
    expect(report).toContain('not as recorded at');
    expect(replayReport(replayTrace(trace))).toMatch(/all as recorded\n$/);
  });
});

describe('a recording', () => {
  it('has notes in the time of the microphone, after the input that they follow', async () => {
    const { lines: all } = readTurnTrace((await sampleConversation()).sink.text);
    const types = new Set(all.map(({ type }) => type));
    for (const type of ['state', 'planned', 'playing', 'heard', 'spoken', 'gain', 'understood'])
      expect(types).toContain(type);
    let last = 0;
    for (const { atMs } of all) {
      expect(atMs).toBeGreaterThanOrEqual(last - 1);
      last = atMs;
    }
  });

  it('ends where it would become too large, and can be read', async () => {
    const talk = new RecordedConversation('balanced', 4_000);
    await talk.silence(3_000);
    await talk.say('What does it cost?', 1_000);
    expect(talk.sink.text.length).toBeLessThan(4_100);
    expect(talk.sink.closed).toBe(1);
    talk.listener.close();
    expect(talk.sink.closed).toBe(1);
    expect(readTurnTrace(talk.sink.text).isCutOff).toBe(true);
  });

  it('whose last line was cut off is read up to there', () => {
    const trace = readTurnTrace(`${lines(HEADER, window(32))}{"type":"win`);
    expect(trace).toMatchObject({ isCutOff: true, inputs: [{ line: 2 }] });
  });
});

describe('a file that is no good recording is refused with its line and field', () => {
  it.each([
    ['nothing', '', /line 1: expected the header/],
    ['another file', lines('hello'), /line 1: expected JSON, got "hello"/],
    ['another JSON', lines({ a: 1 }), /line 1: type: expected "visavis-turn-trace", got nothing/],
    ['null', lines('null'), /line 1: type: expected "visavis-turn-trace"/],
    ['a later version', lines({ ...JSON.parse(HEADER), version: 2 }), /line 1: version: expected 1, .* got 2/],
    [
      'a header without settings',
      lines({ ...JSON.parse(HEADER), settings: {} }),
      /line 1: settings\.\w+: .*got nothing/,
    ],
    [
      'an unknown mode',
      lines({ ...JSON.parse(HEADER), turnTaking: 'rude' }),
      /line 1: turnTaking: .*eager.*got "rude"/,
    ],
    ['an unknown line', lines(HEADER, { type: 'dance', atMs: 1 }), /line 2: type: .*got "dance"/],
    ['a probability beyond 1', lines(HEADER, window(32, 1.5)), /line 2: probability: .*<=1, got 1.5/],
    ['a time that is no number', lines(HEADER, { ...window(1), atMs: 'soon' }), /line 2: atMs: .*got "soon"/],
    ['time that goes back', lines(HEADER, window(64), window(32)), /line 3: atMs: expected at least 64, got 32/],
    ['an unknown field', lines(HEADER, { ...window(32), secret: 1 }), /line 2: .*secret/],
    [
      'decisions of nothing',
      lines(HEADER, { type: 'decisions', atMs: 1, decisions: [{ type: 'discard', atMs: 1 }] }),
      /line 2: expected an input before decisions/,
    ],
    [
      'an unknown decision',
      lines(HEADER, window(32), { type: 'decisions', atMs: 32, decisions: [{ type: 'sing' }] }),
      /line 3: decisions\.0\.type: .*got "sing"/,
    ],
    ['an empty line', lines(HEADER, '', window(32)), /line 2: expected JSON/],
    ['a line that is far too long', lines(HEADER, 'x'.repeat(200_000)), /line 2: expected at most 100000 characters/],
  ])('%s', (_what, text, message) => {
    expect(() => readTurnTrace(text)).toThrow(
      expect.objectContaining({ code: 'bad-request', message: expect.stringMatching(message) }),
    );
  });

  it('or is ended by whoever waits for it', () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    expect(() => readTurnTrace(lines(HEADER, window(32)), stop.signal)).toThrow('enough');
  });

  it('damaged anywhere, never crashes in another way', async () => {
    const text = (await sampleConversation()).sink.text.split('\n').slice(0, 60).join('\n');
    const random = randomOf(3);
    for (let run = 0; run < 400; run++) {
      const at = Math.floor(random() * text.length);
      const damaged =
        text.slice(0, at) +
        String.fromCharCode(32 + Math.floor(random() * 90)) +
        text.slice(at + Math.floor(random() * 4));
      try {
        replayTrace(readTurnTrace(damaged));
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-request', message: expect.stringMatching(/^line \d+: /) });
      }
    }
  });
});
