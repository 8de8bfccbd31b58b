/** What is remembered of visitors who agreed to it: one small file each, for a limited time, deleted on request. */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';

export const MAX_FACTS = 50;
const MAX_FACT_CHARACTERS = 300;
const MAX_VISITORS = 10_000;
const MAX_FILE_BYTES = 64 * 1024;
const SWEEP_EVERY_MS = 3_600_000;

const fact = z.object({ text: z.string().max(MAX_FACT_CHARACTERS), atMs: z.number() });
const record = z.object({
  version: z.literal(1),
  visits: z.int().min(0),
  lastVisitMs: z.number(),
  facts: z.array(fact).max(MAX_FACTS),
  /** Whatever sessions opened before this still report is not kept. */
  deletedAtMs: z.number().optional(),
});
type Stored = z.output<typeof record>;

/** As the API shows it. */
export interface VisitorRecord {
  visits: number;
  /** ISO 8601. */
  lastVisit: string;
  facts: { text: string; at: string }[];
}

export interface Remembered {
  /** The visitor's key: the only name under which anything is written. */
  visitor: string;
  visits: number;
  lastVisitMs: number | undefined;
  facts: readonly string[];
}

export interface VisitorMemoriesOptions {
  folder: string;
  keptMs: number;
  logger: Logger;
  nowMs?: () => number;
}

export class VisitorMemories {
  readonly #o: VisitorMemoriesOptions;
  readonly #nowMs: () => number;
  /** Writes of one process follow each other. */
  #queue: Promise<unknown> = Promise.resolve();
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: VisitorMemoriesOptions) {
    this.#o = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** What is remembered of the visitor at the beginning of a visit, which is counted. A store that fails costs only the memory. */
  async visit(id: string): Promise<Remembered> {
    const visitor = keyOf(id);
    const none = { visitor, visits: 0, lastVisitMs: undefined, facts: [] };
    try {
      return await this.#inTurn(async () => {
        await this.#sweep();
        const known = await this.#read(visitor);
        const facts = known?.facts ?? [];
        const visits = known?.visits ?? 0;
        await this.#write(visitor, { ...known, version: 1, facts, visits: visits + 1, lastVisitMs: this.#nowMs() });
        const lastVisitMs = visits === 0 ? undefined : known?.lastVisitMs;
        return { visitor, visits, lastVisitMs, facts: facts.map(({ text }) => text) };
      });
    } catch (error) {
      this.#o.logger.warn({ err: error }, 'the memory of a visitor cannot be read');
      return none;
    }
  }

  /** Adds a fact that a session which was opened at `openedAtMs` has heard; the oldest gives way. Never rejects. */
  async add(visitor: string, openedAtMs: number, text: string): Promise<void> {
    try {
      await this.#inTurn(async () => {
        const known = await this.#read(visitor);
        // Deleted meanwhile, or too old: what was said before that is not kept.
        if (known === undefined || (known.deletedAtMs ?? Number.NEGATIVE_INFINITY) >= openedAtMs) return;
        const short = text.trim().slice(0, MAX_FACT_CHARACTERS);
        if (short === '' || known.facts.some((one) => one.text.toLowerCase() === short.toLowerCase())) return;
        const facts = [...known.facts, { text: short, atMs: this.#nowMs() }].slice(-MAX_FACTS);
        await this.#write(visitor, { ...known, facts });
      });
    } catch (error) {
      this.#o.logger.warn({ err: error }, 'the memory of a visitor cannot be written');
    }
  }

  /** Rejects with `not-found` where nothing is remembered. */
  async read(id: string): Promise<VisitorRecord> {
    const known = await this.#inTurn(() => this.#read(keyOf(id)));
    if (known === undefined || known.visits === 0) throw nobody();
    return {
      visits: known.visits,
      lastVisit: new Date(known.lastVisitMs).toISOString(),
      facts: known.facts.map(({ text, atMs }) => ({ text, at: new Date(atMs).toISOString() })),
    };
  }

  /** Forgets the visitor, and whatever sessions under way would still add. Rejects with `not-found` where nothing is remembered. */
  async forget(id: string): Promise<void> {
    const visitor = keyOf(id);
    await this.#inTurn(async () => {
      const known = await this.#read(visitor);
      if (known === undefined || known.visits === 0) throw nobody();
      const deletedAtMs = this.#nowMs();
      await this.#write(visitor, { version: 1, visits: 0, lastVisitMs: deletedAtMs, facts: [], deletedAtMs });
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(task, task);
    this.#queue = next.catch(() => {});
    return next;
  }

  #path(visitor: string): string {
    return join(this.#o.folder, `${visitor}.json`);
  }

  async #read(visitor: string): Promise<Stored | undefined> {
    if (!/^[0-9a-f]{64}$/.test(visitor)) return undefined;
    const path = this.#path(visitor);
    const size = await stat(path).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) return undefined;
    let value: unknown;
    try {
      if (size <= MAX_FILE_BYTES) value = JSON.parse(await readFile(path, 'utf8'));
    } catch {
      value = undefined;
    }
    const result = record.safeParse(value);
    if (!result.success) {
      this.#o.logger.warn({ visitor: visitor.slice(0, 8) }, 'the memory of a visitor is damaged and is begun anew');
      await rm(path, { force: true });
      return undefined;
    }
    return result.data.lastVisitMs < this.#nowMs() - this.#o.keptMs ? undefined : result.data;
  }

  async #write(visitor: string, stored: Stored): Promise<void> {
    const { folder } = this.#o;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = this.#path(visitor);
    const temporary = join(folder, `.${visitor.slice(0, 16)}-${randomUUID()}.tmp`);
    try {
      await writeFile(temporary, JSON.stringify(stored), { mode: 0o600 });
      await chmod(temporary, 0o600);
      await rename(temporary, path);
      const at = new Date(stored.lastVisitMs);
      await utimes(path, at, at);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Removes what is too old, and the oldest beyond the limit; files say when the last visit was. */
  async #sweep(): Promise<void> {
    const nowMs = this.#nowMs();
    if (nowMs - this.#sweptAtMs < SWEEP_EVERY_MS) return;
    this.#sweptAtMs = nowMs;
    const { folder, keptMs } = this.#o;
    const names = await readdir(folder).catch(() => []);
    const files: { path: string; atMs: number }[] = [];
    for (const name of names) {
      if (!/^[0-9a-f]{64}\.json$|^\..+\.tmp$/.test(name)) continue;
      const path = join(folder, name);
      const atMs = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      );
      if (atMs !== undefined) files.push({ path, atMs });
    }
    files.sort((a, b) => b.atMs - a.atMs);
    const old = files.filter(
      ({ atMs, path }, i) =>
        i >= MAX_VISITORS || atMs < nowMs - keptMs || (path.endsWith('.tmp') && atMs < nowMs - SWEEP_EVERY_MS),
    );
    for (const { path } of old) await rm(path, { force: true });
  }
}

/** Ids of visitors are never names of files. */
function keyOf(id: string): string {
  return createHash('sha256').update(`visitor:${id}`).digest('hex');
}

function nobody(): VisavisError {
  return new VisavisError('not-found', 'nothing is remembered of this visitor');
}
