/**
 * Entry of the avatar worker: hosts conversations, from RTP in to RTP out. Started by the gateway's supervisor with the control
 * protocol of `worker/control.ts` on its IPC channel; ends when that channel closes.
 */
import '../parent-watch.js';
import { parseArgs } from 'node:util';
import { type Config, loadConfig } from '../../config.js';
import { VisavisError } from '../../errors.js';
import { avatarFolder } from '../../inference/avatar/folders.js';
import { loadAvatarManifest } from '../../inference/avatar/package.js';
import { createLogger } from '../../log.js';
import { shownIn } from '../../picture-size.js';
import type { DrawingCost, FromAvatarWorker, ToAvatarWorker } from '../control.js';
import { measureDrawing } from './drawing-cost.js';
import { openEngines } from './engines.js';
import { PreparedThreads } from './prepared-threads.js';
import { TurnTraceFolder } from './turn-trace-folder.js';
import { AvatarWorker } from './worker.js';

/** As many conversations go on at once after a failure, or begin, without waiting for their picture to be loaded. */
const PREPARED_THREADS = 2;
const PREPARED_WITHIN_MS = 5_000;

const log = createLogger('avatar-worker');

function send(message: FromAvatarWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { socket: { type: 'string' }, successor: { type: 'boolean' } } });
  if (values.socket === undefined)
    throw new VisavisError('bad-request', 'the avatar worker needs --socket PATH', { field: 'socket' });
  const config = loadConfig(process.env);
  const engines = await openEngines(config, values.socket, log);
  // A successor knows from the first worker what this machine can do, and is waited for.
  const drawing = values.successor === true ? null : await measured(config);
  const threads = await preparedFor(config);
  const traces = tracesFor(config);
  const worker = await AvatarWorker.create({ engines, send, log, drawing, traces, ...(threads && { threads }) });
  process.on('message', (message) => worker.handle(message as ToAvatarWorker));
  process.on('disconnect', () => void worker.close().finally(() => process.exit(0)));
  if (process.send !== undefined && !process.connected) process.exit(0);
  threads?.refill();
  // The first visitor's picture is there at the first click; a successor's visitors are waiting already.
  if (values.successor !== true) await threads?.loaded(PREPARED_WITHIN_MS);
  send({ type: 'ready' });
}

/** What cannot be recorded must not end conversations. */
function tracesFor({ turnTraces }: Config): TurnTraceFolder | undefined {
  if (turnTraces === null) return undefined;
  try {
    const folder = new TurnTraceFolder(turnTraces, log);
    log.warn({ folder: turnTraces.folder }, 'turns are recorded: what visitors say is kept in this folder');
    return folder;
  } catch (error) {
    log.error({ err: error }, 'turns are not recorded');
    return undefined;
  }
}

async function measured(config: Config): Promise<DrawingCost | null> {
  try {
    return await measureDrawing(config);
  } catch (error) {
    log.warn({ err: error }, 'drawing could not be measured');
    return null;
  }
}

async function preparedFor(config: Config): Promise<PreparedThreads | undefined> {
  const avatarPath = avatarFolder(config.avatarFolders, config.avatar);
  try {
    const { width, height } = shownIn(await loadAvatarManifest(avatarPath), config.pictureSize);
    return new PreparedThreads({ avatarPath, width, height }, PREPARED_THREADS);
  } catch (error) {
    log.warn({ err: error }, 'the standard avatar cannot be made ready');
    return undefined;
  }
}

process.on('SIGINT', () => {
  // The supervisor decides when to stop; a Ctrl-C in the terminal reaches every process of the group.
});
main().catch((error: unknown) => {
  log.fatal({ err: error }, 'avatar worker could not start');
  process.exit(1);
});
