/** Which licences may be in what is shipped, and who uses which. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './project.mjs';

/** Permissive: no duty beyond keeping the notice. */
const ALLOWED = new Set([
  ...[
    'MIT',
    'MIT-0',
    'ISC',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    '0BSD',
    'BlueOak-1.0.0',
    'CC0-1.0',
    'Unlicense',
  ],
  ...['Python-2.0', 'Zlib', 'BSL-1.0', 'WTFPL'],
]);
/** Weak copyleft by file: fine for tools that are used unchanged and not shipped. */
const ALLOWED_IN_TOOLS = new Set(['MPL-2.0']);
/** Font packages only: bundling is free, and only the font itself stays under the licence. */
const ALLOWED_IN_FONTS = new Set(['OFL-1.1']);
/** Model files only: attribution, which THIRD_PARTY.md gives. */
const ALLOWED_IN_MODELS = new Set(['CC-BY-4.0']);

/** True when an SPDX expression can be satisfied with `allowed` identifiers alone. Anything that is no such expression is refused. */
export function isAllowed(expression, allowed) {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const either = () => {
    let value = both();
    while (tokens[at]?.toUpperCase() === 'OR') {
      at += 1;
      value = both() || value;
    }
    return value;
  };
  const both = () => {
    let value = one();
    while (tokens[at]?.toUpperCase() === 'AND') {
      at += 1;
      value = one() && value;
    }
    return value;
  };
  const one = () => {
    const token = tokens[at++];
    if (token !== '(') return allowed.has(token);
    const value = either();
    return tokens[at++] === ')' && value;
  };
  const value = either();
  return value && at === tokens.length;
}

/** The licence a package states, as an SPDX expression; older forms of the field are understood. */
export function statedLicence(manifest) {
  const field = manifest.license ?? manifest.licenses;
  if (typeof field === 'string') return field;
  if (Array.isArray(field)) return field.map((entry) => entry.type ?? entry).join(' OR ');
  return field?.type ?? 'not stated';
}

/** Every installed package: name, version, licence, and whether it is a tool that is not shipped. */
export async function installedPackages() {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const packages = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const manifest = await readFile(join(ROOT, path, 'package.json'), 'utf8').then(JSON.parse, () => null);
    // Optional packages for other systems are not here; the lock file repeats what they state.
    const licence = manifest === null ? (entry.license ?? 'not stated') : statedLicence(manifest);
    const name = manifest?.name ?? entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    packages.push({ name, version: entry.version, licence, tool: entry.dev === true || entry.devOptional === true });
  }
  return packages;
}

export function findLicenceProblems(packages, modelFiles) {
  const tools = new Set([...ALLOWED, ...ALLOWED_IN_TOOLS]);
  const models = new Set([...ALLOWED, ...ALLOWED_IN_MODELS]);
  const fonts = new Set([...ALLOWED, ...ALLOWED_IN_FONTS]);
  const allowedIn = (entry) => (entry.name.startsWith('@fontsource/') ? fonts : entry.tool ? tools : ALLOWED);
  return [
    ...packages
      .filter((entry) => !isAllowed(entry.licence, allowedIn(entry)))
      .map((entry) => `package ${entry.name}@${entry.version}: licence ${entry.licence}`),
    ...modelFiles
      .filter((file) => !isAllowed(file.licence, models))
      .map((file) => `model file ${file.name}: licence ${file.licence}`),
  ];
}
