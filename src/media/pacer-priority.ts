import type { Transferable } from 'node:worker_threads';
import { setThreadNice, setThreadRealtime } from './native.js';

const PACER_PRIORITY = 10;
const PACER_NICE = -10;
/** Under SCHED_RR nothing below the pacer may hold a lock that it needs. */
const CEILING_PRIORITY = PACER_PRIORITY + 1;
const DEFAULT_POLICY = 0;

/** Per thread: modules are loaded anew in each. */
let realtimeRefused = false;

/**
 * Puts the calling thread under SCHED_RR where that is allowed, else to the best nice value that is: it sleeps nearly always, and a nice
 * value alone does not keep it punctual on a full machine.
 */
export function raisePacerThread(): void {
  if (!setThreadRealtime(PACER_PRIORITY)) setThreadNice(PACER_NICE);
}

/**
 * Posts to a port that the pacer thread listens on, at a priority above it. Node wakes the receiver while the port's lock is held: at a
 * lower priority the poster would be pushed off its CPU by the thread it wakes, which then waits for that lock until the poster
 * is scheduled again, tens of milliseconds on a full machine (the priority ceiling protocol: Sha, Rajkumar and Lehoczky, 1990).
 */
export function postToPacer<T>(
  port: { postMessage(message: T, transfer?: readonly Transferable[]): void },
  message: T,
  transfer: readonly Transferable[] = [],
): void {
  const raised = !realtimeRefused && setThreadRealtime(CEILING_PRIORITY);
  realtimeRefused = !raised;
  try {
    port.postMessage(message, transfer);
  } finally {
    if (raised) setThreadRealtime(DEFAULT_POLICY);
  }
}
