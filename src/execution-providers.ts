import { VisavisError } from './errors.js';

export const EXECUTION_PROVIDERS = ['cpu', 'cuda', 'tensorrt', 'webgpu'] as const;
export type ExecutionProviderName = (typeof EXECUTION_PROVIDERS)[number];

/** Where networks of avatars may run, best first; the last is the CPU. */
export interface ProviderChoice {
  providers: readonly ExecutionProviderName[];
  /** Nothing was asked for by name. */
  isAutomatic: boolean;
}

/**
 * What `auto` tries, best first. TensorRT builds an engine for minutes at its first start, and WebGPU may take a driver that computes on the processor, more slowly than it
 * does itself: they must be asked for by name.
 */
const AUTOMATIC: readonly ExecutionProviderName[] = ['cuda', 'cpu'];

/**
 * Reads VISAVIS_PROVIDERS: `auto`, or names in order of preference, with commas between; `cpu` follows the last. Throws `bad-request` naming
 * one that does not exist.
 */
export function parseProviders(text: string | undefined): ProviderChoice {
  const names = (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase()]));
  if (names.length === 0 || (names.length === 1 && names[0] === 'auto'))
    return { providers: [...AUTOMATIC], isAutomatic: true };
  const providers: ExecutionProviderName[] = names.map((name) => {
    const found = EXECUTION_PROVIDERS.find((known) => known === name);
    if (found !== undefined) return found;
    const expected = `expected auto, or some of ${EXECUTION_PROVIDERS.join(', ')}`;
    throw new VisavisError('bad-request', `VISAVIS_PROVIDERS: got "${name.slice(0, 40)}", ${expected}`, {
      field: 'VISAVIS_PROVIDERS',
    });
  });
  return { providers: [...new Set([...providers, 'cpu' as const])], isAutomatic: false };
}
