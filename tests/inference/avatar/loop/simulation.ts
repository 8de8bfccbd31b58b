import type { DeadlineLoop } from '../../../../src/inference/avatar/loop/deadline-loop.js';

/** Who asks for frames, from `firstDueMs` on. */
export interface Visitor {
  id: string;
  firstDueMs: number;
  /** From one frame to the next; asked anew for each. */
  spacingMs: () => number;
  /** How long before a frame is due it is announced; asked anew for each. */
  aheadMs: () => number;
}

export interface Outcome {
  /** Frames due and missed of each conversation. */
  due: Record<string, number>;
  missed: Record<string, number>;
  /** Frames that were drawn in time. */
  inTime: Record<string, number>;
  /** Sizes of the batches, in the order in which they ran. */
  batches: { graph: string; size: number }[];
}

/** Runs a loop on simulated time from `fromMs` (0) until `untilMs`. `runMs` says what a run really takes. */
export function simulate(
  loop: DeadlineLoop,
  visitors: readonly Visitor[],
  o: { fromMs?: number; untilMs: number; runMs: (graph: string, size: number) => number },
): Outcome {
  const outcome: Outcome = { due: {}, missed: {}, inTime: {}, batches: [] };
  const plans = visitors.map((visitor) => ({ visitor, dueMs: visitor.firstDueMs, aheadMs: visitor.aheadMs() }));
  const announced = new Map<string, number>();
  for (const { visitor } of plans)
    for (const kind of ['due', 'missed', 'inTime'] as const) outcome[kind][visitor.id] = 0;
  let nowMs = o.fromMs ?? 0;
  let running: { ids: string[]; dues: number[]; untilMs: number } | undefined;
  const settle = (id: string, isInTime: boolean) => {
    outcome[isInTime ? 'inTime' : 'missed'][id]!++;
  };
  while (nowMs < o.untilMs) {
    for (const plan of plans) {
      while (plan.dueMs - plan.aheadMs <= nowMs) {
        const { id } = plan.visitor;
        outcome.due[id]!++;
        const before = announced.get(id);
        if (before !== undefined) settle(id, false);
        announced.set(id, plan.dueMs);
        loop.announce(id, plan.dueMs, nowMs);
        plan.dueMs += plan.visitor.spacingMs();
        plan.aheadMs = plan.visitor.aheadMs();
      }
    }
    if (running !== undefined && running.untilMs <= nowMs) {
      loop.finished(nowMs);
      for (const [k, id] of running.ids.entries()) settle(id, nowMs <= running.dues[k]! + 1e-6);
      running = undefined;
    }
    if (running === undefined) {
      const batch = loop.next(nowMs);
      if (batch !== null) {
        const ids = batch.conversations.slice(0, batch.size);
        outcome.batches.push({ graph: batch.graph, size: batch.size });
        const dues = ids.map((id) => announced.get(id)!);
        for (const id of ids) announced.delete(id);
        running = { ids, dues, untilMs: nowMs + o.runMs(batch.graph, batch.size) };
      }
    }
    const nextAnnouncementMs = Math.min(...plans.map(({ dueMs, aheadMs }) => dueMs - aheadMs));
    const nextMs = Math.min(nextAnnouncementMs, running?.untilMs ?? loop.wakeAtMs);
    nowMs = Math.max(nextMs, nowMs);
  }
  if (running !== undefined) loop.finished(running.untilMs);
  return outcome;
}
