/** The parts of an `RTCStats` dictionary that are read here. */
export interface StatsEntry {
  type: string;
  timestamp: number;
  kind?: string;
  framesDecoded?: number;
  jitter?: number;
  packetsLost?: number;
  packetsReceived?: number;
  bytesReceived?: number;
  freezeCount?: number;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  nominated?: boolean;
  state?: string;
  currentRoundTripTime?: number;
}

/** Counters at one moment, from `inbound-rtp` and the nominated `candidate-pair`. */
export interface StreamCounters {
  atMs: number;
  framesDecoded: number;
  bytesReceived: number;
  packetsLost: number;
  freezes: number;
  jitterMs: number;
  jitterBufferS: number;
  jitterBufferEmitted: number;
  roundTripMs: number | undefined;
}

export interface StreamStats {
  framesPerSecond: number;
  bitrateKbps: number;
  /** Of the sound, RFC 3550. */
  jitterMs: number;
  /** Mean time of the sound in the jitter buffer during the interval. */
  jitterBufferMs: number | undefined;
  packetsLost: number;
  freezes: number;
  roundTripMs: number | undefined;
}

export function countersOf(entries: Iterable<StatsEntry>): StreamCounters {
  const counters: StreamCounters = {
    atMs: 0,
    framesDecoded: 0,
    bytesReceived: 0,
    packetsLost: 0,
    freezes: 0,
    jitterMs: 0,
    jitterBufferS: 0,
    jitterBufferEmitted: 0,
    roundTripMs: undefined,
  };
  for (const entry of entries) {
    if (entry.type === 'candidate-pair' && entry.nominated && entry.currentRoundTripTime !== undefined) {
      counters.roundTripMs = entry.currentRoundTripTime * 1_000;
    }
    if (entry.type !== 'inbound-rtp') continue;
    counters.atMs = Math.max(counters.atMs, entry.timestamp);
    counters.bytesReceived += entry.bytesReceived ?? 0;
    counters.packetsLost += entry.packetsLost ?? 0;
    if (entry.kind === 'video') {
      counters.framesDecoded += entry.framesDecoded ?? 0;
      counters.freezes += entry.freezeCount ?? 0;
    } else {
      counters.jitterMs = (entry.jitter ?? 0) * 1_000;
      counters.jitterBufferS += entry.jitterBufferDelay ?? 0;
      counters.jitterBufferEmitted += entry.jitterBufferEmittedCount ?? 0;
    }
  }
  return counters;
}

/** What happened between two readings of one connection; undefined when they are of different connections or the same moment. */
export function streamStats(before: StreamCounters, after: StreamCounters): StreamStats | undefined {
  const seconds = (after.atMs - before.atMs) / 1_000;
  if (seconds <= 0 || after.bytesReceived < before.bytesReceived) return undefined;
  const emitted = after.jitterBufferEmitted - before.jitterBufferEmitted;
  return {
    framesPerSecond: (after.framesDecoded - before.framesDecoded) / seconds,
    bitrateKbps: ((after.bytesReceived - before.bytesReceived) * 8) / 1_000 / seconds,
    jitterMs: after.jitterMs,
    jitterBufferMs: emitted > 0 ? ((after.jitterBufferS - before.jitterBufferS) / emitted) * 1_000 : undefined,
    packetsLost: after.packetsLost,
    freezes: after.freezes,
    roundTripMs: after.roundTripMs,
  };
}
