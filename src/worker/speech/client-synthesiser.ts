import { throwIfAborted } from '../../abort.js';
import type { SpeakOptions, SpeechChunk, SpeechSynthesiser } from '../../inference/engines.js';
import type { SpeechLink } from './client-link.js';
import type { SynthesiserName } from './protocol.js';

/** What holds before the worker has said it: the rates of the models themselves. */
const SAMPLE_RATE_HZ: Record<SynthesiserName, number> = { kokoro: 24_000, piper: 22_050 };

/** A synthesiser in the speech worker. It is loaded there when it is first spoken with; `voices` is empty until then. */
export class RemoteSynthesiser implements SpeechSynthesiser {
  readonly #link: SpeechLink;
  readonly #engine: SynthesiserName;

  constructor(link: SpeechLink, engine: SynthesiserName) {
    this.#link = link;
    this.#engine = engine;
  }

  get sampleRateHz(): number {
    return this.#link.synthesisers[this.#engine]?.sampleRateHz ?? SAMPLE_RATE_HZ[this.#engine];
  }

  get voices(): readonly string[] {
    return this.#link.synthesisers[this.#engine]?.voices ?? [];
  }

  /** Leaving the loop early cancels what is left of the segment. */
  async *speak(segment: string, o: SpeakOptions): AsyncGenerator<SpeechChunk, void, undefined> {
    throwIfAborted(o.signal);
    const { voice, speed, priority } = o;
    // Bounded by the segment's length, which the worker limits.
    const arrived: SpeechChunk[] = [];
    let wake: () => void = () => undefined;
    const cancel = new AbortController();
    const onAbort = () => cancel.abort(o.signal.reason);
    o.signal.addEventListener('abort', onAbort, { once: true });
    let outcome: { error: Error | null } | null = null;
    const finish = (error: Error | null) => {
      outcome = { error };
      wake();
    };
    this.#link
      .call(
        { type: 'speak', engine: this.#engine, text: segment, voice, speed, priority },
        {
          signal: cancel.signal,
          onMessage: (message) => {
            if (message.type !== 'chunk') return;
            // A copy: what was received is a view of the socket's buffer, and callers may transfer theirs to a thread.
            arrived.push({ ...message.chunk, samples: message.chunk.samples.slice() });
            wake();
          },
        },
      )
      .then(() => finish(null), finish);
    try {
      for (;;) {
        throwIfAborted(o.signal);
        const chunk = arrived.shift();
        if (chunk) {
          yield chunk;
          continue;
        }
        const done = outcome as { error: Error | null } | null;
        if (done?.error) throw done.error;
        if (done) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      o.signal.removeEventListener('abort', onAbort);
      cancel.abort();
    }
  }

  /** The link and the engine are shared, so there is nothing of its own to close. */
  async close(): Promise<void> {}
}
