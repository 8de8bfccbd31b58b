import { everyOutput, type GraphWork, readLayout, withBatch, workOf } from '../../inference/graph-shape.js';
import { createSession, type ExecutionProvider, type OnnxSession, Tensor } from '../../inference/onnx.js';
import { quantile } from '../figures.js';
import type { MachineRates } from './machine.js';

export interface NetworkFigures {
  network: string;
  provider: ExecutionProvider;
  batch: number;
  /** Of one frame of the batch. */
  msP50: number;
  msP95: number;
  framesPerSecond: number;
  /** Of one frame. */
  work: GraphWork;
  /** What the machine's rates allow for one frame, and how many times as much it took; null where its rates are not known. */
  floorMs: number | null;
  ratio: number | null;
}

export interface NetworkReport {
  figures: NetworkFigures[];
  /** Why larger batches are missing; undefined where none is. */
  limit?: string;
}

const WARM_UP_RUNS = 2;
const LEAST_RUNS = 5;

/**
 * Times a network with batches of `sizes`, `budgetMs` each or five runs at least, with numbers of no meaning as its inputs. A size that the network cannot do ends the list. Rejects
 * when it cannot be run at all, or asks for other inputs than float32 of known sizes.
 */
export async function measureNetwork(
  network: { name: string; file: Uint8Array },
  o: {
    provider: ExecutionProvider;
    sizes: readonly number[];
    budgetMs: number;
    rates: MachineRates;
    signal: AbortSignal;
  },
): Promise<NetworkReport> {
  const work = await workOfNetwork(network.file);
  const figures: NetworkFigures[] = [];
  for (const batch of o.sizes) {
    o.signal.throwIfAborted();
    let times: number[];
    try {
      times = await timesOf(withBatch(network.file, batch), o);
    } catch (thrown) {
      if (figures.length === 0) throw thrown;
      const reason = thrown instanceof Error ? thrown.message.split('\n')[0]!.slice(0, 160) : String(thrown);
      return { figures, limit: `batches of ${batch}: ${reason}` };
    }
    const [msP50, msP95] = [quantile(times, 0.5) / batch, quantile(times, 0.95) / batch];
    // The rates are the processor's.
    const floorMs = o.provider === 'cpu' ? floorOf(work, batch, o.rates) : null;
    const named = { network: network.name, provider: o.provider, batch };
    figures.push({
      ...named,
      msP50,
      msP95,
      framesPerSecond: 1_000 / msP50,
      work,
      floorMs,
      ratio: floorMs === null ? null : msP50 / floorMs,
    });
  }
  return { figures };
}

/** The constants are read once a run, all else once a frame: `work.bytes` counts both, so that of a batch is too high by what is shared, never too low for one. */
export function floorOf(work: GraphWork, batch: number, rates: MachineRates): number {
  const computing = work.flops / (rates.gflops * 1e6);
  const moving = work.bytes / (rates.gbytes * 1e6);
  return batch === 1 ? Math.max(computing, moving) : computing;
}

async function workOfNetwork(file: Uint8Array): Promise<GraphWork> {
  const one = withBatch(file, 1);
  const session = await createSession(everyOutput(one), { threads: 1 });
  try {
    const feeds = feedsOf(session);
    const shapes = new Map<string, readonly number[]>(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
    for (const [name, { dims }] of Object.entries(await session.run(feeds))) shapes.set(name, dims);
    return workOf(readLayout(one), shapes);
  } finally {
    await session.release();
  }
}

async function timesOf(
  file: Uint8Array,
  o: { provider: ExecutionProvider; budgetMs: number; signal: AbortSignal },
): Promise<number[]> {
  const session = await createSession(file, { threads: 1, providers: [o.provider] });
  try {
    if (session.provider !== o.provider) throw new Error(`${o.provider} cannot run it`);
    const feeds = feedsOf(session);
    const fetches = fetchesOf(await session.run(feeds));
    const times: number[] = [];
    for (let run = -WARM_UP_RUNS, totalMs = 0; run < LEAST_RUNS || totalMs < o.budgetMs; run++) {
      o.signal.throwIfAborted();
      const began = performance.now();
      await session.run(feeds, fetches);
      const ms = performance.now() - began;
      if (run < 0) continue;
      times.push(ms);
      totalMs += ms;
    }
    return times;
  } finally {
    await session.release();
  }
}

/** The outputs of a run as those of the next: nothing is allocated while times are taken. */
function fetchesOf(results: Awaited<ReturnType<OnnxSession['run']>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor as Tensor]));
}

function feedsOf(session: OnnxSession): Record<string, Tensor> {
  const feeds = session.inputMetadata.map((meta) => {
    if (!meta.isTensor || meta.type !== 'float32' || meta.shape.some((side) => typeof side !== 'number' || side < 1)) {
      const has = meta.isTensor ? `${meta.type} [${meta.shape.join(', ')}]` : 'no tensor';
      throw new Error(`the input "${meta.name}" is ${has}, expected float32 of known sizes`);
    }
    const shape = meta.shape as number[];
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i / 37));
    return [meta.name, new Tensor('float32', values, shape)] as const;
  });
  return Object.fromEntries(feeds);
}
