import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';

const css = readFileSync(join(PROJECT_ROOT, 'web-demo/src/styles/tokens.css'), 'utf8');

/** The custom properties of every block with this selector that declares any, in the order of the file. */
function palettesOf(selector: string): Record<string, string>[] {
  return css
    .split('}')
    .map((block) => block.split('{'))
    .filter((parts) => parts.at(-2)?.trim().endsWith(selector))
    .map((parts) => [...(parts.at(-1) ?? '').matchAll(/(--[\w-]+):([^;]+);/g)])
    .map((declared) => Object.fromEntries(declared.map(([, name, value]) => [name, value?.trim()])))
    .filter((palette) => Object.keys(palette).length > 0);
}

describe('the dark palette', () => {
  const [system, ...otherSystem] = palettesOf(':root:not([data-theme="light"])');
  const [chosen, ...otherChosen] = palettesOf(':root[data-theme="dark"]');

  it('is the same whether the system or the visitor asks for it', () => {
    expect([otherSystem, otherChosen]).toEqual([[], []]);
    expect(Object.keys(system ?? {}).length).toBeGreaterThan(10);
    expect(chosen).toEqual(system);
  });

  it('gives every one of its colours another value than the light one', () => {
    const [light = {}] = palettesOf(':root');
    for (const [name, value] of Object.entries(system ?? {})) {
      expect(light[name], name).toBeDefined();
      expect(light[name], name).not.toBe(value);
    }
  });
});
