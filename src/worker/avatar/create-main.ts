/**
 * Entry of a short-lived process: makes one avatar of the photo, or of the zip file of a package, on its standard input. It is told what to make by one
 * message of the process that forked it, says how far it is, and ends with it.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import { importPackageZip } from '../../inference/avatar/archive/package-zip.js';
import { createAvatar, type Step } from '../../inference/avatar/maker/create-avatar.js';
import type { CreationMessage, ToldOrder } from '../avatar-creation-child.js';

/** Share of the whole time that is over when a step begins, as measured with a photo of 12 megapixels. */
const BEGINS_AT: Record<Step, number> = {
  read: 0.02,
  face: 0.08,
  frame: 0.22,
  'cut-out': 0.3,
  background: 0.7,
  write: 0.88,
};

const PACKAGE_BEGINS_AT = { read: 0.05, write: 0.4 };

function say(message: CreationMessage): Promise<void> {
  return new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve()));
}

async function readContent(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function make(order: ToldOrder, signal: AbortSignal): Promise<{ id: string; remarks: string[] }> {
  if (order.kind === 'package') {
    void say({ type: 'progress', step: 'read', fraction: PACKAGE_BEGINS_AT.read });
    const chooseId = ({ id: own }: { id: string }): string => {
      void say({ type: 'progress', step: 'write', fraction: PACKAGE_BEGINS_AT.write });
      return order.id ?? own;
    };
    const { manifest } = await importPackageZip(content, { avatars: order.avatars, chooseId, signal });
    return { id: manifest.id, remarks: [] };
  }
  const { kind: _, declared, ...wanted } = order;
  const { remarks } = await createAvatar(content, declared === undefined ? wanted : { ...wanted, declared }, {
    signal,
    onProgress: (step) => void say({ type: 'progress', step, fraction: BEGINS_AT[step] }),
  });
  return { id: order.id, remarks };
}

const stop = new AbortController();
process.once('disconnect', () => stop.abort());
const ordered = once(process, 'message') as Promise<[ToldOrder]>;
const [content, [order]] = await Promise.all([readContent(), ordered]);
try {
  await say({ type: 'done', ...(await make(order, stop.signal)) });
} catch (thrown) {
  const error = VisavisError.from(thrown);
  if (error.code === 'internal') process.stderr.write(`${error.stack ?? error.message}\n`);
  // Nobody else is left to clean up.
  if (stop.signal.aborted) await rm(order.avatars, { recursive: true, force: true });
  else await say({ type: 'failed', error: error.toBody() });
}
process.exit(0);
