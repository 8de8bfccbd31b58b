import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * Cores that this process may use: those of the machine (or of its affinity), or fewer where a control group limits its processor time
 * (cgroup v2 `cpu.max`, "QUOTA PERIOD" or "max PERIOD").
 */
export function usableCores(
  readQuota: () => string = () => readFileSync('/sys/fs/cgroup/cpu.max', 'utf8'),
  available: number = availableParallelism(),
): number {
  try {
    const [quota, period] = readQuota().trim().split(' ').map(Number);
    const cores = (quota ?? Number.NaN) / (period ?? Number.NaN);
    return Number.isFinite(cores) && cores > 0 ? Math.min(available, cores) : available;
  } catch {
    return available;
  }
}
