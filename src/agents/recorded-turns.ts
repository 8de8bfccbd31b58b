/** Notes for the traces of one conversation: what the avatar did while its visitors' turns were recorded. */
import { OUTPUT_RATE_HZ } from '../media/output-protocol.js';
import type { PacerEvent } from '../media/pacer-client.js';
import type { ConversationEvent } from './events.js';
import type { TurnSettings } from './turn.js';
import type { TraceNote, TurnTrace, TurnTraces } from './turn-trace.js';
import type { SpeechOutput } from './voice.js';

export class RecordedTurns {
  readonly #traces: TurnTraces;
  readonly #open = new Set<TurnTrace>();

  constructor(traces: TurnTraces) {
    this.#traces = traces;
  }

  /** A trace of one microphone, which gets the notes as well until it is closed. */
  open(participantId: string, settings: TurnSettings): TurnTrace {
    const trace = this.#traces.open(participantId, settings);
    this.#open.add(trace);
    return {
      input: (input, decisions) => trace.input(input, decisions),
      note: (note) => trace.note(note),
      close: () => {
        this.#open.delete(trace);
        trace.close();
      },
    };
  }

  /** `output`, with notes of what is given to it. */
  output(output: SpeechOutput): SpeechOutput {
    return {
      speech: (segment) => {
        const { utteranceId, segmentId, samples, words } = segment;
        const durationMs = Math.round((samples.length * 1000) / OUTPUT_RATE_HZ);
        this.#note({
          type: 'planned',
          utteranceId,
          segmentId,
          durationMs,
          text: words.map(({ text }) => text).join(' '),
        });
        output.speech(segment);
      },
      utteranceComplete: (utteranceId) => output.utteranceComplete(utteranceId),
      gain: (gain, rampMs) => {
        this.#note({ type: 'gain', gain });
        output.gain(gain, rampMs);
      },
      clear: (fadeMs) => {
        this.#note({ type: 'gain', gain: 1 });
        return output.clear(fadeMs);
      },
    };
  }

  /** `emit`, with notes of what passes. */
  emit(emit: (event: ConversationEvent) => void): (event: ConversationEvent) => void {
    return (event) => {
      const note = noteOf(event);
      if (note !== undefined) this.#note(note);
      emit(event);
    };
  }

  handlePacer(event: PacerEvent): void {
    if (event.type !== 'segment-started') return;
    const { utteranceId, segmentId } = event;
    this.#note({ type: 'playing', utteranceId, segmentId });
  }

  #note(note: TraceNote): void {
    for (const trace of this.#open) trace.note(note);
  }
}

function noteOf(event: ConversationEvent): TraceNote | undefined {
  switch (event.type) {
    case 'state':
      return { type: 'state', state: event.state };
    case 'caption':
      return { type: 'heard', utteranceId: event.utteranceId, word: event.word };
    case 'utterance-end':
      return { type: 'spoken', utteranceId: event.utteranceId, interrupted: event.interrupted };
    case 'transcript':
      return event.final ? { type: 'understood', text: event.text } : undefined;
    default:
      return undefined;
  }
}
