import type { WorkerStats } from '../worker/control.js';

export interface FrameCounts {
  /** Pictures that were due since the session began. */
  due: number;
  /** Those of them that were not ready in time. */
  late: number;
}

/** Frame counts of each session over all workers that have had it; as fresh as the workers' last reports. */
export class FrameLedger {
  readonly #entries = new Map<string, { pid: number; before: FrameCounts; now: FrameCounts }>();

  record(
    { pid, perConversation }: Pick<WorkerStats, 'pid' | 'perConversation'>,
    isOpen: (id: string) => boolean,
  ): void {
    for (const { conversationId, framesDue, framesLate } of perConversation) {
      // A report may still name a session that has just ended.
      if (!isOpen(conversationId)) continue;
      const now = { due: framesDue, late: framesLate };
      const entry = this.#entries.get(conversationId);
      if (entry === undefined) this.#entries.set(conversationId, { pid, before: { due: 0, late: 0 }, now });
      else if (entry.pid === pid && now.due >= entry.now.due) entry.now = now;
      else this.#entries.set(conversationId, { pid, before: this.of(conversationId), now });
    }
  }

  of(sessionId: string): FrameCounts {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined) return { due: 0, late: 0 };
    return { due: entry.before.due + entry.now.due, late: entry.before.late + entry.now.late };
  }

  forget(sessionId: string): void {
    this.#entries.delete(sessionId);
  }
}
