/**
 * Everything that is checked without running the service: types, lint and format, layering, file length, licences, linked libraries,
 * known vulnerabilities of dependencies, and words that must not be in the repository. All checks run; the failures are listed together.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { auditDependencies } from './lib/audit.mjs';
import { findForbiddenText, hostsOfThisMachine } from './lib/forbidden.mjs';
import { findLayerViolations } from './lib/layers.mjs';
import { findLicenceProblems, installedPackages } from './lib/licences.mjs';
import { findLinkProblems } from './lib/linked-libraries.mjs';
import { parseManifest } from './lib/manifest.mjs';
import { run } from './lib/process.mjs';
import { ROOT } from './lib/project.mjs';
import { runMain, SetupError, say } from './lib/report.mjs';
import { filesBelow } from './lib/stamp.mjs';
import { isThirdPartyCurrent } from './third-party.mjs';

const LONGEST_FILE_LINES = 400;
const MEASURED = new Set(['.ts', '.tsx', '.mjs', '.js', '.cc', '.h', '.sh', '.css', '.html']);
const MEASURED_FOLDERS = ['src', 'tests', 'scripts', 'native', 'web-demo'];

async function tool(path, args, cwd = ROOT) {
  const result = await run(process.execPath, [join(ROOT, 'node_modules', path), ...args], { cwd });
  return result.code === 0 ? [] : [result.output.trim()];
}

/** One after another: each takes two cores and several hundred megabytes. */
async function types() {
  const problems = [];
  for (const project of ['.', 'web-demo', 'tests'])
    problems.push(...(await tool('typescript/bin/tsc', ['--noEmit', '-p', join(ROOT, project), '--pretty', 'false'])));
  return problems;
}

async function fileLength() {
  const problems = [];
  for (const folder of MEASURED_FOLDERS) {
    for (const path of await filesBelow(join(ROOT, folder))) {
      if (!MEASURED.has(extname(path))) continue;
      const lines = (await readFile(path, 'utf8')).split('\n').length - 1;
      if (lines > LONGEST_FILE_LINES)
        problems.push(`${relative(ROOT, path)} has ${lines} lines, at most ${LONGEST_FILE_LINES}`);
    }
  }
  return problems;
}

async function licences() {
  const lock = parseManifest(await readFile(join(ROOT, 'models.lock.json'), 'utf8'));
  const problems = findLicenceProblems(await installedPackages(), lock.files);
  if (!(await isThirdPartyCurrent()))
    problems.push('THIRD_PARTY.md is out of date: run "node scripts/third-party.mjs"');
  return problems;
}

/** The text of every file that git keeps or would keep. */
async function repositoryText() {
  const list = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    keptCharacters: 10e6,
  });
  if (list.code !== 0) throw new SetupError(`git ls-files failed: ${list.output}`);
  const names = list.stdout.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)));
  return findForbiddenText(names, (name) => readFile(join(ROOT, name)), await hostsOfThisMachine());
}

async function audit() {
  const { problems, notes } = await auditDependencies();
  for (const note of notes) say('check', `audit: ${note}`);
  return problems;
}

const CHECKS = {
  types,
  'lint and format': () => tool('@biomejs/biome/bin/biome', ['check', '--max-diagnostics=50', '--colors=off', '.']),
  layering: () => findLayerViolations(join(ROOT, 'src')),
  'file length': fileLength,
  licences,
  'linked libraries': () => findLinkProblems([join(ROOT, 'node_modules'), join(ROOT, 'native', 'build')]),
  audit,
  'forbidden text': repositoryText,
};

await runMain(async () => {
  const only = process.argv.slice(2);
  const failed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const started = performance.now();
    const problems = await check();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say('check', `${name}: ${problems.length === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
    if (problems.length > 0)
      failed.push(`${name}:\n${problems.map((problem) => `  ${problem.replaceAll('\n', '\n  ')}`).join('\n')}`);
  }
  if (failed.length > 0) throw new SetupError(failed.join('\n\n'));
});
