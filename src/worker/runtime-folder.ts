import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * `visavis-NAMESPACE-PID-STARTED-…`: whose folder it is, and when that process started, because process ids are used again, and other
 * containers that share the folder have the same ones.
 */
const NAME = /^visavis-(\d+)-(\d+)-(\d+)-[^-]+$/;

/** A folder for sockets that only this user can enter. It is removed when this process ends, or by the next start after a kill. */
export class RuntimeFolder {
  readonly path: string;
  readonly #remove = () => rmSync(this.path, { recursive: true, force: true });

  constructor(parent = tmpdir()) {
    removeStale(parent);
    // mkdtemp makes the folder with mode 0700.
    this.path = mkdtempSync(
      join(parent, `visavis-${processNamespace() ?? 0}-${process.pid}-${startedAt(process.pid) ?? 0}-`),
    );
    process.once('exit', this.#remove);
  }

  /** Idempotent. */
  remove(): void {
    process.removeListener('exit', this.#remove);
    this.#remove();
  }
}

/** Removes this user's folders whose owners are dead. */
function removeStale(parent: string): void {
  const here = processNamespace();
  // Without /proc nobody knows who lives.
  if (here === undefined || startedAt(process.pid) === undefined) return;
  for (const name of readdirSync(parent)) {
    const match = NAME.exec(name);
    if (match === null || match[1] !== here) continue;
    const path = join(parent, name);
    try {
      if (statSync(path).uid !== process.getuid?.()) continue;
      if (String(startedAt(Number(match[2])) ?? '') !== match[3]) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another start removed it at the same moment.
    }
  }
}

/** Inode of this process's PID namespace, pid_namespaces(7). */
function processNamespace(): string | undefined {
  try {
    return /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid'))?.[1];
  } catch {
    return undefined;
  }
}

/** Start time of a live process in clock ticks since boot, field 22 of proc_pid_stat(5); undefined when there is none. */
function startedAt(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the last parenthesis may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds its id but nothing else.
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}
