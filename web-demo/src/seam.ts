import type { AgentState } from '../../src/inference/engines.js';
import type { ConversationEvent, Phase } from './client/events.js';
import type { TurnTiming } from './model/latency.js';
import type { Turn } from './model/transcript.js';
import type { VoiceGap } from './model/voice-gap.js';
import type { TalkSession } from './talk-session.js';

/** All times are `performance.now()` of this page, in ms, unless said otherwise. */
export interface CaptionFact {
  utteranceId: number;
  index: number;
  word: string;
  atMs: number;
}

/**
 * `window.visavis`: facts about the conversation for end-to-end tests and benches. Read-only; nothing here changes the
 * conversation, and every list keeps its newest entries only.
 */
export interface VisavisFacts {
  readonly phase: Phase | 'before';
  readonly agentState: AgentState;
  /** From the start of the conversation (the click) to its first live frame on the screen. */
  readonly firstFrameMs: number | undefined;
  readonly microphone: 'off' | 'asking' | 'on' | 'muted';
  readonly transcript: readonly Turn[];
  readonly captions: readonly CaptionFact[];
  /** Response times measured in the audio thread, in seconds of the audio clock. */
  readonly responses: readonly VoiceGap[];
  readonly latencies: readonly TurnTiming[];
  /** Everything the client was told, with the time of arrival. */
  readonly events: readonly { atMs: number; event: ConversationEvent }[];
  /** Codes of what failed, oldest first. */
  readonly problems: readonly string[];
  readonly avatarStream: MediaStream | undefined;
  readonly microphoneStream: MediaStream | undefined;
  getStats(): Promise<RTCStatsReport | undefined>;
}

declare global {
  interface Window {
    visavis?: VisavisFacts;
  }
}

const MAX_ENTRIES = 5_000;

/** Collects the facts of the present conversation; `begin()` forgets the one before. */
export class Seam {
  #session: TalkSession | undefined;
  #firstFrameMs: number | undefined;
  #captions: CaptionFact[] = [];
  #responses: VoiceGap[] = [];
  #events: { atMs: number; event: ConversationEvent }[] = [];
  #problems: string[] = [];

  constructor() {
    const seam = this;
    const facts: VisavisFacts = {
      get phase() {
        return seam.#session?.state.phase ?? 'before';
      },
      get agentState() {
        return seam.#session?.state.agentState ?? 'idle';
      },
      get firstFrameMs() {
        return seam.#firstFrameMs;
      },
      get microphone() {
        return seam.#session?.state.microphone ?? 'off';
      },
      get transcript() {
        return seam.#session?.state.turns ?? [];
      },
      get captions() {
        return seam.#captions.slice();
      },
      get responses() {
        return seam.#responses.slice();
      },
      get latencies() {
        return seam.#session?.state.timings ?? [];
      },
      get events() {
        return seam.#events.slice();
      },
      get problems() {
        return seam.#problems.slice();
      },
      get avatarStream() {
        return seam.#session?.playback.stream;
      },
      get microphoneStream() {
        return seam.#session?.microphoneStream;
      },
      getStats: async () => seam.#session?.stats(),
    };
    Object.defineProperty(window, 'visavis', { value: Object.freeze(facts), configurable: true });
  }

  begin(): void {
    this.#session = undefined;
    this.#firstFrameMs = undefined;
    this.#captions = [];
    this.#responses = [];
    this.#events = [];
    this.#problems = [];
  }

  setSession(session: TalkSession): void {
    this.#session = session;
  }

  recordFirstFrame(sinceStartMs: number): void {
    this.#firstFrameMs = sinceStartMs;
  }

  recordEvent(event: ConversationEvent): void {
    const atMs = performance.now();
    keep(this.#events, { atMs, event });
    if (event.type === 'caption') {
      const { utteranceId, index, word } = event;
      keep(this.#captions, { utteranceId, index, word, atMs });
    }
  }

  recordResponse(gap: VoiceGap): void {
    keep(this.#responses, gap);
  }

  recordProblem(code: string): void {
    keep(this.#problems, code);
  }
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > MAX_ENTRIES) list.splice(0, list.length - MAX_ENTRIES);
}
