import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const ROUND_TRIP_BUCKETS_S = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2];
const JITTER_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** To viewers, or from their microphones. */
export type Direction = 'out' | 'in';
export type MediaKind = 'audio' | 'video';

/** One stream's counts since it began, as the SFU and the receiver reports of the other side tell them. */
export interface StreamCounts {
  packets: number;
  packetsLost: number;
  bytes: number;
  bitrateBps: number;
  /** Undefined before the first receiver report, and for incoming streams. */
  roundTripMs: number | undefined;
  /** Undefined for outgoing streams. */
  jitterMs: number | undefined;
}

/** What goes over the wire between viewers and the SFU. */
export class MediaMetrics {
  readonly #packets: Counter<'direction' | 'kind'>;
  readonly #packetsLost: Counter<'direction' | 'kind'>;
  readonly #bytes: Counter<'direction' | 'kind'>;
  readonly #bitrate: Gauge<'direction' | 'kind'>;
  readonly #roundTrip: Histogram;
  readonly #jitter: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['direction', 'kind'] as const;
    this.#packets = new Counter({
      ...{ name: 'visavis_media_packets_total', labelNames, registers },
      help: 'RTP packets to viewers (out) and from their microphones (in)',
    });
    this.#packetsLost = new Counter({
      ...{ name: 'visavis_media_packets_lost_total', labelNames, registers },
      help: 'RTP packets that did not arrive: out as the receiver reports say, in as the SFU counts',
    });
    this.#bytes = new Counter({
      ...{ name: 'visavis_media_bytes_total', labelNames, registers },
      help: 'Bytes of RTP to viewers (out) and from their microphones (in)',
    });
    this.#bitrate = new Gauge({
      ...{ name: 'visavis_media_bits_per_second', labelNames, registers },
      help: 'Bitrate of all streams together',
    });
    this.#roundTrip = new Histogram({
      ...{ name: 'visavis_viewer_round_trip_seconds', buckets: ROUND_TRIP_BUCKETS_S, registers },
      help: 'Round trip to viewers, from their receiver reports, once per picture stream and sampling interval',
    });
    this.#jitter = new Histogram({
      ...{ name: 'visavis_microphone_jitter_seconds', buckets: JITTER_BUCKETS_S, registers },
      help: "Jitter of visitors' microphones as they arrive, once per stream and sampling interval",
    });
    for (const [direction, kind] of [
      ['out', 'audio'],
      ['out', 'video'],
      ['in', 'audio'],
    ] as const) {
      for (const counter of [this.#packets, this.#packetsLost, this.#bytes]) counter.inc({ direction, kind }, 0);
      this.#bitrate.set({ direction, kind }, 0);
    }
  }

  /** What a stream has counted since it was last looked at. */
  add(direction: Direction, kind: MediaKind, now: StreamCounts, before: StreamCounts | undefined): void {
    const labels = { direction, kind };
    this.#packets.inc(labels, grown(now.packets, before?.packets));
    // Receiver reports may take back a loss when a packet comes late.
    this.#packetsLost.inc(labels, grown(now.packetsLost, before?.packetsLost));
    this.#bytes.inc(labels, grown(now.bytes, before?.bytes));
    if (direction === 'out' && kind === 'video' && now.roundTripMs !== undefined && now.roundTripMs > 0) {
      this.#roundTrip.observe(now.roundTripMs / 1000);
    }
    if (direction === 'in' && now.jitterMs !== undefined) this.#jitter.observe(now.jitterMs / 1000);
  }

  setBitrate(direction: Direction, kind: MediaKind, bitsPerSecond: number): void {
    this.#bitrate.set({ direction, kind }, bitsPerSecond);
  }
}

function grown(now: number, before = 0): number {
  return Math.max(0, now - before);
}
