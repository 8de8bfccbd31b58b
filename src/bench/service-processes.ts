import { readFileSync } from 'node:fs';

export type ServiceRole = 'gateway' | 'avatar' | 'speech' | 'media';

export interface ServiceProcess {
  pid: number;
  role: ServiceRole | 'guardian' | 'other';
}

/** What stands in the command line of each kind of process. */
const MARKS: readonly [ServiceRole, RegExp][] = [
  ['media', /mediasoup-worker/],
  ['avatar', /worker\/avatar\/main/],
  ['speech', /worker\/speech\/main/],
  ['gateway', /\/gateway[^/]*\.js/],
];

/** All processes below and including `root`, parents before children and older siblings before younger ones. */
export function serviceProcesses(root: number): ServiceProcess[] {
  const below = childrenOf(root).flatMap((pid) => serviceProcesses(pid));
  const role = MARKS.find(([, mark]) => mark.test(commandOf(root)))?.[0] ?? 'other';
  return [{ pid: root, role }, ...below];
}

/**
 * The process at work of each role. A spare one is always younger than the one at work, and a spare gateway has workers of its own, so
 * the first of each role is meant.
 */
export function processesAtWork(root: number): Record<string, number> {
  const all = serviceProcesses(root);
  const found: Record<string, number> = {};
  const gateway = all.find(({ role }) => role === 'gateway');
  if (gateway === undefined) found['gateway'] = root;
  else found['guardian'] = root;
  for (const { pid, role } of all) {
    if (role !== 'other' && role !== 'guardian') found[role] ??= pid;
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie holds its id but nothing else.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  const list = read(`/proc/${pid}/task/${pid}/children`).trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
