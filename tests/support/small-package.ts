/** A sound avatar package of a few kilobytes, for tests that damage one thousands of times. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeGreyPng, encodeRgbPng } from '../../src/png.js';
import { stockFolder } from '../inference/avatar/stock.js';
import type { ZipEntry } from './zip-writer.js';

const SIDE = 32;

export type RawManifest = Record<string, unknown> & { files: Record<string, { sha256: string; bytes: number }> };

export interface SmallPackage {
  manifest: RawManifest;
  /** Without the manifest. */
  files: Map<string, Buffer>;
}

export async function smallPackage(id = 'small'): Promise<SmallPackage> {
  const given = JSON.parse(await readFile(join(stockFolder('mara'), 'avatar.json'), 'utf8')) as RawManifest;
  const grey = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE).map((_, i) => i) };
  const rgb = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3).map((_, i) => i * 7) };
  const files = new Map<string, Buffer>([
    ['portrait.png', Buffer.from(encodeRgbPng(rgb))],
    ['background.png', Buffer.from(encodeRgbPng(rgb))],
    ['matte.png', Buffer.from(encodeGreyPng(grey))],
    ['rig.json', await readFile(join(stockFolder('mara'), 'rig.json'))],
  ]);
  return { manifest: { ...given, id, files: sumsOf(files) }, files };
}

export function sumsOf(files: ReadonlyMap<string, Uint8Array>): RawManifest['files'] {
  const sums = [...files].map(([name, content]) => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    return [name, { sha256, bytes: content.length }] as const;
  });
  return Object.fromEntries(sums);
}

/** As the entries of a zip file. `change` may be given another manifest. */
export function entriesOf({ manifest, files }: SmallPackage, changed: object = {}): ZipEntry[] {
  return [
    { name: 'avatar.json', content: Buffer.from(JSON.stringify({ ...manifest, ...changed })), method: 8 },
    ...[...files].map(([name, content]) => ({ name, content, method: name.endsWith('.json') ? 8 : 0 })),
  ];
}
