import { describe, expect, it } from 'vitest';
import { countersOf, type StatsEntry, streamStats } from '../../web-demo/src/model/stream-stats.js';

const report = (seconds: number): StatsEntry[] => [
  {
    type: 'inbound-rtp',
    kind: 'video',
    timestamp: seconds * 1_000,
    framesDecoded: 25 * seconds,
    bytesReceived: 100_000 * seconds,
    packetsLost: 3,
    freezeCount: 1,
  },
  {
    type: 'inbound-rtp',
    kind: 'audio',
    timestamp: seconds * 1_000,
    bytesReceived: 5_000 * seconds,
    packetsLost: 1,
    jitter: 0.004,
    jitterBufferDelay: 2_000 * seconds,
    jitterBufferEmittedCount: 48_000 * seconds,
  },
  { type: 'candidate-pair', timestamp: 0, nominated: true, currentRoundTripTime: 0.02 },
  { type: 'candidate-pair', timestamp: 0, nominated: false, currentRoundTripTime: 9 },
  { type: 'codec', timestamp: 0 },
];

describe('streamStats', () => {
  it('turns counters into rates and takes the audio’s jitter', () => {
    const stats = streamStats(countersOf(report(10)), countersOf(report(12)));
    expect(stats).toMatchObject({
      framesPerSecond: 25,
      bitrateKbps: 840,
      jitterMs: 4,
      packetsLost: 4,
      freezes: 1,
      roundTripMs: 20,
    });
    expect(stats?.jitterBufferMs).toBeCloseTo(41.67, 1);
  });

  it('says nothing across a reconnection or without time between', () => {
    expect(streamStats(countersOf(report(10)), countersOf(report(10)))).toBeUndefined();
    const restarted = countersOf(report(1));
    expect(streamStats(countersOf(report(10)), { ...restarted, atMs: 11_000 })).toBeUndefined();
  });
});
