import { Counter, Gauge, type Registry } from 'prom-client';
import { WORKER_HISTOGRAM_BOUNDS_MS, type WorkerHistogramName } from '../histogram.js';
import type { WorkerStats } from '../worker/control.js';
import { JoinedHistogram } from './joined-histogram.js';

const ENGINES = ['recognition', 'synthesis', 'embedding'] as const;

const FRAMES = {
  pacerLateness: ['visavis_pacer_lateness_seconds', 'How late packets of sound were handed to the network'],
  frameInterval: [
    'visavis_frame_interval_seconds',
    'Time between neighbouring pictures of a conversation; 0.04 when all is well',
  ],
  frameRender: ['visavis_frame_render_seconds', 'Time to move the face and draw one picture'],
  frameEncode: ['visavis_frame_encode_seconds', 'Time to encode one picture'],
  skew: ['visavis_av_skew_seconds', 'How far pictures left before or after the sound they belong to, absolute'],
} as const satisfies Partial<Record<WorkerHistogramName, readonly [string, string]>>;

/** What the avatar workers report with their answers to pings. */
export class WorkerMetrics {
  readonly #frames: { name: WorkerHistogramName; histogram: JoinedHistogram }[];
  readonly #speechQueue: JoinedHistogram;
  readonly #speechCompute: JoinedHistogram;
  readonly #framesDue: Counter;
  readonly #framesLate: Counter;
  readonly #underruns: Counter;
  readonly #speechPending: Gauge<'engine'>;
  readonly #speechAhead: Gauge;
  readonly #speechAheadMax: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#frames = (Object.keys(FRAMES) as (keyof typeof FRAMES)[]).map((name) => {
      const [metric, help] = FRAMES[name];
      return {
        name,
        histogram: new JoinedHistogram({ name: metric, help, boundsMs: WORKER_HISTOGRAM_BOUNDS_MS[name], registry }),
      };
    });
    const boundsMs = WORKER_HISTOGRAM_BOUNDS_MS.recognitionQueue;
    const label = { name: 'engine', values: ENGINES };
    this.#speechQueue = new JoinedHistogram({
      ...{ name: 'visavis_speech_queue_seconds', boundsMs, label, registry },
      help: 'How long calls to the speech worker waited for their engine',
    });
    this.#speechCompute = new JoinedHistogram({
      ...{ name: 'visavis_speech_compute_seconds', boundsMs, label, registry },
      help: 'How long the engines of the speech worker worked on a call',
    });
    this.#framesDue = new Counter({
      ...{ name: 'visavis_frames_due_total', registers },
      help: 'Pictures that were due',
    });
    this.#framesLate = new Counter({
      ...{ name: 'visavis_frames_late_total', registers },
      help: 'Pictures that were not ready when due',
    });
    this.#underruns = new Counter({
      ...{ name: 'visavis_speech_underruns_total', registers },
      help: 'How often speech ran dry inside an utterance',
    });
    this.#speechPending = new Gauge({
      ...{ name: 'visavis_speech_calls_pending', labelNames: ['engine'], registers },
      help: 'Calls to the speech worker that wait or are worked on',
    });
    this.#speechAhead = new Gauge({
      ...{ name: 'visavis_speech_ahead_seconds', registers },
      help: 'Speech that is synthesised and waits to be sent, all conversations together',
    });
    this.#speechAheadMax = new Gauge({
      ...{ name: 'visavis_speech_ahead_max_seconds', registers },
      help: 'Speech that is synthesised and waits to be sent, the conversation that has most of it',
    });
  }

  record(stats: WorkerStats): void {
    for (const { name, histogram } of this.#frames) histogram.join(stats.pid, stats.histograms[name]);
    for (const engine of ENGINES) {
      this.#speechQueue.join(stats.pid, stats.histograms[`${engine}Queue`], engine);
      this.#speechCompute.join(stats.pid, stats.histograms[`${engine}Compute`], engine);
      this.#speechPending.set({ engine }, stats.speechPending[engine]);
    }
    this.#framesDue.inc(Math.max(0, stats.framesDue));
    this.#framesLate.inc(Math.max(0, stats.framesLate));
    this.#underruns.inc(Math.max(0, stats.underruns));
    const aheadS = stats.perConversation.map(({ queuedSpeechMs }) => queuedSpeechMs / 1000);
    this.#speechAhead.set(aheadS.reduce((sum, seconds) => sum + seconds, 0));
    this.#speechAheadMax.set(Math.max(0, ...aheadS));
  }
}
