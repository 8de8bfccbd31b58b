import { fork } from 'node:child_process';
import { abortError } from '../abort.js';
import { type ErrorBody, VisavisError } from '../errors.js';
import type { Manner } from '../inference/avatar/manner.js';
import type { Logger } from '../log.js';
import type { PictureSize } from '../picture-size.js';
import { lowerPriority } from './priority.js';

/** What the process that makes an avatar of a photo is told; the photo goes to its standard input. */
export interface PhotoOrder {
  /** Folder that gets the package, as a folder called `id`. */
  avatars: string;
  id: string;
  name: string;
  /** Of the picture, in pixels. */
  size: PictureSize;
  voices: { kokoro: string; piper: string };
  manner: Manner | undefined;
  likeness: { ground: 'synthetic' | 'licence' | 'consent'; statement: string };
  /** The photo's MIME type, where its sender named one. */
  declared: string | undefined;
  photo: Buffer;
}

/** An avatar that is made already; its zip file goes to the standard input. */
export interface PackageOrder {
  avatars: string;
  /** Undefined: the package's own. */
  id: string | undefined;
  archive: Buffer;
}

export type CreationOrder = PhotoOrder | PackageOrder;

/** An order as the process gets it. */
export type ToldOrder =
  | ({ kind: 'photo' } & Omit<PhotoOrder, 'photo'>)
  | ({ kind: 'package' } & Omit<PackageOrder, 'archive'>);

export interface CreationProgress {
  /** `waiting`, or a step of the maker. */
  step: string;
  /** 0…1 of the whole. */
  fraction: number;
  /** How many are made before it, while it waits. */
  ahead?: number;
}

/** What the process says. */
export type CreationMessage =
  | ({ type: 'progress' } & CreationProgress)
  | { type: 'done'; id: string; remarks: string[] }
  | { type: 'failed'; error: ErrorBody };

interface RunOptions {
  entry: string;
  env: Readonly<Record<string, string>>;
  limitMs: number;
  logger: Logger;
  signal: AbortSignal;
  onProgress: (progress: CreationProgress) => void;
}

const LOWEST_PRIORITY = 19;
const MAX_COMPLAINT = 2_000;

/**
 * Has one avatar made by a process of its own. Settles when that process is gone: killed when `signal` aborts (`AbortError`) or after
 * `limitMs` (`unavailable`), `engine-failed` when it breaks down; else with what it says.
 */
export async function runCreation(order: CreationOrder, o: RunOptions): Promise<{ id: string; remarks: string[] }> {
  const { told, content } = tell(order);
  if (o.signal.aborted) throw abortError(o.signal);
  const child = fork(o.entry, [], { stdio: ['pipe', 'ignore', 'pipe', 'ipc'], env: { ...o.env } });
  lowerPriority(child.pid, LOWEST_PRIORITY);
  let outcome: Exclude<CreationMessage, { type: 'progress' }> | undefined;
  let isLate = false;
  let complaint = '';
  const kill = (): void => void child.kill('SIGKILL');
  const limit = setTimeout(() => {
    isLate = true;
    kill();
  }, o.limitMs);
  o.signal.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
      child.on('message', (message: CreationMessage) => {
        if (message.type === 'progress') o.onProgress({ step: message.step, fraction: message.fraction });
        else outcome ??= message;
      });
      child.stderr?.on('data', (data: Buffer) => {
        complaint = (complaint + data).slice(-MAX_COMPLAINT);
      });
      // It may end before it has read everything; its exit tells.
      child.stdin?.on('error', () => undefined);
      child.send(told, () => undefined);
      child.stdin?.end(content);
    });
    if (o.signal.aborted) throw abortError(o.signal);
    if (outcome?.type === 'done') return { id: outcome.id, remarks: outcome.remarks };
    if (outcome?.type === 'failed') throw VisavisError.fromBody(outcome.error);
    if (isLate) {
      const message = `making the avatar took longer than ${Math.round(o.limitMs / 1000)} s: this machine is busy`;
      throw new VisavisError('unavailable', message);
    }
    o.logger.error({ code, complaint: complaint.trim() }, 'the process that makes an avatar broke down');
    throw new VisavisError('engine-failed', 'making the avatar broke down');
  } finally {
    clearTimeout(limit);
    o.signal.removeEventListener('abort', kill);
    kill();
  }
}

function tell(order: CreationOrder): { told: ToldOrder; content: Buffer } {
  if ('archive' in order) {
    const { archive, ...rest } = order;
    return { told: { kind: 'package', ...rest }, content: archive };
  }
  const { photo, ...rest } = order;
  return { told: { kind: 'photo', ...rest }, content: photo };
}
