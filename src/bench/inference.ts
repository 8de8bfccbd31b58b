/**
 * `npm run bench:inference`: what drawing costs here, by family and provider, beside what the machine could do.
 *
 *   --avatar ID_OR_FOLDER  which avatars (may be given more than once; default: mara, and those of the LiteAvatar family that were imported here)
 *   --network FILE         also this ONNX file, whose inputs must be float32 of known sizes (may be given more than once)
 *   --provider LIST        as VISAVIS_PROVIDERS; networks are timed with each that is usable (default: all)
 *   --batches LIST         batch sizes (1,2,4,8,16,32,64)
 *   --frames N             frames of speech drawn for each avatar (200)
 *   --seconds N            how long conversations are held in real time, with as many as are let in; 0 leaves it out (60)
 *   --conversations N      at most (12)
 *   --json FILE            the figures, as JSON
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.js';
import { VisavisError } from '../errors.js';
import { EXECUTION_PROVIDERS, parseProviders } from '../execution-providers.js';
import { avatarFolder } from '../inference/avatar/folders.js';
import { lightDecoder } from '../inference/avatar/lite/light-decoder.js';
import { SHOWN_PART } from '../inference/avatar/lite/patch.js';
import { loadAvatarManifest, loadAvatarPackage } from '../inference/avatar/package.js';
import type { ExecutionProvider } from '../inference/onnx.js';
import { probeProviders } from '../inference/providers.js';
import { measureAvatar, measureLoad } from './inference/avatars.js';
import { machineRates } from './inference/machine.js';
import { measureNetwork, type NetworkReport } from './inference/networks.js';
import { type InferenceResult, renderInference } from './inference/report.js';

const SIZE = { width: 512, height: 512 };
const NETWORK_BUDGET_MS = 1_500;
const print = (text: string) => process.stdout.write(`${text}\n`);
const note = (text: string) => process.stderr.write(`${text}\n`);

function options() {
  const { values } = parseArgs({
    options: {
      avatar: { type: 'string', multiple: true, default: [] },
      network: { type: 'string', multiple: true, default: [] },
      provider: { type: 'string', default: EXECUTION_PROVIDERS.join(',') },
      batches: { type: 'string', default: '1,2,4,8,16,32,64' },
      frames: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      conversations: { type: 'string', default: '12' },
      json: { type: 'string' },
    },
  });
  const whole = (field: string, text: string, least: number, most: number) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const expected = `expected a whole number from ${least} to ${most}`;
    throw new VisavisError('bad-request', `--${field}: got "${text}", ${expected}`, { field });
  };
  return {
    ...values,
    providers: parseProviders(values.provider).providers,
    batches: values.batches.split(',').map((size) => whole('batches', size.trim(), 1, 64)),
    frames: whole('frames', values.frames, 10, 10_000),
    seconds: whole('seconds', values.seconds, 0, 3_600),
    conversations: whole('conversations', values.conversations, 1, 64),
  };
}

/** Folders of the avatars that were asked for. */
async function avatarsOf(asked: readonly string[]): Promise<{ name: string; folder: string }[]> {
  const { avatarFolders } = loadConfig(process.env);
  const folderOf = (name: string) => (name.includes('/') ? resolve(name) : avatarFolder(avatarFolders, name));
  if (asked.length > 0) return asked.map((name) => ({ name: basename(name), folder: folderOf(name) }));
  const found = [{ name: 'mara', folder: folderOf('mara') }];
  for (const parent of avatarFolders) {
    for (const name of await readdir(parent).catch(() => [])) {
      const folder = join(parent, name);
      const manifest = await loadAvatarManifest(folder).catch(() => undefined);
      if (manifest?.renderer === 'lite-avatar') found.push({ name, folder });
    }
  }
  return found;
}

/** Those of the LiteAvatar family among the avatars, and the files that were named. */
async function networksOf(
  avatars: readonly { name: string; folder: string }[],
  files: readonly string[],
): Promise<{ name: string; file: Uint8Array }[]> {
  const networks = files.map((path) => ({ name: basename(path), file: readFileSync(path) as Uint8Array }));
  for (const { name, folder } of avatars) {
    const { lite } = await loadAvatarPackage(folder, { size: SIZE });
    if (lite === undefined) continue;
    const light = lightDecoder(lite.decoder.content, SHOWN_PART);
    networks.push({ name: `${name} encoder`, file: lite.encoder.content });
    networks.push({ name: `${name} decoder`, file: lite.decoder.content });
    if (light !== undefined) networks.push({ name: `${name} decoder, as used`, file: light.file });
  }
  return networks;
}

async function main(): Promise<void> {
  const o = options();
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  const { signal } = stop;
  const providers = await probeProviders(o.providers);
  const rates = await machineRates('cpu');
  const machine = { processor: cpus()[0]?.model.trim() ?? '', cores: availableParallelism(), rates };
  const result: InferenceResult = { machine, providers, avatars: [], networks: [] };
  const avatars = await avatarsOf(o.avatar);
  for (const avatar of avatars) {
    note(`${avatar.name}: drawing ${o.frames} frames …`);
    const figures = await measureAvatar(avatar, { size: SIZE, frames: o.frames, signal });
    if (o.seconds > 0) note(`${avatar.name}: conversations for ${o.seconds} s …`);
    const asked = { size: SIZE, seconds: o.seconds, most: o.conversations, signal };
    const load = o.seconds > 0 ? await measureLoad(avatar.folder, asked) : null;
    result.avatars.push({ figures, load });
  }
  const usable = providers.filter(({ isUsable }) => isUsable).map(({ provider }) => provider);
  for (const network of await networksOf(avatars, o.network)) {
    for (const provider of usable) {
      note(`${network.name}: ${provider} …`);
      result.networks.push(await measured(network, provider, o.batches, { rates, signal }));
    }
  }
  print(renderInference(result));
  if (o.json === undefined) return;
  const path = isAbsolute(o.json) ? o.json : resolve(o.json);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
}

/** A provider that runs some networks need not run all. */
async function measured(
  network: { name: string; file: Uint8Array },
  provider: ExecutionProvider,
  sizes: readonly number[],
  o: { rates: InferenceResult['machine']['rates']; signal: AbortSignal },
): Promise<NetworkReport> {
  try {
    return await measureNetwork(network, { ...o, provider, sizes, budgetMs: NETWORK_BUDGET_MS });
  } catch (thrown) {
    o.signal.throwIfAborted();
    return { figures: [], limit: `${network.name} on ${provider}: ${VisavisError.from(thrown).message}` };
  }
}

await main();
process.exit();
