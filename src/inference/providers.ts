/** Which execution providers of onnxruntime can be used here, by trying each. */
import './telemetry.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { PROJECT_ROOT } from '../cache.js';
import { parseProviders } from '../execution-providers.js';
import { createLogger } from '../log.js';
import type { ExecutionProvider } from './onnx.js';
import { bytesField, intField, textField } from './protobuf.js';

export interface ProbedProvider {
  provider: ExecutionProvider;
  isUsable: boolean;
  /** Why it is not. */
  reason?: string;
}

const log = createLogger('providers');

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

let usable: Promise<ExecutionProvider[]> | undefined;

/** Where the networks of avatars run, by VISAVIS_PROVIDERS; tried once in each thread. */
export function avatarProviders(): Promise<ExecutionProvider[]> {
  usable ??= usableProviders(process.env['VISAVIS_PROVIDERS']);
  return usable;
}

async function probe(provider: ExecutionProvider): Promise<ProbedProvider> {
  const reason = missingLibrary(provider);
  if (reason !== undefined) return { provider, isUsable: false, reason };
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

/** Those of NVIDIA come as libraries of their own, without which onnxruntime complains on the standard error stream. */
function missingLibrary(provider: ExecutionProvider): string | undefined {
  if (provider !== 'cuda' && provider !== 'tensorrt') return undefined;
  const folder = join(PROJECT_ROOT, 'node_modules/onnxruntime-node/bin/napi-v6', process.platform, process.arch);
  const name =
    process.platform === 'win32' ? `onnxruntime_providers_${provider}.dll` : `libonnxruntime_providers_${provider}.so`;
  return existsSync(join(folder, name)) ? undefined : `${name} is not installed`;
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
