import { VisavisError } from '../../errors.js';
import type { KeptTranscript } from '../transcript/transcript.js';
import type { SessionStore, SessionUpdate, StoredSession, WriteResult } from './session-store.js';

/** The methods that travel. */
export const STORE_METHODS = [
  'put',
  'update',
  'load',
  'claim',
  'remove',
  'ownedBy',
  'renew',
  'isAlive',
  'retire',
  'keepTranscript',
  'transcript',
] as const satisfies readonly (keyof SessionStore)[];
export type StoreMethod = (typeof STORE_METHODS)[number];

export interface StoreRequest {
  type: 'store-request';
  id: number;
  method: StoreMethod;
  values: unknown[];
}

export interface StoreAnswer {
  type: 'store-answer';
  id: number;
  value?: unknown;
  error?: string;
}

/** The request and answer halves of an IPC channel. `send` is false when the other side is gone. */
export interface StoreChannel {
  send(request: StoreRequest): boolean;
}

const ANSWER_LIMIT_MS = 2_000;
const MAX_PENDING = 1_000;

/** Sessions in the memory of the process that started this one. */
export class IpcStore implements SessionStore {
  readonly isUp = true;
  readonly problem = undefined;
  readonly #channel: StoreChannel;
  readonly #pending = new Map<number, { settle: (answer: StoreAnswer) => void; limit: NodeJS.Timeout }>();
  #nextId = 1;

  constructor(channel: StoreChannel) {
    this.#channel = channel;
  }

  /** Takes in what came back over the channel. */
  handle(answer: StoreAnswer): void {
    const entry = this.#pending.get(answer.id);
    if (entry === undefined) return;
    this.#pending.delete(answer.id);
    clearTimeout(entry.limit);
    entry.settle(answer);
  }

  onBack(): void {
    // The store lives as long as this process may.
  }

  put = (session: StoredSession) => this.#ask<'written' | 'foreign'>('put', session);
  update = (id: string, owner: string, update: SessionUpdate) => this.#ask<WriteResult>('update', id, owner, update);
  load = (id: string) => this.#ask<StoredSession | undefined>('load', id);
  claim = (id: string, from: string, to: string) => this.#ask<StoredSession | undefined>('claim', id, from, to);
  remove = (id: string, owner: string) => this.#ask<void>('remove', id, owner);
  ownedBy = (owner: string) => this.#ask<string[]>('ownedBy', owner);
  renew = (owner: string, ids: readonly string[]) => this.#ask<string[]>('renew', owner, [...ids]);
  isAlive = (owner: string) => this.#ask<boolean>('isAlive', owner);
  retire = (owner: string) => this.#ask<void>('retire', owner);
  keepTranscript = (kept: KeptTranscript, o: { keepMs: number; max: number }) =>
    this.#ask<void>('keepTranscript', kept, o);
  transcript = (id: string) => this.#ask<KeptTranscript | undefined>('transcript', id);

  async close(): Promise<void> {
    for (const id of [...this.#pending.keys()]) {
      this.handle({ type: 'store-answer', id, error: 'the session store was closed' });
    }
  }

  #ask<T>(method: StoreMethod, ...values: unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (message: string) => reject(new VisavisError('unavailable', message));
      if (this.#pending.size >= MAX_PENDING) return fail('too many requests wait for the session store');
      const id = this.#nextId++;
      const limit = setTimeout(() => {
        this.#pending.delete(id);
        fail(`no answer of the session store within ${ANSWER_LIMIT_MS} ms`);
      }, ANSWER_LIMIT_MS);
      limit.unref();
      const settle = ({ value, error }: StoreAnswer) => (error === undefined ? resolve(value as T) : fail(error));
      this.#pending.set(id, { settle, limit });
      if (!this.#channel.send({ type: 'store-request', id, method, values })) {
        this.handle({ type: 'store-answer', id, error: 'the session store is gone' });
      }
    });
  }
}

/** Carries out a request at the other end of the channel. */
export async function answerStoreRequest(store: SessionStore, request: StoreRequest): Promise<StoreAnswer> {
  const { id, method, values } = request;
  try {
    if (!STORE_METHODS.includes(method)) throw new VisavisError('bad-request', `the store has no "${String(method)}"`);
    const work = store[method] as (...values: unknown[]) => Promise<unknown>;
    return { type: 'store-answer', id, value: await work.apply(store, values) };
  } catch (thrown) {
    return { type: 'store-answer', id, error: VisavisError.from(thrown).message };
  }
}
