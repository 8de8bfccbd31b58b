/**
 * Imports point downward: signaling, worker → agents → inference, media → metrics → helpers (the single files in `src`) →
 * wording (one file a language). Entry points stand above all. Neighbours of one height may share types and what stands in `CONTRACTS`; into and out of those
 * files types may come from anywhere.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { filesBelow } from './stamp.mjs';

const HEIGHTS = {
  wording: -1,
  metrics: 0.5,
  inference: 1,
  media: 1,
  agents: 2,
  signaling: 3,
  worker: 3,
  talk: 3.5,
  bench: 4,
  client: 4,
};
const ENTRIES = new Set([
  'index.ts',
  'cli.ts',
  'compose.ts',
  'doctor.ts',
  'talk.ts',
  'serve.ts',
  'gateway-process.ts',
  'avatar-command.ts',
  'avatar-create-command.ts',
  'avatar-import-command.ts',
  'avatar-making-command.ts',
  'avatar-zip-command.ts',
]);
/** What engines, threads and processes agree on: types of both ends and constants, no behaviour. */
const CONTRACTS = new Set([
  'inference/engines.ts',
  'media/output-protocol.ts',
  'agents/events.ts',
  'worker/control.ts',
  'signaling/messages.ts',
]);

const ENTRY_HEIGHT = 5;
const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?([^'"]*?\sfrom\s+)?['"](\.[^'"]*)['"]|\bimport\(\s*['"](\.[^'"]*)['"]\s*\)/gm;

/** Where `file` (relative to `src`) stands: its folder and height. */
function placeOf(file) {
  const [folder, ...rest] = file.split('/');
  if (rest.length === 0) return { folder: '', height: ENTRIES.has(file) ? ENTRY_HEIGHT : 0 };
  return { folder, height: HEIGHTS[folder] ?? ENTRY_HEIGHT - 1 };
}

/** What is wrong with one import; undefined when it is fine. Both files relative to `src`, `typeOnly` for `import type`. */
export function judgeImport(file, target, typeOnly) {
  const from = placeOf(file);
  const to = placeOf(target);
  if (to.height < from.height || (to.folder === from.folder && to.height === from.height)) return undefined;
  if (to.height === from.height && CONTRACTS.has(target)) return undefined;
  if (typeOnly && (to.height === from.height || CONTRACTS.has(file) || CONTRACTS.has(target))) return undefined;
  return to.height === from.height
    ? `takes a value from its neighbour ${target}`
    : `imports ${target}, which stands above it`;
}

/** Every relative import in TypeScript `text`; `import { type A, type B }` counts as type-only. */
export function importsOf(text) {
  const found = [];
  for (const match of text.matchAll(IMPORT)) {
    const names = /\{([^}]*)\}/.exec(match[2] ?? '')?.[1];
    const allTypes = names?.split(',').every((name) => name.trim() === '' || /^type\s/.test(name.trim())) ?? false;
    found.push({ specifier: match[3] ?? match[4], typeOnly: match[1] !== undefined || allTypes });
  }
  return found;
}

/** All wrong imports below `source`, as lines of text. */
export async function findLayerViolations(source) {
  const violations = [];
  for (const path of await filesBelow(source)) {
    if (!path.endsWith('.ts')) continue;
    const file = relative(source, path);
    for (const { specifier, typeOnly } of importsOf(await readFile(path, 'utf8'))) {
      const target = relative(source, join(dirname(path), specifier)).replace(/\.js$/, '.ts');
      const problem = target.startsWith('..') ? undefined : judgeImport(file, target, typeOnly);
      if (problem !== undefined) violations.push(`src/${file} ${problem}`);
    }
  }
  return violations;
}
