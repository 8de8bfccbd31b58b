import type { Face, SpeechOutput } from '../../src/agents/voice.js';
import type {
  Agent,
  AgentEvent,
  Message,
  RecognitionStream,
  SpeakOptions,
  SpeechChunk,
  SpeechPosition,
  SpeechSynthesiser,
  Transcript,
  VoiceActivityStream,
} from '../../src/inference/engines.js';
import type { SpeechSegment } from '../../src/media/output-protocol.js';
import type { PacerEvent } from '../../src/media/pacer-client.js';

/** Voice activity that reads the probability out of the window: its first sample. */
export class ScriptedVad implements VoiceActivityStream {
  async process(window: Float32Array): Promise<number> {
    return window[0] ?? 0;
  }
  reset(): void {}
  close(): void {}
}

/** Recognition whose text is set by the test; counts what was pushed. */
export class ScriptedRecognition implements RecognitionStream {
  text = '';
  pushed = 0;
  finals = 0;
  /** When set, `final()` waits for it. */
  gate: Promise<void> | undefined;

  push(samples: Float32Array): void {
    this.pushed += samples.length;
  }
  async partial(): Promise<Transcript> {
    return this.#transcript();
  }
  async final(o: { signal: AbortSignal }): Promise<Transcript> {
    this.finals++;
    await this.gate;
    o.signal.throwIfAborted();
    return this.#transcript();
  }
  reset(): void {
    this.pushed = 0;
  }
  close(): void {}
  #transcript(): Transcript {
    return { text: this.text, audioMs: this.pushed / 16, computeMs: 1 };
  }
}

/** One sample per ms and character; words evenly spread. */
export class ScriptedSynthesiser implements SpeechSynthesiser {
  readonly sampleRateHz = 48_000;
  readonly voices = ['scripted'];
  readonly spoken: string[] = [];
  /** Of each segment; undefined: the voice's own. */
  readonly speeds: (number | undefined)[] = [];
  fail = false;

  async *speak(segment: string, o: SpeakOptions): AsyncIterable<SpeechChunk> {
    o.signal.throwIfAborted();
    if (this.fail) throw new Error('no voice');
    this.spoken.push(segment);
    this.speeds.push(o.speed);
    const list = segment.split(/\s+/);
    const words = list.map((text, i) => ({ text, startMs: i * 100, endMs: (i + 1) * 100 }));
    yield {
      samples: new Float32Array(list.length * 4_800).fill(0.1),
      sampleRateHz: 48_000,
      phonemes: [],
      words,
      computeMs: 1,
    };
  }
  async close(): Promise<void> {}
}

/** Answers with `answer(history)`, word by word. */
export class ScriptedAgent implements Agent {
  readonly asked: (readonly Message[])[] = [];
  aborted = 0;
  answer: (history: readonly Message[]) => string | Error = () => 'Of course.';

  async *reply(history: readonly Message[], o: { signal: AbortSignal }): AsyncIterable<AgentEvent> {
    this.asked.push(history);
    o.signal.addEventListener('abort', () => this.aborted++, { once: true });
    const answer = this.answer(history);
    if (answer instanceof Error) throw answer;
    for (const word of answer.split(/(?<= )/)) {
      o.signal.throwIfAborted();
      yield { type: 'text-delta', text: word };
    }
    yield { type: 'reply-end', finishReason: 'stop' };
  }
  async close(): Promise<void> {}
}

/** Output without a clock: the test plays out words by hand. */
export class ScriptedOutput implements SpeechOutput {
  readonly segments: SpeechSegment[] = [];
  readonly gains: number[] = [];
  readonly complete: number[] = [];
  cleared = 0;
  /** Where the voice is taken to be when it is cleared. */
  position: SpeechPosition | null = null;
  #played = 0;

  speech(segment: SpeechSegment): void {
    this.segments.push(segment);
  }
  utteranceComplete(utteranceId: number): void {
    this.complete.push(utteranceId);
  }
  gain(gain: number): void {
    this.gains.push(gain);
  }
  async clear(): Promise<{ position: SpeechPosition | null }> {
    this.cleared++;
    this.#played = this.segments.length;
    return { position: this.position };
  }
  /** What the pacer would report while it sends the queued segments, up to `maxWords` words. */
  *play(maxWords = Number.POSITIVE_INFINITY): Generator<PacerEvent> {
    let left = maxWords;
    while (this.#played < this.segments.length) {
      const segment = this.segments[this.#played++] as SpeechSegment;
      const at = { conversationId: 'c', segmentId: segment.segmentId, utteranceId: segment.utteranceId, atMs: 1_000 };
      yield { type: 'segment-started', ...at };
      for (const word of segment.words) {
        if (left-- <= 0) return;
        yield { type: 'word-sent', ...at, index: word.index, text: word.text };
      }
    }
    for (const utteranceId of this.complete.splice(0))
      yield { type: 'utterance-sent', conversationId: 'c', utteranceId, atMs: 2_000 };
  }
}

export class ScriptedFace implements Face {
  readonly states: string[] = [];
  interrupts = 0;
  pauses = 0;
  speech(_motion: unknown): void {}
  setState(state: string): void {
    this.states.push(state);
  }
  interrupt(): void {
    this.interrupts++;
  }
  visitorPaused(): void {
    this.pauses++;
  }
}
