import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { modelFile } from '../../src/inference/models.js';
import { createSession, exposeOutput, Tensor } from '../../src/inference/onnx.js';

const TINY_ENCODER = 'moonshine-tiny-encoder.onnx';

describe('createSession', () => {
  it('runs on the CPU when nothing else is asked for', async () => {
    const session = await createSession(modelFile('silero-vad-v6.onnx'), { threads: 1 });
    expect(session.provider).toBe('cpu');
    expect(session.inputNames).toEqual(['input', 'state', 'sr']);
    await session.release();
  });

  it('falls back to the next provider and says which one it took', async () => {
    const model = readFileSync(modelFile('silero-vad-v6.onnx'));
    const session = await createSession(model, { threads: 1, providers: ['dml'] });
    expect(session.provider).toBe('cpu');
    await session.release();
  });

  it('rejects with engine-failed for bytes that are no model', async () => {
    await expect(createSession(new Uint8Array([1, 2, 3, 4]), { threads: 1 })).rejects.toMatchObject({
      code: 'engine-failed',
      retryable: false,
    });
  });
});

describe('exposeOutput', () => {
  it('makes an inner tensor an output of the graph and leaves the others as they were', async () => {
    const plain = readFileSync(modelFile(TINY_ENCODER));
    const session = await createSession(exposeOutput(plain, '/conv1/Conv_output_0', 'float32'), { threads: 1 });
    expect(session.outputNames).toEqual(['last_hidden_state', '/conv1/Conv_output_0']);
    const samples = new Float32Array(6_400).map((_, i) => Math.sin(i / 10));
    const result = await session.run({ input_values: new Tensor('float32', samples, [1, samples.length]) });
    // A convolution of width 127 and stride 64 over 6,400 samples, 288 channels.
    expect(result['/conv1/Conv_output_0']!.dims).toEqual([1, 288, Math.floor((6_400 - 127) / 64) + 1]);
    expect((result['/conv1/Conv_output_0']!.data as Float32Array).some((value) => value !== 0)).toBe(true);
    await session.release();
  });

  it('makes a model that cannot be loaded of a name that is not in the graph', async () => {
    const broken = exposeOutput(readFileSync(modelFile(TINY_ENCODER)), 'no-such-tensor', 'float32');
    await expect(createSession(broken, { threads: 1 })).rejects.toMatchObject({ code: 'engine-failed' });
  });
});
