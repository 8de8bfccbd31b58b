import { History } from '../../src/agents/history.js';
import { Listener } from '../../src/agents/listener.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { Pipeline } from '../../src/agents/pipeline.js';
import { RecordedTurns } from '../../src/agents/recorded-turns.js';
import { turnSettingsOf } from '../../src/agents/turn-modes.js';
import { type TraceSink, TurnTraceWriter } from '../../src/agents/turn-trace.js';
import { type SpeechOutput, Voice } from '../../src/agents/voice.js';
import { VAD_WINDOW } from '../../src/inference/engines.js';
import { OUTPUT_RATE_HZ, type SpeechSegment } from '../../src/media/output-protocol.js';
import type { TurnTaking } from '../../src/turn-taking.js';
import {
  ScriptedAgent,
  ScriptedFace,
  ScriptedRecognition,
  ScriptedSynthesiser,
  ScriptedVad,
} from './scripted-engines.js';

const WINDOW_MS = 32;
const TIMES = { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 };

export class MemorySink implements TraceSink {
  text = '';
  closed = 0;
  write(text: string): void {
    this.text += text;
  }
  close(): void {
    this.closed++;
  }
}

/** Plays segments one after the other on the conversation's own clock, word by word. */
class TimedOutput implements SpeechOutput {
  readonly #queue: { segment: SpeechSegment; begunAtMs: number | undefined; sent: number }[] = [];
  readonly #complete = new Set<number>();
  onEvent: (event: Parameters<Voice['handlePacer']>[0]) => void = () => {};

  speech(segment: SpeechSegment): void {
    this.#queue.push({ segment, begunAtMs: undefined, sent: 0 });
  }
  utteranceComplete(utteranceId: number): void {
    this.#complete.add(utteranceId);
  }
  gain(): void {}
  async clear(): Promise<undefined> {
    this.#queue.length = 0;
  }

  advance(atMs: number): void {
    const conversationId = 'c';
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const { segmentId, utteranceId, words, samples } = first.segment;
      const at = { conversationId, segmentId, utteranceId, atMs };
      if (first.begunAtMs === undefined) {
        first.begunAtMs = atMs;
        this.onEvent({ type: 'segment-started', ...at });
      }
      const sample = ((atMs - first.begunAtMs) * OUTPUT_RATE_HZ) / 1000;
      while (first.sent < words.length && (words[first.sent]?.startSample ?? 0) <= sample) {
        const word = words[first.sent++];
        if (word !== undefined) this.onEvent({ type: 'word-sent', ...at, index: word.index, text: word.text });
      }
      if (sample < samples.length || this.#queue[0] !== first) return;
      this.#queue.shift();
      if (this.#queue.length > 0 || !this.#complete.delete(utteranceId)) continue;
      this.onEvent({ type: 'utterance-sent', conversationId, utteranceId, atMs });
    }
  }
}

/** A conversation of the real listener, turn machine and pipeline with scripted engines, recorded into memory. Time is its own. */
export class RecordedConversation {
  readonly sink = new MemorySink();
  readonly recognition = new ScriptedRecognition();
  readonly agent = new ScriptedAgent();
  readonly listener: Listener;
  readonly pipeline: Pipeline;
  readonly #output = new TimedOutput();
  #nowMs = Date.UTC(2030, 0, 2, 3, 4, 5);

  constructor(mode: TurnTaking = 'balanced', maxBytes = 16e6) {
    const now = () => this.#nowMs;
    const recorded = new RecordedTurns({
      open: (participantId, settings) =>
        new TurnTraceWriter(
          {
            ...{
              type: 'visavis-turn-trace',
              version: 1,
              conversationId: 'c-1',
              participantId,
              turnTaking: mode,
              settings,
            },
            startedAt: new Date(now()).toISOString(),
          },
          { sink: this.sink, maxBytes, now },
        ),
    });
    const voice: Voice = new Voice(recorded.output(this.#output), new ScriptedFace(), (event) =>
      this.pipeline.handleVoice(event),
    );
    this.#output.onEvent = (event) => {
      recorded.handlePacer(event);
      voice.handlePacer(event);
    };
    this.pipeline = new Pipeline({
      agent: this.agent,
      synthesiser: new ScriptedSynthesiser(),
      pace: new SynthesisPace(),
      history: new History(),
      voice,
      onState: () => {},
      onVisitorPause: () => {},
      emit: recorded.emit(() => {}),
      now,
    });
    this.listener = new Listener({
      vad: new ScriptedVad(),
      recognition: this.recognition,
      settings: turnSettingsOf(mode, TIMES),
      avatarAudible: () => this.pipeline.hasFloor,
      mayBegin: () => this.pipeline.mayBegin('ann'),
      onEvent: (event) => this.pipeline.handleListener('ann', event),
      openTrace: (settings) => recorded.open('ann', settings),
      now,
    });
  }

  /** Windows of this speech probability, each with its own; the avatar's playout goes on meanwhile. */
  async hear(ms: number, probability: number | ((index: number) => number)): Promise<void> {
    for (let i = 0; i * WINDOW_MS < ms; i++) {
      this.#nowMs += WINDOW_MS;
      this.#output.advance(this.#nowMs);
      const value = typeof probability === 'number' ? probability : probability(i);
      this.listener.push(new Float32Array(VAD_WINDOW).fill(value));
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    }
  }

  /** Speech whose words become known one by one. */
  async say(text: string, ms: number): Promise<void> {
    const words = text.split(' ');
    for (let i = 1; i <= words.length; i++) {
      this.recognition.text = words.slice(0, i).join(' ');
      await this.hear(ms / words.length, (index) => 0.78 + 0.2 * Math.sin(index * 1.7 + i));
    }
  }

  silence = (ms: number) => this.hear(ms, (index) => 0.04 + 0.03 * Math.sin(index));
}

/** A question, its answer, a "mm-hm" over it, an interruption, and a second question. */
export async function sampleConversation(mode: TurnTaking = 'balanced'): Promise<RecordedConversation> {
  const talk = new RecordedConversation(mode);
  talk.agent.answer = () =>
    'It costs nothing at all, and you can run it on your own machine, with no key and no account, as long as you like, and stop whenever you want.';
  await talk.silence(1_200);
  await talk.say('What does it', 700);
  await talk.silence(320);
  await talk.say('What does it cost in a year?', 700);
  await talk.silence(1_100);
  talk.recognition.text = 'Mm-hmm.';
  await talk.hear(280, 0.91);
  await talk.silence(700);
  await talk.say('Wait, what about the voices?', 1_500);
  talk.agent.answer = () => 'There are fifty of them.';
  await talk.silence(4_000);
  await talk.hear(96, 0.9);
  talk.recognition.text = '';
  await talk.silence(1_000);
  talk.listener.close();
  return talk;
}
