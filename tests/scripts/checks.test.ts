import { describe, expect, it } from 'vitest';
import { missingPackages } from '../../scripts/lib/debian.mjs';
import { firstDifference } from '../../scripts/lib/dependencies.mjs';
import { findForbiddenText } from '../../scripts/lib/forbidden.mjs';
import { importsOf, judgeImport } from '../../scripts/lib/layers.mjs';
import { findLicenceProblems, isAllowed, statedLicence } from '../../scripts/lib/licences.mjs';
import { refusedLibraries } from '../../scripts/lib/linked-libraries.mjs';

describe('layering', () => {
  it('lets imports point downward and within a folder', () => {
    expect(judgeImport('agents/pipeline.ts', 'inference/engines.ts', false)).toBeUndefined();
    expect(judgeImport('signaling/server.ts', 'media/sfu.ts', false)).toBeUndefined();
    expect(judgeImport('media/sfu.ts', 'errors.ts', false)).toBeUndefined();
    expect(judgeImport('cli.ts', 'compose.ts', false)).toBeUndefined();
    expect(judgeImport('agents/a.ts', 'agents/b/c.ts', false)).toBeUndefined();
  });

  it('refuses upward imports, types included unless a contract is at one end', () => {
    expect(judgeImport('media/pacer.ts', 'agents/turn.ts', false)).toMatch(/stands above/);
    expect(judgeImport('media/pacer.ts', 'agents/turn.ts', true)).toMatch(/stands above/);
    expect(judgeImport('media/plain-link.ts', 'worker/control.ts', true)).toBeUndefined();
    expect(judgeImport('media/plain-link.ts', 'worker/control.ts', false)).toMatch(/stands above/);
    expect(judgeImport('errors.ts', 'compose.ts', false)).toMatch(/stands above/);
  });

  it('lets neighbours share types and contracts but no other values', () => {
    expect(judgeImport('inference/a.ts', 'media/b.ts', true)).toBeUndefined();
    expect(judgeImport('inference/a.ts', 'media/b.ts', false)).toMatch(/neighbour/);
    expect(judgeImport('media/a.ts', 'inference/engines.ts', false)).toBeUndefined();
  });

  it('finds every form of import', () => {
    const text = `import type { A } from './a.js';
import { type B, type C } from '../b.js';
import { D, type E } from './d.js';
import './side-effect.js';
export * from './f.js';
import {
  G,
} from './g.js';
const h = await import('./h.js');
import { z } from 'zod';`;
    expect(importsOf(text)).toEqual([
      { specifier: './a.js', typeOnly: true },
      { specifier: '../b.js', typeOnly: true },
      { specifier: './d.js', typeOnly: false },
      { specifier: './side-effect.js', typeOnly: false },
      { specifier: './f.js', typeOnly: false },
      { specifier: './g.js', typeOnly: false },
      { specifier: './h.js', typeOnly: false },
    ]);
  });
});

describe('licences', () => {
  const allowed = new Set(['MIT', 'Apache-2.0']);

  it.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['(MIT OR GPL-2.0)', true],
    ['MIT AND GPL-2.0', false],
    ['(MIT AND (GPL-2.0 OR Apache-2.0))', true],
    ['SEE LICENSE IN LICENSE.md', false],
    ['MIT, but not for profit', false],
    ['', false],
  ])('judges "%s"', (expression, expected) => {
    expect(isAllowed(expression, allowed)).toBe(expected);
  });

  it('understands the older forms of the field', () => {
    expect(statedLicence({ licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] })).toBe('MIT OR GPL-2.0');
    expect(statedLicence({ license: { type: 'ISC' } })).toBe('ISC');
    expect(statedLicence({})).toBe('not stated');
  });

  it('names the package and the model file that may not be used', () => {
    const packages = [
      { name: 'fine', version: '1.0.0', licence: 'MIT', tool: false },
      { name: 'copyleft', version: '2.0.0', licence: 'AGPL-3.0', tool: true },
      { name: 'weak', version: '3.0.0', licence: 'MPL-2.0', tool: true },
      { name: 'weak-shipped', version: '3.0.0', licence: 'MPL-2.0', tool: false },
      { name: '@fontsource/fine', version: '5.0.0', licence: 'OFL-1.1', tool: false },
      { name: 'no-font', version: '5.0.0', licence: 'OFL-1.1', tool: false },
    ];
    const models = [
      { name: 'voice.onnx', licence: 'CC-BY-4.0' },
      { name: 'face.onnx', licence: 'CC-BY-NC-4.0' },
    ];
    expect(findLicenceProblems(packages, models)).toEqual([
      'package copyleft@2.0.0: licence AGPL-3.0',
      'package weak-shipped@3.0.0: licence MPL-2.0',
      'package no-font@5.0.0: licence OFL-1.1',
      'model file face.onnx: licence CC-BY-NC-4.0',
    ]);
  });
});

describe('linked libraries', () => {
  it('refuses encoders under the GPL, by the file that needs them', () => {
    const listing = `
File: /a/good.node
 0x0000000000000001 (NEEDED)             Shared library: [libvpx.so.7]
 0x0000000000000001 (NEEDED)             Shared library: [libx11.so.6]

File: /a/bad.node
 0x0000000000000001 (NEEDED)             Shared library: [libx264.so.164]
`;
    expect(refusedLibraries(listing)).toEqual(['/a/bad.node is linked to libx264.so.164']);
  });
});

describe('forbidden text', () => {
  it('names file and line, leaves binaries out, and refuses servers in a lock file', async () => {
    const files: Record<string, Buffer> = {
      'docs/a.md': Buffer.from('one\ntwo packages.example three'),
      'b.png': Buffer.from('\0packages.example'),
      'package-lock.json': Buffer.from('"resolved": "https://elsewhere.example/a.tgz"'),
    };
    const read = async (name: string) => files[name] as Buffer;
    expect(await findForbiddenText(Object.keys(files), read, ['packages.example'])).toEqual([
      'docs/a.md:2 contains "packages.example"',
      'package-lock.json names servers ("resolved")',
    ]);
  });
});

describe('what is installed', () => {
  it('finds Debian packages that are removed but still listed', () => {
    const listing = 'g++ ii \nlibvpx-dev rc \nlibopus-dev hi \n';
    expect(missingPackages(['g++', 'libvpx-dev', 'libopus-dev', 'meson'], listing)).toEqual(['libvpx-dev', 'meson']);
  });

  it('compares npm packages with the lock file', () => {
    const lock = {
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0', integrity: 'x' },
        'node_modules/other-system': { version: '1.0.0', optional: true },
      },
    };
    const installed = (packages: object) => ({ packages });
    expect(firstDifference(lock, null)).toBe('none installed yet');
    expect(
      firstDifference(lock, installed({ 'node_modules/a': { version: '1.0.0', integrity: 'x' } })),
    ).toBeUndefined();
    expect(firstDifference(lock, installed({}))).toBe('node_modules/a is missing');
    expect(firstDifference(lock, installed({ 'node_modules/a': { version: '0.9.0' } }))).toBe(
      'node_modules/a is not 1.0.0',
    );
    const extra = { 'node_modules/a': { version: '1.0.0', integrity: 'x' }, 'node_modules/b': { version: '1.0.0' } };
    expect(firstDifference(lock, installed(extra))).toBe('node_modules/b is not in package-lock.json');
  });
});
