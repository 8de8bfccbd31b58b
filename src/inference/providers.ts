/** Which execution providers of onnxruntime can be used here, by trying each. */
import './telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { VisavisError } from '../errors.js';
import { createLogger } from '../log.js';
import type { ExecutionProvider } from './onnx.js';
import { bytesField, intField, textField } from './protobuf.js';

export const EXECUTION_PROVIDERS = [
  'cpu',
  'cuda',
  'tensorrt',
  'webgpu',
] as const satisfies readonly ExecutionProvider[];
/**
 * What `auto` tries, best first. TensorRT builds an engine for minutes at its first start, and WebGPU may take a driver that computes on the processor, more slowly than it
 * does itself: they must be asked for by name.
 */
const AUTOMATIC: readonly ExecutionProvider[] = ['cuda', 'cpu'];

export interface ProbedProvider {
  provider: ExecutionProvider;
  isUsable: boolean;
  /** Why it is not. */
  reason?: string;
}

const log = createLogger('providers');

/**
 * Reads VISAVIS_PROVIDERS: `auto`, or names in order of preference, with commas between; `cpu` follows the last. Throws `bad-request` naming
 * one that does not exist.
 */
export function parseProviders(text: string | undefined): { providers: ExecutionProvider[]; isAutomatic: boolean } {
  const names = (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase()]));
  if (names.length === 0 || (names.length === 1 && names[0] === 'auto'))
    return { providers: [...AUTOMATIC], isAutomatic: true };
  const providers: ExecutionProvider[] = names.map((name) => {
    const found = EXECUTION_PROVIDERS.find((known) => known === name);
    if (found !== undefined) return found;
    const expected = `expected auto, or some of ${EXECUTION_PROVIDERS.join(', ')}`;
    throw new VisavisError('bad-request', `VISAVIS_PROVIDERS: got "${name.slice(0, 40)}", ${expected}`, {
      field: 'VISAVIS_PROVIDERS',
    });
  });
  return { providers: [...new Set([...providers, 'cpu' as const])], isAutomatic: false };
}

/** Has each of `providers` run a network of one operator, in this order. Never rejects. */
export async function probeProviders(providers: readonly ExecutionProvider[]): Promise<ProbedProvider[]> {
  const probed: ProbedProvider[] = [];
  for (const provider of providers) probed.push(await probe(provider));
  return probed;
}

/** The usable ones of those that are asked for, best first. What was asked for by name and cannot be used is a warning in the log. */
export async function usableProviders(text: string | undefined): Promise<ExecutionProvider[]> {
  const { providers, isAutomatic } = parseProviders(text);
  const probed = await probeProviders(providers);
  for (const { provider, isUsable, reason } of probed) {
    if (isUsable) continue;
    const fields = { provider, reason };
    if (isAutomatic) log.debug(fields, 'execution provider is not usable');
    else log.warn(fields, 'execution provider is not usable, falling back');
  }
  return probed.flatMap(({ provider, isUsable }) => (isUsable ? [provider] : []));
}

async function probe(provider: ExecutionProvider): Promise<ProbedProvider> {
  try {
    const session = await InferenceSession.create(PROBE, { executionProviders: [provider], logSeverityLevel: 4 });
    try {
      const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(-1, 2), [2]) });
      const drawn = [...((await y!.getData()) as Float32Array)];
      if (drawn.join() !== '0,2')
        return { provider, isUsable: false, reason: `it computes ${drawn.join(', ')}, not 0, 2` };
      return { provider, isUsable: true };
    } finally {
      await session.release();
    }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { provider, isUsable: false, reason: message.split('\n')[0]!.slice(0, 200) };
  }
}

/** `y = Relu(x)` of two numbers, ONNX operator set 13. */
const PROBE = (() => {
  const value = (name: string) => {
    const shape = bytesField(1, intField(1, 2));
    const tensor = Buffer.concat([intField(1, 1), bytesField(2, shape)]);
    return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
  };
  const relu = Buffer.concat([textField(1, 'x'), textField(2, 'y'), textField(4, 'Relu')]);
  const graph = Buffer.concat([
    ...[bytesField(1, relu), textField(2, 'probe')],
    ...[bytesField(11, value('x')), bytesField(12, value('y'))],
  ]);
  const operators = Buffer.concat([textField(1, ''), intField(2, 13)]);
  return Buffer.concat([intField(1, 7), bytesField(7, graph), bytesField(8, operators)]);
})();
