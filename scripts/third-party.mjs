/** Writes THIRD_PARTY.md: whose work is used, under which licence. `--check` only compares. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installedPackages } from './lib/licences.mjs';
import { parseManifest } from './lib/manifest.mjs';
import { ROOT } from './lib/project.mjs';
import { runMain, SetupError } from './lib/report.mjs';

const TARGET = join(ROOT, 'THIRD_PARTY.md');

/** Linked or started, and taken from the system: never part of this repository. */
const SYSTEM = [
  ['libvpx', 'BSD-3-Clause', 'VP8, linked by the native addon'],
  ['libopus', 'BSD-3-Clause', 'Opus, linked by the native addon'],
  [
    'OpenSSL, libuv, usrsctp, Abseil, FlatBuffers, libsrtp',
    'Apache-2.0, MIT and BSD-3-Clause',
    "linked by mediasoup's worker",
  ],
  [
    'espeak-ng',
    'GPL-3.0-or-later',
    'started as a process of its own where VISAVIS_LANGUAGES asks for it; never linked',
  ],
];

export async function thirdPartyText() {
  const lock = parseManifest(await readFile(join(ROOT, 'models.lock.json'), 'utf8'));
  const works = new Map();
  for (const file of lock.files) {
    const key = `${file.attribution} | ${file.licence}`;
    works.set(key, [...(works.get(key) ?? []), file.name]);
  }
  const models = [...works].map(([work, names]) => `| ${work} | ${shortList(names)} |`);
  const seen = new Map();
  for (const entry of await installedPackages()) seen.set(`${entry.name}@${entry.version}`, entry);
  const sorted = [...seen.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const list = (tool) =>
    sorted.filter((entry) => entry.tool === tool).map((entry) => `- ${entry.name} ${entry.version}: ${entry.licence}`);
  return [
    '# Third-party work',
    'Written by `node scripts/third-party.mjs`; do not edit. Full licence texts lie beside each package and at each origin.',
    '## Model files (fetched by set-up, see models.lock.json)',
    ['| work | licence | files |', '|---|---|---|', ...models].join('\n'),
    '## Libraries of the system',
    ['| library | licence | use |', '|---|---|---|', ...SYSTEM.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
    '## npm packages of the service',
    list(false).join('\n'),
    '## npm packages for building and testing only',
    list(true).join('\n'),
    '',
  ].join('\n\n');
}

function shortList(names) {
  return names.length <= 4 ? names.join(', ') : `${names[0]} and ${names.length - 1} more`;
}

export async function isThirdPartyCurrent() {
  return (await readFile(TARGET, 'utf8').catch(() => '')) === (await thirdPartyText());
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    if (!process.argv.includes('--check')) await writeFile(TARGET, await thirdPartyText());
    else if (!(await isThirdPartyCurrent()))
      throw new SetupError('THIRD_PARTY.md is out of date: run "node scripts/third-party.mjs"');
  });
}
