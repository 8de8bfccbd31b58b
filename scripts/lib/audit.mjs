/** Known vulnerabilities of what is shipped, as the package server's advisory database tells them. */
import { run } from './process.mjs';
import { ROOT } from './project.mjs';

const FAILING = new Set(['high', 'critical']);
const TIMEOUT_MS = 60_000;

/**
 * Asks npm. `problems`: advisories that fail the check; `notes`: milder ones, or why nobody could be asked (offline, a mirror
 * without the advisory service), which is no reason to fail a build that cannot change it.
 */
export async function auditDependencies() {
  const result = await run('npm', ['audit', '--omit=dev', '--json', '--loglevel=silent'], {
    cwd: ROOT,
    timeoutMs: TIMEOUT_MS,
    keptCharacters: 10e6,
  });
  return judgeAudit(result.stdout, result.code);
}

/** Reads the report of `npm audit --json`. */
export function judgeAudit(stdout, code) {
  const report = parse(stdout);
  if (report?.vulnerabilities === undefined) {
    const reason = report?.message ?? report?.error?.summary ?? `npm audit ended with code ${code}`;
    // The message may name the server of one machine.
    const short = String(reason)
      .replace(/\bhttps?:\/\/\S+/g, 'the package server')
      .slice(0, 200);
    return { problems: [], notes: [`not checked, the advisory database cannot be asked here: ${short}`] };
  }
  const problems = [];
  const notes = [];
  for (const { name, severity, via, range, fixAvailable } of Object.values(report.vulnerabilities)) {
    const advisories = via.filter((entry) => typeof entry === 'object');
    // A package that only depends on a vulnerable one is told by that one.
    if (advisories.length === 0) continue;
    const titles = advisories.map(({ title, url }) => `${title} (${url})`).join('; ');
    const mend = fixAvailable ? 'a fixed version exists' : 'no fixed version yet';
    (FAILING.has(severity) ? problems : notes).push(`${name} ${range}, ${severity}: ${titles}; ${mend}`);
  }
  return { problems, notes };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
