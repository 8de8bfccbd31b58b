/**
 * Entry of a short-lived process: makes one avatar of the photo on its standard input. It is told what to make by one message of the
 * process that forked it, says how far it is, and ends with it.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import { createAvatar, type Step } from '../../inference/avatar/maker/create-avatar.js';
import type { CreationMessage, CreationOrder } from '../avatar-creation-child.js';

/** Share of the whole time that is over when a step begins, as measured with a photo of 12 megapixels. */
const BEGINS_AT: Record<Step, number> = {
  read: 0.02,
  face: 0.08,
  frame: 0.22,
  'cut-out': 0.3,
  background: 0.7,
  write: 0.88,
};

function say(message: CreationMessage): Promise<void> {
  return new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve()));
}

async function readPhoto(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const stop = new AbortController();
process.once('disconnect', () => stop.abort());
const ordered = once(process, 'message') as Promise<[Omit<CreationOrder, 'photo'>]>;
const [photo, [{ declared, ...order }]] = await Promise.all([readPhoto(), ordered]);
try {
  const { remarks } = await createAvatar(photo, declared === undefined ? order : { ...order, declared }, {
    signal: stop.signal,
    onProgress: (step) => void say({ type: 'progress', step, fraction: BEGINS_AT[step] }),
  });
  await say({ type: 'done', remarks });
} catch (thrown) {
  const error = VisavisError.from(thrown);
  if (error.code === 'internal') process.stderr.write(`${error.stack ?? error.message}\n`);
  // Nobody else is left to clean up.
  if (stop.signal.aborted) await rm(order.avatars, { recursive: true, force: true });
  else await say({ type: 'failed', error: error.toBody() });
}
process.exit(0);
