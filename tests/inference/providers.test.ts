import { describe, expect, it } from 'vitest';
import { parseProviders } from '../../src/execution-providers.js';
import { probeProviders, usableProviders } from '../../src/inference/providers.js';

describe('execution providers', () => {
  it('are read from a list of names that ends with the CPU', () => {
    expect(parseProviders(undefined)).toEqual({ providers: ['cuda', 'cpu'], isAutomatic: true });
    expect(parseProviders(' auto ')).toMatchObject({ isAutomatic: true });
    expect(parseProviders('TensorRT, cuda,cuda')).toEqual({
      providers: ['tensorrt', 'cuda', 'cpu'],
      isAutomatic: false,
    });
    expect(parseProviders('cpu').providers).toEqual(['cpu']);
    expect(() => parseProviders('cuda,quantum')).toThrow(
      'VISAVIS_PROVIDERS: got "quantum", expected auto, or some of cpu, cuda, tensorrt, webgpu',
    );
  });

  it('are tried with a network, and one that cannot run it says why', async () => {
    const [cpu, other] = await probeProviders(['cpu', 'dml']);
    expect(cpu).toEqual({ provider: 'cpu', isUsable: true });
    expect(other).toMatchObject({ provider: 'dml', isUsable: false });
    expect(other!.reason!.length).toBeGreaterThan(5);
  });

  it('leave the CPU where nothing else works', async () => {
    expect((await usableProviders('cpu')).at(-1)).toBe('cpu');
    expect((await usableProviders('auto')).at(-1)).toBe('cpu');
  });
});
