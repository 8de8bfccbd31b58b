import type { Metric, Registry } from 'prom-client';
import type { HistogramSnapshot } from '../histogram.js';

/** Processes whose last counts are remembered; a worker that was replaced reports no more. */
const MAX_SOURCES = 64;

interface Series {
  counts: number[];
  sum: number;
}

/**
 * A Prometheus histogram whose observations are counted elsewhere: every source (a process) reports how many it has counted since its
 * own start, and the differences are added up here. Bounds are given in milliseconds and shown in seconds.
 */
export class JoinedHistogram {
  readonly name: string;
  readonly #help: string;
  readonly #boundsMs: readonly number[];
  readonly #label: string | undefined;
  readonly #series = new Map<string, Series>();
  readonly #last = new Map<string, HistogramSnapshot>();

  /** `label`: the name of the one label, if any; each of its `values` is shown from the start. */
  constructor(o: {
    name: string;
    help: string;
    boundsMs: readonly number[];
    label?: { name: string; values: readonly string[] };
    registry: Registry;
  }) {
    this.name = o.name;
    this.#help = o.help;
    this.#boundsMs = o.boundsMs;
    this.#label = o.label?.name;
    for (const value of o.label?.values ?? ['']) this.#series.set(value, emptySeries(o.boundsMs.length));
    o.registry.registerMetric(this as unknown as Metric);
  }

  /** `source` names the counting process; a later snapshot of it with lower counts is taken for that of a new one. */
  join(source: string | number, snapshot: HistogramSnapshot, labelValue = ''): void {
    const series = this.#series.get(labelValue);
    if (series === undefined || snapshot.counts.length !== series.counts.length) return;
    const key = `${source} ${labelValue}`;
    const before = this.#last.get(key);
    const goesOn = before?.counts.every((count, i) => count <= (snapshot.counts[i] ?? 0)) === true;
    for (const [i, count] of snapshot.counts.entries()) {
      series.counts[i] = (series.counts[i] ?? 0) + count - (goesOn ? (before?.counts[i] ?? 0) : 0);
    }
    series.sum += snapshot.sum - (goesOn ? (before?.sum ?? 0) : 0);
    this.#last.delete(key);
    this.#last.set(key, { counts: [...snapshot.counts], sum: snapshot.sum });
    const oldest = this.#last.keys().next();
    if (this.#last.size > MAX_SOURCES && oldest.done !== true) this.#last.delete(oldest.value);
  }

  /** What prom-client's registry asks of a metric. */
  async get() {
    return {
      name: this.name,
      help: this.#help,
      type: 'histogram',
      aggregator: 'sum',
      values: [...this.#series].flatMap(([value, series]) =>
        this.#lines(this.#label === undefined ? {} : { [this.#label]: value }, series),
      ),
    };
  }

  reset(): void {
    for (const series of this.#series.values()) {
      series.counts.fill(0);
      series.sum = 0;
    }
  }

  #lines(labels: Record<string, string>, { counts, sum }: Series) {
    let total = 0;
    const buckets = counts.map((count, i) => {
      total += count;
      const boundMs = this.#boundsMs[i];
      const le = boundMs === undefined ? '+Inf' : boundMs / 1000;
      return { labels: { le, ...labels }, value: total, metricName: `${this.name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sum / 1000, metricName: `${this.name}_sum` },
      { labels, value: total, metricName: `${this.name}_count` },
    ];
  }
}

function emptySeries(bounds: number): Series {
  return { counts: new Array<number>(bounds + 1).fill(0), sum: 0 };
}
