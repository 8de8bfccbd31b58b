import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../../log.js';
import type { ModeratedSide, ModerationAction } from '../../moderation-policy.js';

export interface AuditEntry {
  sessionId: string;
  side: ModeratedSide;
  action: ModerationAction;
  /** What objected, such as `words:insults`, `personal:card` or `openai:hate`; of texts that could not be judged, why not. */
  rules: readonly string[];
  /** How long the judgement took. */
  ms: number;
  /** The text itself, where the policy says so. */
  text?: string;
}

export interface AuditLogOptions {
  path: string;
  maxBytes: number;
  keep: number;
  logger: Logger;
  now?: () => Date;
}

/** Lines that wait for the disk. */
const MAX_WAITING = 1_000;

/**
 * What moderation did, as JSON lines in a file of its own, which only its owner can read. A file that is full is put aside as `PATH.1`,
 * the one before as `PATH.2`, and so on. A line that cannot be written is counted, not waited for: the conversation goes on.
 */
export class AuditLog {
  readonly #o: AuditLogOptions;
  #chain: Promise<void> = Promise.resolve();
  #waiting = 0;
  #lost = 0;

  constructor(options: AuditLogOptions) {
    this.#o = options;
  }

  /** Lines that could not be written. */
  get lost(): number {
    return this.#lost;
  }

  write(entry: AuditEntry): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#lose(new Error('too many lines wait'));
      return;
    }
    const at = (this.#o.now?.() ?? new Date()).toISOString();
    const line = `${JSON.stringify({ at, ...entry })}\n`;
    this.#waiting++;
    this.#chain = this.#chain
      .then(() => this.#append(line))
      .catch((thrown: unknown) => this.#lose(thrown))
      .finally(() => {
        this.#waiting--;
      });
  }

  /** Resolves when everything so far was written or lost. */
  async flush(): Promise<void> {
    await this.#chain;
  }

  async #append(line: string): Promise<void> {
    const { path, maxBytes } = this.#o;
    const size = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    );
    if (size === undefined) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    else if (size > 0 && size + Buffer.byteLength(line) > maxBytes) await this.#rotate();
    await appendFile(path, line, { mode: 0o600 });
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#o;
    await rm(keep === 0 ? path : `${path}.${keep}`, { force: true });
    for (let i = keep - 1; i >= 0; i--) {
      await rename(i === 0 ? path : `${path}.${i}`, `${path}.${i + 1}`).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'ENOENT') throw thrown;
      });
    }
  }

  /** Said at the first loss and at every hundredth from then on. */
  #lose(thrown: unknown): void {
    this.#lost++;
    if (this.#lost % 100 !== 1) return;
    this.#o.logger.error({ err: thrown, lost: this.#lost }, 'the moderation log cannot be written');
  }
}
