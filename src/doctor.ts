import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { accessSync, constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, mediasoupVersion, mediasoupWorkerBin } from './cache.js';
import { type Config, type Environment, loadConfig } from './config.js';
import { VisavisError } from './errors.js';
import { parseProviders } from './execution-providers.js';
import { type ModelEntry, modelEntries, modelFile } from './inference/models.js';
import { SPOKEN_HERE } from './languages.js';
import { nativeAddon } from './media/native.js';
import { badgeText, disclosureWarnings } from './signaling/session-texts.js';

/** `missing`: the service does not run without it. `note`: it runs, with less. */
export type DoctorState = 'ok' | 'note' | 'missing';

export interface DoctorLine {
  subject: string;
  state: DoctorState;
  detail: string;
  /** What to type or change; present unless `ok`, and with some notes. */
  mend?: string;
}

export interface DoctorReport {
  /** Nothing that the service needs is missing. */
  ok: boolean;
  lines: DoctorLine[];
}

const SET_UP = 'node scripts/setup.mjs';
const OLDEST_NODE: readonly [number, number] = [20, 19];
/** Resident memory of the speech worker with Kokoro, Moonshine and MiniLM loaded, and of the other processes together. */
const COMFORTABLE_MEMORY_BYTES = 2e9;
const COMFORTABLE_CORES = 2;
/** Exit code of `mediasoup-worker` when it is started by hand (its `main.cpp`). */
const STARTED_BY_HAND = 41;
const COMMAND_TIMEOUT_MS = 10_000;

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

/** Looks at everything the service needs on this machine; changes nothing and starts nothing that stays. */
export async function runDoctor(env: Environment = process.env): Promise<DoctorReport> {
  const lines: DoctorLine[] = [checkNode()];
  const config = checkConfig(env, lines);
  lines.push(checkAddon(), await checkWorker());
  lines.push(...(await checkModels(config)), await checkProviders(config));
  if (config !== undefined) lines.push(...(await checkPorts(config)));
  lines.push(...checkMachine());
  lines.push(checkCommand(env, 'Chromium', BROWSERS, 'end-to-end tests', 'apt-get install chromium'));
  const espeak = checkCommand(
    env,
    'espeak-ng',
    ['espeak-ng'],
    'voices of other languages',
    'apt-get install espeak-ng',
  );
  const isSpoken = config?.engines.languages.some((language) => SPOKEN_HERE.includes(language)) === true;
  lines.push(isSpoken && espeak.state === 'note' ? { ...espeak, state: 'missing' } : espeak);
  return { ok: lines.every((line) => line.state !== 'missing'), lines };
}

/** The report as text, one line a subject, ways to mend beneath. */
export function formatDoctorReport(report: DoctorReport): string {
  const marks: Record<DoctorState, string> = { ok: 'ok  ', note: 'note', missing: 'MISS' };
  const width = Math.max(...report.lines.map((line) => line.subject.length));
  const text = report.lines.map((line) => {
    const mend = line.mend === undefined ? '' : `\n${' '.repeat(width + 7)}→ ${line.mend}`;
    return `${marks[line.state]} ${line.subject.padEnd(width)}  ${line.detail}${mend}`;
  });
  return [...text, '', report.ok ? 'Ready.' : 'Something that is needed is missing.', ''].join('\n');
}

/** `visavis doctor`: prints the report; the exit code is 1 when something that is needed is missing. */
export async function main(): Promise<void> {
  const report = await runDoctor();
  process.stdout.write(formatDoctorReport(report));
  process.exitCode = report.ok ? 0 : 1;
}

function checkNode(): DoctorLine {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const line: DoctorLine = { subject: 'Node', state: good ? 'ok' : 'missing', detail: process.versions.node };
  return good ? line : { ...line, mend: `install Node ${OLDEST_NODE.join('.')} or later` };
}

function checkConfig(env: Environment, lines: DoctorLine[]): Config | undefined {
  try {
    const config = loadConfig(env);
    lines.push({ subject: 'configuration', state: 'ok', detail: `speech ${config.speech}, port ${config.port}` });
    lines.push(...checkDisclosure(config));
    return config;
  } catch (thrown) {
    const mend = 'correct the environment variables named';
    lines.push({ subject: 'configuration', state: 'missing', detail: VisavisError.from(thrown).message, mend });
    return undefined;
  }
}

function checkDisclosure(config: Config): DoctorLine[] {
  const subject = 'disclosure';
  const badge = badgeText(config, config.language);
  const warnings = disclosureWarnings(config).map((detail): DoctorLine => ({ subject, state: 'note', detail }));
  if (warnings.length > 0) return warnings;
  return [{ subject, state: 'ok', detail: `visitors are told that they talk with an AI; badge "${badge}"` }];
}

function checkAddon(): DoctorLine {
  try {
    const { versions } = nativeAddon();
    return { subject: 'native addon', state: 'ok', detail: `libvpx ${versions.vpx}, ${versions.opus}` };
  } catch (thrown) {
    return { subject: 'native addon', state: 'missing', detail: VisavisError.from(thrown).message, mend: SET_UP };
  }
}

async function checkWorker(): Promise<DoctorLine> {
  const subject = 'mediasoup worker';
  try {
    const path = mediasoupWorkerBin();
    const code = await exitCode(path);
    if (code === STARTED_BY_HAND) return { subject, state: 'ok', detail: `${mediasoupVersion()}, ${path}` };
    return { subject, state: 'missing', detail: `${path} does not start (${code})`, mend: `${SET_UP} --build-worker` };
  } catch (thrown) {
    return { subject, state: 'missing', detail: VisavisError.from(thrown).message, mend: SET_UP };
  }
}

async function exitCode(path: string): Promise<number | string> {
  try {
    await promisify(execFile)(path, [], { env: {}, timeout: COMMAND_TIMEOUT_MS });
    return 0;
  } catch (thrown) {
    return (thrown as { code?: number | string }).code ?? 'killed';
  }
}

/** Models of the default group one by one when something is wrong with them, else in one line; others as notes. */
async function checkModels(config: Config | undefined): Promise<DoctorLine[]> {
  const lines: DoctorLine[] = [];
  let good = 0;
  let bytes = 0;
  const absent = new Map<string, number>();
  for (const entry of modelEntries()) {
    const needed = isNeeded(entry, config);
    if (!needed && (await stat(join(cacheFolder(), 'models', entry.name)).catch(() => null)) === null) {
      absent.set(entry.group, (absent.get(entry.group) ?? 0) + 1);
      continue;
    }
    try {
      modelFile(entry.name);
      good += 1;
      bytes += entry.bytes;
    } catch (thrown) {
      const mend = `${SET_UP}${entry.group === 'default' ? '' : ` --with ${entry.group}`}`;
      const state = needed ? 'missing' : 'note';
      lines.push({ subject: `model ${entry.name}`, state, detail: VisavisError.from(thrown).message, mend });
    }
  }
  const detail = `${good} files of ${Math.round(bytes / 1e6)} MB checked, ${join(cacheFolder(), 'models')}`;
  lines.unshift({
    subject: 'models',
    state: lines.some((line) => line.state === 'missing') ? 'missing' : 'ok',
    detail,
  });
  for (const [group, count] of absent) {
    const mend = `${SET_UP} --with ${group}`;
    lines.push({ subject: `models "${group}"`, state: 'note', detail: `${count} optional file(s) not fetched`, mend });
  }
  return lines;
}

function isNeeded(entry: ModelEntry, config: Config | undefined): boolean {
  if (entry.group === 'vision') return false;
  if (entry.group === 'piper') return config?.speech === 'piper' || config?.speech === 'auto';
  if (entry.group === 'multilingual')
    return config?.engines.recognition === 'moonshine' && config.engines.languages.length > 0;
  if (entry.group === 'voices') return config?.voice !== undefined && entry.name === `kokoro-voice-${config.voice}.bin`;
  return true;
}

async function checkProviders(config: Config | undefined): Promise<DoctorLine> {
  const subject = 'onnxruntime';
  try {
    const { probeProviders } = await import('./inference/providers.js');
    const { providers, isAutomatic } = config?.providers ?? parseProviders(undefined);
    const probed = await probeProviders(providers);
    const detail = probed.map(({ provider, isUsable, reason }) =>
      isUsable ? provider : `${provider} absent: ${reason}`,
    );
    const absent = probed.filter(({ isUsable }) => !isUsable);
    if (absent.some(({ provider }) => provider === 'cpu'))
      return { subject, state: 'missing', detail: detail.join('; '), mend: SET_UP };
    if (absent.length === 0 || isAutomatic)
      return { subject, state: 'ok', detail: `neural avatars run on ${detail.join('; ')}` };
    const mend = `install what VISAVIS_PROVIDERS asks for, or leave out ${absent.map(({ provider }) => provider).join(', ')}`;
    return { subject, state: 'note', detail: detail.join('; '), mend };
  } catch (thrown) {
    return { subject, state: 'missing', detail: VisavisError.from(thrown).message, mend: SET_UP };
  }
}

async function checkPorts(config: Config): Promise<DoctorLine[]> {
  const wanted: [string, number, 'tcp' | 'udp', string][] = [
    ['HTTP port', config.port, 'tcp', 'VISAVIS_PORT'],
    ['WebRTC port (TCP)', config.rtcPort, 'tcp', 'VISAVIS_RTC_PORT'],
    ['WebRTC port (UDP)', config.rtcPort, 'udp', 'VISAVIS_RTC_PORT'],
  ];
  const lines: DoctorLine[] = [];
  for (const [subject, port, protocol, variable] of wanted) {
    const failure = await (protocol === 'tcp' ? bindTcp(config.host, port) : bindUdp(config.host, port));
    const place = port === 0 ? 'any free port' : `${config.host}:${port}`;
    if (failure === undefined) lines.push({ subject, state: 'ok', detail: `${place} is free` });
    // The service itself may be running.
    else
      lines.push({
        subject,
        state: 'note',
        detail: `${place}: ${failure}`,
        mend: `stop what uses it, or set ${variable}`,
      });
  }
  return lines;
}

function bindTcp(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function bindUdp(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

function checkMachine(): DoctorLine[] {
  const cores = availableParallelism();
  // What the kernel could give, not what lies idle; a container's limit may be lower.
  const limit = process.constrainedMemory();
  const free = Math.min(
    process.availableMemory(),
    limit > 0 ? limit : Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
  );
  return [
    {
      subject: 'cores',
      state: cores >= COMFORTABLE_CORES ? 'ok' : 'note',
      detail: `${cores}`,
      ...(cores >= COMFORTABLE_CORES ? {} : { mend: `${COMFORTABLE_CORES} or more answer in good time` }),
    },
    {
      subject: 'memory',
      state: free >= COMFORTABLE_MEMORY_BYTES ? 'ok' : 'note',
      detail: `${(free / 1e9).toFixed(1)} GB available`,
      ...(free >= COMFORTABLE_MEMORY_BYTES
        ? {}
        : { mend: `about ${COMFORTABLE_MEMORY_BYTES / 1e9} GB is comfortable` }),
    },
  ];
}

function checkCommand(env: Environment, subject: string, names: string[], use: string, mend: string): DoctorLine {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return { subject, state: 'ok', detail: join(folder, name) };
      } catch {
        // Not in this folder.
      }
    }
  }
  return { subject, state: 'note', detail: `not found; only for ${use}`, mend };
}
