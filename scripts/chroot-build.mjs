/**
 * Builds the Dockerfile where no container engine is at hand, and tries the result: its RUN and COPY lines are carried out in Debian root file
 * systems made by debootstrap, then the service is started as the image says (user, entry point, read-only root, no network but its own),
 * must become healthy and ready, hold one headless conversation, and end at the stop signal.
 */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ALONE_ADDRESS, joinCommand, settingsOfThisMachine, startInRoot } from './lib/chroot.mjs';
import { parseDockerfile, unusedArguments } from './lib/dockerfile.mjs';
import { buildStages } from './lib/image-build.mjs';
import { run, runOrFail } from './lib/process.mjs';
import { cacheFolder, ROOT } from './lib/project.mjs';
import { runMain, SetupError, say } from './lib/report.mjs';

const HELP = `node scripts/chroot-build.mjs [options]     (root; about 6 GB of disk; Debian packages: debootstrap iproute2 util-linux)
  --models bundled|volume  VISAVIS_MODELS of the Dockerfile (default: bundled)
  --work FOLDER            keep the root file systems there, and use its base again (default: a temporary folder)
  --reuse-cache            take models and mediasoup's worker from this machine's cache instead of fetching and building them
  --skip-build             only try what an earlier run with the same --work built
`;
const TOOLS = ['debootstrap', 'unshare', 'nsenter', 'chroot', 'mount', 'ip'];
const READY_LIMIT_MS = 15 * 60_000;
const TALK_LIMIT_MS = 180_000;
/** Standard drain time of the service and some more. */
const STOP_LIMIT_MS = 45_000;
const CONVERSATION_ATTEMPTS = 3;
const CONVERSATION_GAP_MS = 20_000;
const QUESTION = 'What is Visavis?';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function readOptions() {
  try {
    const options = {
      models: { type: 'string', default: 'bundled' },
      work: { type: 'string' },
      'reuse-cache': { type: 'boolean', default: false },
      'skip-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    };
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${HELP}`);
  }
}

async function expectTools() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new SetupError('root on Linux is needed: mounts and chroot');
  const missing = [];
  for (const tool of TOOLS) if ((await run(tool, ['--version'])).code === 127) missing.push(tool);
  if (missing.length > 0)
    throw new SetupError(`missing: ${missing.join(', ')} (apt-get install debootstrap iproute2 util-linux)`);
}

/** What the cache of this machine has, put where the build looks for it. */
function cacheReuse() {
  const done = new Set();
  return async (root, step) => {
    if (done.has(root) || step.env.VISAVIS_CACHE === undefined) return;
    done.add(root);
    for (const name of ['models', 'mediasoup']) {
      await cp(join(cacheFolder(), name), join(root, step.env.VISAVIS_CACHE, name), {
        recursive: true,
        preserveTimestamps: true,
      });
    }
  };
}

async function build(options, work) {
  const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const buildArguments = { VISAVIS_MODELS: options.models };
  const unused = unusedArguments(text, buildArguments);
  if (unused.length > 0) throw new SetupError(`the Dockerfile has no ARG ${unused.join(', ')}`);
  const stages = parseDockerfile(text, buildArguments);
  const root = join(work, `stage-${stages.at(-1).name}`);
  if (options['skip-build']) return { root, image: stages.at(-1).image };
  const settings = await settingsOfThisMachine(join(work, 'settings'));
  const beforeRun = options['reuse-cache'] ? cacheReuse() : undefined;
  return buildStages(stages, { work, context: ROOT, settings, beforeRun });
}

/** The service as `docker run --read-only --network none --tmpfs /tmp --tmpfs CACHE` starts it; models of a volume need the network once. */
async function serve({ root, image }, options, work) {
  const bundled = options.models === 'bundled';
  const [uid, gid = uid] = image.user.split(':');
  const cache = image.env.VISAVIS_CACHE;
  const volume = join(work, 'volume');
  const mounts = bundled ? [`tmpfs:mode=700,uid=${uid},gid=${gid}:${cache}`] : [`bind:${volume}:${cache}`];
  if (!bundled) {
    await mkdir(volume, { recursive: true });
    await runOrFail('chown', ['-R', `${uid}:${gid}`, volume]);
  }
  const settings = bundled ? undefined : await settingsOfThisMachine(join(work, 'settings'));
  const key = randomBytes(24).toString('hex');
  const address = bundled ? ALONE_ADDRESS : '127.0.0.1';
  const ports = bundled ? {} : { VISAVIS_PORT: '27860', VISAVIS_RTC_PORT: '27861', VISAVIS_LINK_PORTS: '28000-28199' };
  const env = { ...settings?.env, ...image.env, VISAVIS_API_KEYS: key, VISAVIS_ANNOUNCED_ADDRESS: address, ...ports };
  const place = { root, user: image.user, workdir: image.workdir, env };
  const command = [...image.entrypoint, ...image.command];
  // The registry's access file is readable by root only; this machine's preferences are of no use to the service.
  delete env.npm_config_userconfig;
  const service = await startInRoot({
    ...place,
    readOnly: true,
    alone: bundled,
    settings: settings?.folder,
    mounts,
    command,
  });
  for (const stream of [service.child.stdout, service.child.stderr]) {
    stream.setEncoding('utf8').on('data', (lines) => process.stderr.write(lines.replace(/^(?=.)/gm, '    ')));
  }
  const beside = (argv, limitMs) =>
    run(...joinCommand({ ...place, pid: service.pid, command: argv }), { timeoutMs: limitMs });
  return { ...service, beside, key, port: ports.VISAVIS_PORT ?? '7860' };
}

async function until(what, limitMs, service, attempt) {
  const began = performance.now();
  for (;;) {
    const result = await attempt();
    if (result.code === 0) return say('try', `${what} after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const ended = await Promise.race([service.exited.then((how) => ({ how })), sleep(2_000)]);
    if (ended !== undefined) throw new SetupError(`the service ended (${ended.how}) before it was ${what}`);
    if (performance.now() - began > limitMs)
      throw new SetupError(`not ${what} within ${limitMs / 1000} s: ${result.output.trim()}`);
  }
}

async function expectCode(what, attempt, isRight) {
  const result = await attempt;
  if (!isRight(result)) throw new SetupError(`${what}: failed\n${result.output.trim()}`);
  say('try', `${what}: ok`);
  return result;
}

async function tryService(built, options, work) {
  const { image } = built;
  const service = await serve(built, options, work);
  try {
    await until('healthy', READY_LIMIT_MS, service, () => service.beside(image.healthcheck.command, 10_000));
    const ready = `fetch('http://127.0.0.1:${service.port}/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
    await until('ready', READY_LIMIT_MS, service, () => service.beside(['node', '-e', ready], 10_000));
    await expectCode(
      'not root',
      service.beside(['id', '-u'], 5_000),
      (r) => r.stdout.trim() === image.user.split(':')[0],
    );
    const touch = service.beside(['/bin/sh', '-c', `touch ${image.workdir}/written`], 5_000);
    await expectCode('the root file system is read-only', touch, (r) => r.code !== 0 && /read-only/i.test(r.output));
    const doctor = await service.beside([...image.entrypoint, 'doctor'], 60_000);
    process.stderr.write(doctor.output.replace(/^(?=.)/gm, '    '));
    const talk = [
      'talk',
      '--url',
      `http://127.0.0.1:${service.port}`,
      '--key',
      service.key,
      '--ask',
      QUESTION,
      '--json',
    ];
    const result = await expectCode(
      'one conversation',
      converse(service, [...image.entrypoint, ...talk]),
      (r) => r.code === 0,
    );
    process.stderr.write(`    ${result.stdout.trim()}\n`);
    await stop(service, image);
  } finally {
    await service.kill();
  }
}

/** Right after the start spare processes load beside the first conversation; on a busy machine that may be too much for it. */
async function converse(service, command) {
  let result;
  for (let attempt = 1; attempt <= CONVERSATION_ATTEMPTS; attempt += 1) {
    result = await service.beside(command, TALK_LIMIT_MS);
    if (result.code === 0) break;
    say('try', `conversation ${attempt} failed: ${result.output.trim().split('\n').at(-1)}`);
    await sleep(CONVERSATION_GAP_MS);
  }
  return result;
}

async function stop(service, image) {
  const began = performance.now();
  process.kill(service.pid, image.stopSignal);
  const how = await Promise.race([service.exited, sleep(STOP_LIMIT_MS).then(() => 'did not end')]);
  if (how !== 0) throw new SetupError(`after ${image.stopSignal}: ${how}, expected exit code 0`);
  say('try', `ended with 0, ${((performance.now() - began) / 1000).toFixed(1)} s after ${image.stopSignal}`);
}

await runMain(async () => {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  await expectTools();
  const work = options.work === undefined ? await mkdtemp(join(tmpdir(), 'visavis-image-')) : resolve(options.work);
  await mkdir(work, { recursive: true });
  const began = performance.now();
  try {
    const built = await build(options, work);
    const size = await runOrFail('du', ['-sm', built.root]);
    say('build', `image: ${size.stdout.split('\t')[0]} MB, after ${Math.round((performance.now() - began) / 1000)} s`);
    await tryService(built, options, work);
    say('try', `all passed after ${Math.round((performance.now() - began) / 1000)} s`);
  } finally {
    if (options.work === undefined) await rm(work, { recursive: true, force: true });
    else say('build', `kept in ${work}: ${(await readdir(work)).join(', ')}`);
  }
});
