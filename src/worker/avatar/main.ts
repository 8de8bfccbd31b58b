/**
 * Entry of the avatar worker: hosts conversations, from RTP in to RTP out. Started by the gateway's supervisor with the control
 * protocol of `worker/control.ts` on its IPC channel; ends when that channel closes.
 */
import '../parent-watch.js';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../config.js';
import { VisavisError } from '../../errors.js';
import { createLogger } from '../../log.js';
import type { FromAvatarWorker, ToAvatarWorker } from '../control.js';
import { measureDrawing } from './drawing-cost.js';
import { openEngines } from './engines.js';
import { AvatarWorker } from './worker.js';

const log = createLogger('avatar-worker');

function send(message: FromAvatarWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { socket: { type: 'string' } } });
  if (values.socket === undefined)
    throw new VisavisError('bad-request', 'the avatar worker needs --socket PATH', { field: 'socket' });
  const config = loadConfig(process.env);
  const engines = await openEngines(config, values.socket, log);
  const drawing = await measureDrawing(config).catch((error: unknown) => {
    log.warn({ err: error }, 'drawing could not be measured');
    return null;
  });
  const worker = await AvatarWorker.create({ engines, send, log, drawing });
  process.on('message', (message) => worker.handle(message as ToAvatarWorker));
  process.on('disconnect', () => void worker.close().finally(() => process.exit(0)));
  if (process.send !== undefined && !process.connected) process.exit(0);
  send({ type: 'ready' });
}

process.on('SIGINT', () => {
  // The supervisor decides when to stop; a Ctrl-C in the terminal reaches every process of the group.
});
main().catch((error: unknown) => {
  log.fatal({ err: error }, 'avatar worker could not start');
  process.exit(1);
});
