import type { TurnLatency } from './events.js';
import type { ReplyMarks } from './held-reply.js';

/** What is known of a turn's stages when its reply begins to be heard. All but the computing times count from the last voiced sample. */
export function latencyOf(
  known: TurnLatency,
  { firstTextAtMs, firstSegmentAtMs, firstAudioAtMs, synthesisComputeMs }: ReplyMarks,
  lastVoicedAtMs: number,
  firstSentAtMs: number,
): TurnLatency {
  return {
    ...known,
    ...(firstTextAtMs === undefined ? {} : { firstTextMs: firstTextAtMs - lastVoicedAtMs }),
    ...(firstSegmentAtMs === undefined ? {} : { firstSegmentMs: firstSegmentAtMs - lastVoicedAtMs }),
    ...(firstAudioAtMs === undefined ? {} : { firstAudioMs: firstAudioAtMs - lastVoicedAtMs }),
    ...(synthesisComputeMs === undefined ? {} : { synthesisComputeMs }),
    firstSentMs: firstSentAtMs - lastVoicedAtMs,
  };
}

/** When a turn began and ended, as its transcript tells it; nothing of one that was typed. */
export function spokenTimes(begunAtMs: number | undefined, endedAtMs: number | undefined, nowMs: number) {
  if (begunAtMs === undefined || endedAtMs === undefined) return {};
  return { spoken: { fromAgoMs: Math.max(0, nowMs - begunAtMs), toAgoMs: Math.max(0, nowMs - endedAtMs) } };
}
