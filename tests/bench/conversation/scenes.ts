import type { ConversationEvent } from '../../../src/agents/events.js';
import { KEPT_RATE_HZ, KEPT_VERSION, type KeptScene, type PlayedStep } from '../../../src/bench/conversation/kept.js';
import type { Scene, Step, Utterance } from '../../../src/bench/conversation/script.js';

export type Span = readonly [fromMs: number, toMs: number];

export function utterance(kind: Utterance['kind'], text: string, pausesMs: number[] = []): Utterance {
  return {
    kind,
    voice: { engine: 'piper', name: 'libritts-1' },
    phrases: text.split('|').map((p) => p.trim()),
    pausesMs,
  };
}

export function turn(text: string, kind: Utterance['kind'] = 'pause'): Step {
  return {
    kind: 'turn',
    utterance: utterance(
      kind,
      text,
      text
        .split('|')
        .slice(1)
        .map(() => 500),
    ),
  };
}

/** A channel in which a tone of −14 dBFS sounds within the spans. */
function tone(lengthMs: number, spans: readonly Span[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array((lengthMs * KEPT_RATE_HZ) / 1000);
  for (const [fromMs, toMs] of spans)
    for (let i = (fromMs * KEPT_RATE_HZ) / 1000; i < (toMs * KEPT_RATE_HZ) / 1000; i++)
      out[i] = 0.28 * Math.sin((2 * Math.PI * 200 * i) / KEPT_RATE_HZ);
  return out;
}

export function final(atMs: number, text: string) {
  const event: ConversationEvent = { type: 'transcript', turnId: 1, participantId: 'p', text, final: true };
  return { atMs, event };
}

export function interruption(atMs: number, phase: 'ducked' | 'stopped' | 'resumed', sinceOnsetMs = 400) {
  const event: ConversationEvent = { type: 'interruption', phase, utteranceId: 1, sinceOnsetMs };
  return { atMs, event };
}

export function keptScene(o: {
  scene?: Partial<Scene>;
  lengthMs: number;
  visitor?: readonly Span[];
  avatar?: readonly Span[];
  events?: KeptScene['events'];
  steps: PlayedStep[];
}): KeptScene {
  return {
    version: KEPT_VERSION,
    scene: { id: 'turns-01', part: 'turns', language: 'en', steps: o.steps.map(({ step }) => step), ...o.scene },
    speech: 'piper',
    steps: o.steps,
    events: o.events ?? [],
    load: 1,
    recording: {
      sampleRateHz: KEPT_RATE_HZ,
      channels: [
        tone(o.lengthMs, o.visitor ?? []),
        tone(o.lengthMs, o.avatar ?? []),
        tone(o.lengthMs, o.visitor ?? []),
      ],
    },
  };
}
