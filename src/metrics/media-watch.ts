import type { Consumer, Producer, Router, Transport, Worker } from 'mediasoup/types';
import type { Direction, MediaKind, MediaMetrics, StreamCounts } from './media-metrics.js';

const SAMPLE_EVERY_MS = 5_000;
/** Questions to the SFU at a time; each is answered within a millisecond or so. */
const AT_ONCE = 16;
/** RTP clock rate of Opus, RFC 7587: its jitter is counted in these. */
const OPUS_CLOCK_HZ = 48_000;

interface Watched {
  direction: Direction;
  kind: MediaKind;
  entity: Consumer | Producer;
  last: StreamCounts | undefined;
}

/**
 * Looks every 5 s at all streams between viewers and the SFU. It follows mediasoup's observers from the workers down, so nobody has to
 * tell it of sessions or viewers; streams over the links to avatar workers are left out.
 */
export class MediaWatch {
  readonly #metrics: MediaMetrics;
  readonly #watched = new Set<Watched>();
  readonly #timer: NodeJS.Timeout;
  #sampling: Promise<void> | undefined;

  constructor(metrics: MediaMetrics) {
    this.#metrics = metrics;
    this.#timer = setInterval(() => void this.sample(), SAMPLE_EVERY_MS);
    this.#timer.unref();
  }

  /** To be called for every media worker, before it has a router. */
  watch(worker: Worker): void {
    worker.observer.on('newrouter', (router: Router) => {
      router.observer.on('newtransport', (transport: Transport) => this.#watchTransport(transport));
    });
  }

  /** Asks all streams for their counts; a call while one is under way waits for that one. */
  sample(): Promise<void> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  #watchTransport(transport: Transport): void {
    if (transport.type !== 'webrtc') return;
    transport.observer.on('newconsumer', (consumer: Consumer) => {
      const watched = this.#add(consumer, 'out');
      consumer.observer.once('close', () => this.#watched.delete(watched));
    });
    transport.observer.on('newproducer', (producer: Producer) => {
      const watched = this.#add(producer, 'in');
      producer.observer.once('close', () => this.#watched.delete(watched));
    });
  }

  #add(entity: Consumer | Producer, direction: Direction): Watched {
    const watched: Watched = { direction, kind: entity.kind, entity, last: undefined };
    this.#watched.add(watched);
    return watched;
  }

  async #sample(): Promise<void> {
    const waiting = [...this.#watched];
    const bitrates = new Map<string, number>();
    const work = async () => {
      for (let watched = waiting.pop(); watched !== undefined; watched = waiting.pop()) {
        // A stream that closes meanwhile has no counts any more.
        const counts = await countsOf(watched).catch(() => undefined);
        if (counts === undefined) continue;
        const { direction, kind } = watched;
        this.#metrics.add(direction, kind, counts, watched.last);
        watched.last = counts;
        bitrates.set(`${direction} ${kind}`, (bitrates.get(`${direction} ${kind}`) ?? 0) + counts.bitrateBps);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.#metrics.setBitrate('out', 'audio', bitrates.get('out audio') ?? 0);
    this.#metrics.setBitrate('out', 'video', bitrates.get('out video') ?? 0);
    this.#metrics.setBitrate('in', 'audio', bitrates.get('in audio') ?? 0);
  }
}

interface RtpStreamStat {
  type: string;
  packetCount: number;
  packetsLost: number;
  byteCount: number;
  bitrate: number;
  roundTripTime?: number;
  jitter?: number;
}

async function countsOf({ direction, entity }: Watched): Promise<StreamCounts | undefined> {
  if (entity.closed) return undefined;
  const wanted = direction === 'out' ? 'outbound-rtp' : 'inbound-rtp';
  const stats = (await entity.getStats()) as unknown as RtpStreamStat[];
  const mine = stats.filter(({ type }) => type === wanted);
  const first = mine[0];
  if (first === undefined) return undefined;
  const sum = (pick: (stat: RtpStreamStat) => number) => mine.reduce((total, stat) => total + pick(stat), 0);
  return {
    packets: sum((stat) => stat.packetCount),
    packetsLost: sum((stat) => stat.packetsLost),
    bytes: sum((stat) => stat.byteCount),
    bitrateBps: sum((stat) => stat.bitrate),
    roundTripMs: direction === 'out' ? first.roundTripTime : undefined,
    jitterMs: direction === 'in' && first.jitter !== undefined ? (first.jitter * 1000) / OPUS_CLOCK_HZ : undefined,
  };
}
