/** Debian packages: one question to dpkg; installed where we are root, else the line to type is printed. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run, runOrFail } from './process.mjs';
import { SetupError, say } from './report.mjs';

/** The native addon: compiler and codecs. */
export const SERVE_PACKAGES = ['g++', 'pkg-config', 'libvpx-dev', 'libopus-dev'];
/** Tests; any of the commands will do in place of the package. */
export const TEST_PACKAGES = [
  { name: 'chromium', commands: ['chromium'] },
  { name: 'redis-server', commands: ['redis-server'] },
  { name: 'nginx', commands: ['nginx'] },
  { name: 'caddy', commands: ['caddy'] },
  { name: 'coturn', commands: ['turnserver'] },
  { name: 'iproute2', commands: ['ip'] },
  { name: 'prometheus', commands: ['prometheus'] },
];
/** Building mediasoup's worker (`build-mediasoup-worker.sh` names the same). */
export const WORKER_PACKAGES = [
  ...['g++', 'meson', 'ninja-build', 'pkg-config', 'ca-certificates', 'libssl-dev', 'libuv1-dev', 'libusrsctp-dev'],
  ...['libabsl-dev', 'libflatbuffers-dev', 'flatbuffers-compiler'],
];

/** Installs those of `packages` that are missing. On a system without dpkg it only says what is needed. */
export async function provideDebianPackages(packages, purpose) {
  const wanted = packages.filter((entry) => typeof entry === 'string' || !entry.commands.some(isCommand));
  const names = wanted.map((entry) => (typeof entry === 'string' ? entry : entry.name));
  if (names.length === 0) return;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const query = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Abbrev}\n', ...names]);
  if (query.code === 127) {
    say('debian', `no dpkg here; ${purpose} needs what Debian calls ${names.join(', ')}`);
    return;
  }
  const missing = missingPackages(names, query.stdout);
  if (missing.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...missing];
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `${purpose} needs ${missing.length} Debian package(s) that are missing, and only root may install them. Type this, then start again:\n\n` +
        `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}\n`,
    );
  }
  say('debian', `installing ${missing.join(' ')} (${purpose})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = await run('apt-get', ['update', '-q', '-o', 'DPkg::Lock::Timeout=300'], { env });
  if (update.code !== 0) say('debian', `"apt-get update" failed; trying with the package lists there are`);
  await withoutStartingServices(() => runOrFail('apt-get', install, { env }));
}

/** Debian starts servers (Redis, nginx, …) when it installs them; what tests need they start themselves, on ports of their own. */
async function withoutStartingServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = await writeFile(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 }).then(
    () => true,
    () => false,
  );
  try {
    await work();
  } finally {
    if (isOurs) await rm(policy, { force: true });
  }
}

/** Those of `names` that dpkg does not list as installed ("ii", or "hi" when held). */
export function missingPackages(names, dpkgOutput) {
  const installed = new Set();
  for (const line of dpkgOutput.split('\n')) {
    const [name, status] = line.split(' ');
    if (status === 'ii' || status === 'hi') installed.add(name);
  }
  return names.filter((name) => !installed.has(name));
}

function isCommand(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));
}
