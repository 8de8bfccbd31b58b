/** What belongs to one machine must not get into the repository: package servers and absolute paths of the checkout. */
import { homedir } from 'node:os';
import { run } from './process.mjs';
import { ROOT } from './project.mjs';

/** Joined here, so that this file does not contain them. */
const PACKAGE_SERVERS = [['registry', 'npmjs', 'org'].join('.'), ['registry', 'yarnpkg', 'com'].join('.')];
const PUBLIC_DEBIAN_HOSTS = new Set(['deb.debian.org', 'security.debian.org']);

/** Host names of the package servers this machine is set to, and the paths of checkout and home. */
export async function hostsOfThisMachine() {
  const words = new Set(PACKAGE_SERVERS);
  const registry = await run('npm', ['config', 'get', 'registry', '--loglevel=silent'], { cwd: ROOT });
  const targets = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const addresses = [registry.stdout.trim(), ...(targets.code === 0 ? targets.stdout.split('\n') : [])];
  for (const address of addresses) {
    const host = URL.canParse(address) ? new URL(address).hostname : '';
    if (host.includes('.') && !PUBLIC_DEBIAN_HOSTS.has(host)) words.add(host);
  }
  // A short path such as "/app" may stand in a container file with good reason.
  for (const path of [ROOT, homedir()]) if (path.split('/').length > 2) words.add(path);
  return [...words];
}

/** Lines with a forbidden word; files with a zero byte are taken to be binary and left out. */
export async function findForbiddenText(names, read, words) {
  const problems = [];
  for (const name of names) {
    const content = await read(name);
    if (content.subarray(0, 8_000).includes(0)) continue;
    const text = content.toString('utf8');
    for (const word of words) {
      const at = text.indexOf(word);
      if (at >= 0) problems.push(`${name}:${text.slice(0, at).split('\n').length} contains "${word}"`);
    }
    if (/(^|\/)package-lock\.json$/.test(name) && /"resolved": "https?:/.test(text))
      problems.push(`${name} names servers ("resolved")`);
  }
  return problems;
}
