import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `visavis-PID-STARTED-…`: whose folder it is, and when that process started, because process ids are used again. */
const NAME = /^visavis-(\d+)-(\d+)-[^-]+$/;

/** A folder for sockets that only this user can enter. It is removed when this process ends, or by the next start after a kill. */
export class RuntimeFolder {
  readonly path: string;
  readonly #remove = () => rmSync(this.path, { recursive: true, force: true });

  constructor(parent = tmpdir()) {
    removeStale(parent);
    // mkdtemp makes the folder with mode 0700.
    this.path = mkdtempSync(join(parent, `visavis-${process.pid}-${startedAt(process.pid) ?? 0}-`));
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
  for (const name of readdirSync(parent)) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const path = join(parent, name);
    try {
      if (statSync(path).uid !== process.getuid?.()) continue;
      if (String(startedAt(Number(match[1])) ?? '') !== match[2]) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another start removed it at the same moment.
    }
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
