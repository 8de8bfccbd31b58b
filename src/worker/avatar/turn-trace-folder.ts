/**
 * Keeps turn traces as files of one folder, readable by their owner alone: they hold what people say. The folder is bounded in number and
 * size; the oldest traces make room. Nothing here can hold a conversation up: what cannot be written ends the trace, with a line in the log.
 */
import { createWriteStream, mkdirSync, openSync, readdirSync, rmSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import {
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceSink,
  type TurnTraces,
  TurnTraceWriter,
} from '../../agents/turn-trace.js';
import { VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { TurnTaking } from '../../turn-taking.js';

export interface TurnTraceLimits {
  folder: string;
  maxBytes: number;
  maxFiles: number;
}

/** About two hours of one microphone. */
const MAX_FILE_BYTES = 16e6;
/** Lines are written together; a process that dies takes this much along. */
const WRITE_FROM_CHARACTERS = 16_384;
/** A disk that takes no more than this behind is too slow. */
const MAX_UNWRITTEN_BYTES = 4e6;
const NAME = /^\d{8}T\d{9}Z-[\w-]+\.jsonl$/;

export class TurnTraceFolder {
  readonly #limits: TurnTraceLimits;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #open = new Set<string>();

  /** `now`: wall clock in ms. Throws `bad-request` when `folder` cannot be a folder that is the owner's own. */
  constructor(
    limits: TurnTraceLimits,
    log: Logger,
    now: () => number = () => performance.timeOrigin + performance.now(),
  ) {
    this.#limits = limits;
    this.#log = log;
    this.#now = now;
    prepare(limits.folder);
  }

  forConversation(conversationId: string, turnTaking: TurnTaking): TurnTraces {
    return {
      open: (participantId, settings) => {
        const startedAt = new Date(this.#now()).toISOString();
        const header = {
          type: TRACE_FORMAT,
          version: TRACE_VERSION,
          startedAt,
          conversationId,
          participantId,
        } as const;
        const name = `${startedAt.replace(/[-:.]/g, '')}-${safe(conversationId)}-${safe(participantId)}.jsonl`;
        const maxBytes = Math.min(MAX_FILE_BYTES, this.#limits.maxBytes);
        const sink = this.#sink(name, maxBytes);
        return new TurnTraceWriter({ ...header, turnTaking, settings }, { sink, maxBytes, now: this.#now });
      },
    };
  }

  #sink(name: string, maxBytes: number): TraceSink {
    const { folder } = this.#limits;
    try {
      this.#makeRoom(maxBytes);
      // `wx`: neither another trace nor what a link points at is written over.
      const fd = openSync(join(folder, name), 'wx', 0o600);
      const stream = createWriteStream('', { fd });
      this.#open.add(name);
      stream.on('close', () => this.#open.delete(name));
      return new FileSink(stream, (error) => this.#log.warn({ err: error, name }, 'a turn trace cannot be written'));
    } catch (error) {
      this.#log.warn({ err: error, name }, 'a turn trace cannot be begun');
      return { write: () => {}, close: () => {} };
    }
  }

  /** Removes the oldest traces that are not being written until one more of `bytes` fits. */
  #makeRoom(bytes: number): void {
    const { folder, maxBytes, maxFiles } = this.#limits;
    const files = readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort()
      .map((name) => ({ name, bytes: this.#open.has(name) ? bytes : sizeOf(join(folder, name)) }));
    let total = files.reduce((sum, file) => sum + file.bytes, 0);
    let count = files.length;
    for (const file of files) {
      if (count < maxFiles && total + bytes <= maxBytes) return;
      if (this.#open.has(file.name)) continue;
      rmSync(join(folder, file.name), { force: true });
      total -= file.bytes;
      count--;
    }
    if (count >= maxFiles || total + bytes > maxBytes) {
      throw new VisavisError('too-large', `${folder} is full of traces that are being written`);
    }
  }
}

class FileSink implements TraceSink {
  readonly #stream: WriteStream;
  #waiting = '';
  #failed = false;

  constructor(stream: WriteStream, onError: (error: Error) => void) {
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#failed = true;
      onError(error);
    });
  }

  write(text: string): void {
    if (this.#failed) return;
    this.#waiting += text;
    if (this.#waiting.length < WRITE_FROM_CHARACTERS) return;
    if (this.#stream.writableLength > MAX_UNWRITTEN_BYTES) {
      this.#failed = true;
      this.#stream.destroy(new VisavisError('unavailable', 'the disk is too slow for it'));
      return;
    }
    this.#stream.write(this.#waiting);
    this.#waiting = '';
  }

  close(): void {
    if (this.#failed) return;
    this.#stream.end(this.#waiting);
    this.#waiting = '';
  }
}

/** Makes the folder for its owner alone, or refuses one that others may look into. */
function prepare(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw refused(folder, `cannot be made: ${(cause as Error).message}`, cause);
  }
  const { mode, uid } = statSync(folder);
  if (uid !== process.getuid?.()) throw refused(folder, 'belongs to somebody else');
  if ((mode & 0o077) !== 0) {
    const has = `0${(mode & 0o777).toString(8)}`;
    throw refused(folder, `is open to others (mode ${has}); traces hold what people say: chmod 700 it`);
  }
}

function refused(folder: string, what: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', `VISAVIS_TURN_TRACES: ${folder} ${what}`, {
    field: 'VISAVIS_TURN_TRACES',
    cause,
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function safe(id: string): string {
  return id.replace(/[^\w-]/g, '_').slice(0, 64);
}
