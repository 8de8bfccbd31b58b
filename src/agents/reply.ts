/**
 * One reply on its way from the agent to the voice: text deltas → segments → synthesis → voice. It may be prepared while it is still
 * unclear whether the visitor has finished: a held reply synthesises its first segment and waits for `release()`; a cancelled one
 * leaves no trace.
 */
import { isAbort, VisavisError } from '../errors.js';
import type {
  AgentEvent,
  ReplyOptions as AgentOptions,
  Source,
  SpeechChunk,
  SpeechSynthesiser,
  ToolCall,
} from '../inference/engines.js';
import { HeldReply, type HeldReplyOptions } from './held-reply.js';
import type { ConversationModeration } from './moderation/moderation.js';
import { SentenceGate } from './moderation/sentence-gate.js';
import type { SynthesisPace } from './pace.js';
import { type Segment, SegmentAssembler } from './segments.js';

/** A reply is cut here; nobody listens to more in one go. */
const MAX_REPLY_CHARACTERS = 6_000;

export interface ReplyOptions extends HeldReplyOptions {
  /** The text, as the agent produces it; called once. */
  text: (o: AgentOptions) => AsyncIterable<AgentEvent>;
  synthesiser: SpeechSynthesiser;
  pace: SynthesisPace;
  speechVoice?: string;
  /** 1: the voice's own. */
  speechRate?: number | undefined;
  /** Spoken in place of what a failing agent still owed. */
  apology: (error: VisavisError) => string;
  /** Judges every sentence before it is synthesised; undefined: all are spoken. */
  moderation?: ConversationModeration | undefined;
  /** A tool was used for this reply; only ever called once it is released. */
  onToolUse?: (call: ToolCall, result: string) => void;
  /** Nothing is left to be heard for now, and more is to come. */
  onSilence?: (utteranceId: number) => void;
  /** As above: what the reply rests on. */
  onSources?: (utteranceId: number, sources: Source[]) => void;
}

export class Reply extends HeldReply {
  readonly done: Promise<void>;
  readonly #o: ReplyOptions;
  /** No more text is wanted; what there is may still be spoken. */
  readonly #enough = new AbortController();
  readonly #segments: string[] = [];
  #textEnded = false;
  #wake: (() => void) | undefined;
  /** The text goes on, but not at once. */
  #paused = false;
  /** What is to be told of a reply that is still held. */
  #untold: (() => void)[] = [];

  constructor(options: ReplyOptions) {
    super(options);
    this.#o = options;
    void this.#readText();
    this.done = this.speak(this.#chunks(), 'engine-failed');
  }

  override release(): number {
    const utteranceId = super.release();
    for (const tell of this.#untold.splice(0)) tell();
    return utteranceId;
  }

  override cancel(): void {
    super.cancel();
    this.#enough.abort();
    this.#untold = [];
    this.#wake?.();
  }

  /** Now, or once the reply is released; never of one that was thrown away before. */
  #tell(what: () => void): void {
    if (this.utteranceId !== undefined) what();
    else if (!this.isCancelled) this.#untold.push(what);
  }

  async #readText(): Promise<void> {
    const assembler = new SegmentAssembler(this.#o.pace.limits);
    const gate = this.#openGate();
    const take = (segments: readonly Segment[]): void => {
      if (gate === undefined) this.#push(segments.map((segment) => segment.text));
      else gate.push(segments);
    };
    const { signal } = this.#enough;
    let length = 0;
    const text = this.#o.text({
      signal,
      committed: this.released,
      onToolUse: (call, result) => this.#tell(() => this.#o.onToolUse?.(call, result)),
    });
    try {
      for await (const event of text) {
        if (signal.aborted) return;
        if (event.type === 'pause') {
          take(assembler.flush());
          this.#pause();
        }
        if (event.type === 'sources') {
          const { sources } = event;
          this.#tell(() => this.#o.onSources?.(this.utteranceId ?? 0, sources));
        }
        if (event.type !== 'text-delta') continue;
        this.marks.firstTextAtMs ??= this.now();
        this.#paused = false;
        length += event.text.length;
        take(assembler.push(event.text));
        if (length > MAX_REPLY_CHARACTERS) break;
      }
      take(assembler.flush());
      await gate?.end();
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) return;
      const error = VisavisError.from(thrown, 'upstream-failed');
      this.#o.onError(error);
      take(assembler.flush());
      await gate?.end();
      if (gate?.isClosed !== true) this.#push([this.#o.apology(error)]);
    } finally {
      this.#endText();
    }
  }

  #openGate(): SentenceGate | undefined {
    const { moderation } = this.#o;
    if (moderation === undefined) return undefined;
    return new SentenceGate({
      ...{ moderation, signal: this.signal, committed: this.released },
      pass: (texts) => this.#push(texts),
      stop: () => {
        this.#enough.abort();
        // An agent that does not heed its signal holds nobody up.
        this.#endText();
      },
    });
  }

  #endText(): void {
    this.#textEnded = true;
    this.#wake?.();
  }

  #pause(): void {
    this.#paused = true;
    this.#wake?.();
  }

  #push(segments: string[]): void {
    if (segments.length === 0) return;
    this.marks.firstSegmentAtMs ??= this.now();
    this.#segments.push(...segments);
    this.#wake?.();
  }

  async *#chunks(): AsyncIterable<SpeechChunk> {
    let first = true;
    for (;;) {
      const segment = await this.#nextSegment();
      if (segment === undefined) return;
      for await (const chunk of this.#o.synthesiser.speak(segment, {
        voice: this.#o.speechVoice,
        speed: this.#o.speechRate,
        priority: first ? 'first' : 'later',
        signal: this.signal,
      })) {
        this.#o.pace.note(chunk.computeMs, (chunk.samples.length * 1000) / chunk.sampleRateHz);
        if (first) this.#markFirst(chunk);
        first = false;
        yield chunk;
      }
    }
  }

  #markFirst(chunk: SpeechChunk): void {
    this.marks.firstAudioAtMs = this.now();
    this.marks.synthesisComputeMs = chunk.computeMs;
  }

  async #nextSegment(): Promise<string | undefined> {
    while (this.#segments.length === 0) {
      if (this.#textEnded || this.isCancelled) return undefined;
      const timer = this.#paused ? this.#awaitSilence() : undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
      clearTimeout(timer);
    }
    return this.isCancelled ? undefined : this.#segments.shift();
  }

  /** Everything so far is with the voice. */
  #awaitSilence(): NodeJS.Timeout | undefined {
    const utteranceId = this.utteranceId;
    if (utteranceId === undefined || this.#o.onSilence === undefined) return undefined;
    const leftMs = this.#o.voice.backlogMs(utteranceId, this.now());
    return setTimeout(() => this.#o.onSilence?.(utteranceId), leftMs);
  }
}

/** A text that is spoken word for word. */
export function verbatim(text: string): () => AsyncIterable<AgentEvent> {
  return async function* () {
    yield { type: 'text-delta', text };
    yield { type: 'reply-end', finishReason: 'stop' };
  };
}
