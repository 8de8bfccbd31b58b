import { describe, expect, it } from 'vitest';
import { OnnxGraph } from '../../../scripts/lib/onnx-model.mjs';
import { speakingMoves } from '../../../src/bench/inference/avatars.js';
import { floorOf, measureNetwork } from '../../../src/bench/inference/networks.js';
import { renderInference } from '../../../src/bench/inference/report.js';

const RATES = { gflops: 50, gbytes: 10 };
const SIDE = 8;

/** Doubles its input; `isFixed` writes a batch of one into it where the file's ends do not show it. */
function network(isFixed: boolean): Buffer {
  const graph = new OnnxGraph();
  const input = graph.input('x', [1, 2, SIDE, SIDE]);
  const two = graph.floats([], [2]);
  const inner = isFixed ? graph.node('Reshape', [input, graph.ints([1, 2, SIDE, SIDE])]) : input;
  graph.output('y', [1, 2, SIDE, SIDE], graph.node('Mul', [inner, two]));
  return graph.encode('test');
}

const measured = (file: Uint8Array, signal = new AbortController().signal) =>
  measureNetwork({ name: 'double', file }, { provider: 'cpu', sizes: [1, 2, 4], budgetMs: 1, rates: RATES, signal });

describe('measuring a network', () => {
  it('times every batch size, beside the floor of its work', async () => {
    const { figures, limit } = await measured(network(false));
    expect(limit).toBeUndefined();
    expect(figures.map(({ batch }) => batch)).toEqual([1, 2, 4]);
    const values = 2 * SIDE * SIDE;
    for (const figure of figures) {
      expect(figure.work).toEqual({ flops: values, bytes: 4 * (1 + 2 * values) });
      expect(figure.framesPerSecond).toBeCloseTo(1_000 / figure.msP50);
      expect(figure.ratio).toBeCloseTo(figure.msP50 / figure.floorMs!);
    }
    const text = renderInference({
      machine: { processor: 'a processor', cores: 2, rates: RATES },
      providers: [{ provider: 'cuda', isUsable: false, reason: 'no library' }],
      avatars: [],
      networks: [{ figures }],
    });
    expect(text).toMatch(/cuda: absent \(no library\)/);
    expect(text.split('\n').filter((line) => line.startsWith('double'))).toHaveLength(3);
  });

  it('ends with the largest batch that the network can do, and says why', async () => {
    const { figures, limit } = await measured(network(true));
    expect(figures.map(({ batch }) => batch)).toEqual([1]);
    expect(limit).toMatch(/^batches of 2: ./);
  });

  it('can be aborted', async () => {
    await expect(measured(network(false), AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the floor of a frame', () => {
  it('is the slower of computing and moving', () => {
    expect(floorOf({ flops: 5e8, bytes: 1e6 }, 1, RATES)).toBeCloseTo(10);
    expect(floorOf({ flops: 5e6, bytes: 1e8 }, 1, RATES)).toBeCloseTo(10);
  });
});

describe('the speech that avatars are measured with', () => {
  it('opens and closes the mouth', () => {
    const moves = speakingMoves();
    const spans = Array.from({ length: moves[0]!.length }, (_, i) => {
      const values = moves.map((move) => move[i]!);
      return Math.max(...values) - Math.min(...values);
    });
    expect(Math.max(...spans)).toBeGreaterThan(0.2);
  });
});
