/** Root file systems that stand in for containers: made by debootstrap, entered with namespaces and chroot. Needs root and Linux. */
import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOrFail } from './process.mjs';
import { SetupError, say } from './report.mjs';

export const SETTINGS_INSIDE = '/run/build-host';
const RELEASE = 'bookworm';
const NODE_ARCHITECTURES = { x64: 'x64', arm64: 'arm64' };
const NPM_MAJOR = 11;

/**
 * Mounts what a container has, then becomes the command: ROOT, USER, then MODE (`rw` or `ro`), NETWORK (`host` or `alone`), SETTINGS (a folder
 * or nothing), then mounts as `tmpfs:OPTIONS:PATH` or `bind:FOLDER:PATH`, `--`, and the command.
 */
const ENTER = `
set -e
root=$1 user=$2 mode=$3 network=$4 settings=$5
shift 5
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do : > "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ -n "$settings" ]; then
  mkdir -p "$root${SETTINGS_INSIDE}"
  mount --bind "$settings" "$root${SETTINGS_INSIDE}"
fi
if [ "$network" = host ]; then
  [ -e "$root/etc/resolv.conf" ] || : > "$root/etc/resolv.conf"
  mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
else
  ip link set lo up
  ip link add visavis0 type veth peer name visavis1
  ip address add 192.0.2.1/24 dev visavis0
  ip link set visavis0 up
  ip link set visavis1 up
fi
while [ "$1" != -- ]; do
  path=\${1##*:} what=\${1%:*}
  mkdir -p "$root$path"
  case $what in
    tmpfs:*) mount -t tmpfs -o "\${what#tmpfs:}" tmpfs "$root$path" ;;
    bind:*) mount --bind "\${what#bind:}" "$root$path" ;;
  esac
  shift
done
shift
[ "$mode" = rw ] || mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" "$@"
`;
/** The address that a root file system with a network of its own has, besides loopback. */
export const ALONE_ADDRESS = '192.0.2.1';

/** Program and arguments that carry out a command in `root`, in namespaces of its own that end with it. */
export function enterCommand({
  root,
  user = '0:0',
  readOnly = false,
  alone = false,
  settings = '',
  mounts = [],
  ...rest
}) {
  const namespaces = [
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
    ...(alone ? ['--net'] : []),
  ];
  const place = [root, numericUser(user), readOnly ? 'ro' : 'rw', alone ? 'alone' : 'host', settings, ...mounts, '--'];
  return ['unshare', [...namespaces, '/bin/sh', '-c', ENTER, 'sh', ...place, ...inside(rest)]];
}

/** The same for a second command beside the process `pid` of the first: it shares its namespaces. */
export function joinCommand({ pid, root, user = '0:0', ...rest }) {
  const namespaces = ['--target', String(pid), '--mount', '--pid', '--net'];
  return ['nsenter', [...namespaces, '--', 'chroot', `--userspec=${numericUser(user)}`, root, ...inside(rest)]];
}

function inside({ env = {}, workdir = '/', command }) {
  const variables = Object.entries({
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    ...env,
  });
  return ['/usr/bin/env', '-i', '-C', workdir, ...variables.map(([name, value]) => `${name}=${value}`), ...command];
}

function numericUser(user) {
  if (user === 'root') return '0:0';
  if (/^\d+(:\d+)?$/.test(user)) return user;
  throw new SetupError(`USER ${user}: a number is expected`);
}

/** Starts a command in `root` and resolves with its process and the id of the command's own process, as this machine sees it. */
export async function startInRoot(options) {
  const child = spawn(...enterCommand(options), { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  exited.catch(() => {});
  for (let tries = 0; tries < 200; tries += 1) {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
    const pid = Number(children.trim().split(' ')[0]);
    const name = pid > 0 ? await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '') : '';
    // Until then it is the shell that mounts, or one of its tools.
    if (name !== '' && !['sh', 'unshare', 'chroot', 'env', 'mount'].includes(name.trim())) {
      return { child, pid, exited, kill: () => killNamespace(child, pid, exited) };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new SetupError('the service did not start in its root file system');
}

/** "--kill-child" does not outlast a change of user: the kernel clears the death signal. With its process 1 a namespace ends as a whole. */
async function killNamespace(child, pid, exited) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  process.kill(pid, 'SIGKILL');
  await exited;
}

/**
 * Debian 12 with Node of the major version `nodeMajor`, its newest from the npm package "node-linux-ARCH", as the official image has it: /usr/local/bin/node, npm, a user
 * "node". A `folder` that is complete is used again.
 */
export async function provideBase(folder, nodeMajor, settings) {
  const mark = join(folder, '.complete');
  if ((await readFile(mark, 'utf8').catch(() => '')).trim() === String(nodeMajor)) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  say('base', `Debian ${RELEASE} by debootstrap from ${settings.mirror}`);
  await runOrFail('unshare', ['--mount', 'debootstrap', '--variant=minbase', RELEASE, folder, settings.mirror]);
  for (const [path, text] of settings.aptFiles) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  // /etc/apt/sources.list is debootstrap's; the machine's own sources replace it.
  if (settings.aptFiles.some(([path]) => path.includes('sources')))
    await rm(join(folder, 'etc/apt/sources.list'), { force: true });
  const architecture = NODE_ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new SetupError(`no Node for the architecture ${process.arch}`);
  say('base', `Node ${nodeMajor} and npm ${NPM_MAJOR} from their npm packages`);
  await unpackFromNpm(`node-linux-${architecture}@${nodeMajor}`, join(folder, 'usr/local/.node'));
  await cp(join(folder, 'usr/local/.node/bin/node'), join(folder, 'usr/local/bin/node'));
  await rm(join(folder, 'usr/local/.node'), { recursive: true });
  await unpackFromNpm(`npm@${NPM_MAJOR}`, join(folder, 'usr/local/lib/node_modules/npm'));
  const links =
    'chmod 755 /usr/local/bin/node; for n in npm npx; do ln -s ../lib/node_modules/npm/bin/$n-cli.js /usr/local/bin/$n; done';
  const finish = `${links}; groupadd --gid 1000 node; useradd --uid 1000 --gid node --create-home node; apt-get update -q`;
  // What the node image has besides minbase because its own parts need it.
  const command = ['/bin/sh', '-ec', `${finish}; apt-get install -yq --no-install-recommends libstdc++6 libatomic1`];
  await runOrFail(...enterCommand({ root: folder, settings: settings.folder, env: settings.env, command }));
  await writeFile(mark, `${nodeMajor}\n`);
}

async function unpackFromNpm(specifier, target) {
  const staging = `${target}.download`;
  await mkdir(staging, { recursive: true });
  await mkdir(target, { recursive: true });
  // Several versions match "24": npm pack takes the newest of them.
  await runOrFail('npm', ['pack', specifier, '--ignore-scripts', '--pack-destination', staging, '--loglevel=error']);
  const [tarball] = await readdir(staging);
  await runOrFail('tar', ['-xzf', join(staging, tarball), '-C', target, '--strip-components=1', '--no-same-owner']);
  await rm(staging, { recursive: true });
}

/**
 * How this machine reaches Debian's mirror and the npm registry, found at run time: files for the root file system's /etc/apt, a folder to mount
 * while building, and the environment of RUN. Nothing of it stays in what is built, except apt's sources.
 */
export async function settingsOfThisMachine(folder) {
  const targets = await runOrFail('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const mirror = targets.stdout.split('\n').find((uri) => uri !== '' && !uri.includes('security'));
  if (mirror === undefined)
    throw new SetupError("apt of this machine knows no Debian mirror, or its lists are missing: run 'apt-get update'");
  const sources = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const aptFiles = [];
  for (const name of sources.filter((entry) => /^debian.*\.(list|sources)$/.test(entry))) {
    aptFiles.push([`etc/apt/sources.list.d/${name}`, await readFile(join('/etc/apt/sources.list.d', name), 'utf8')]);
  }
  const dump = (await runOrFail('apt-config', ['dump'])).stdout;
  const acquire = dump
    .split('\n')
    .filter((line) => /^Acquire::(http|https|ftp|Check-Valid-Until|Check-Date|Retries)\b.*"[^"]+"/i.test(line));
  await mkdir(folder, { recursive: true });
  const env = { NO_UPDATE_NOTIFIER: '1', DEBIAN_FRONTEND: 'noninteractive' };
  const authority = process.env.NODE_EXTRA_CA_CERTS ?? '/etc/ssl/certs/ca-certificates.crt';
  if (await stat(authority).catch(() => undefined)) {
    await cp(authority, join(folder, 'authorities.crt'), { dereference: true });
    Object.assign(env, {
      NODE_EXTRA_CA_CERTS: `${SETTINGS_INSIDE}/authorities.crt`,
      npm_config_cafile: `${SETTINGS_INSIDE}/authorities.crt`,
    });
    acquire.push(`Acquire::https::CaInfo "${SETTINGS_INSIDE}/authorities.crt";`);
  }
  aptFiles.push(['etc/apt/apt.conf.d/99build-host', `${acquire.join('\n')}\n`]);
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    if (process.env[name]) env[name] = process.env[name];
  }
  const registry = (await run('npm', ['config', 'get', 'registry', '--loglevel=silent'])).stdout.trim();
  if (URL.canParse(registry)) env.npm_config_registry = registry;
  const personal = await readFile(join(process.env.HOME ?? '/root', '.npmrc'), 'utf8').catch(() => '');
  // Access to a private registry only; other preferences are the person's own.
  const access = personal.split('\n').filter((line) => /^\s*(\/\/|@[\w-]+:registry)/.test(line));
  await writeFile(join(folder, 'npmrc'), `${access.join('\n')}\n`, { mode: 0o600 });
  env.npm_config_userconfig = `${SETTINGS_INSIDE}/npmrc`;
  return { mirror, aptFiles, folder, env };
}
