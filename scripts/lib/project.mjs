/** Where things are. Plain Node without dependencies: set-up runs before anything is installed. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folder of everything that is fetched or built outside the checkout; `src/cache.ts` follows the same rule. */
export function cacheFolder(env = process.env) {
  return env.VISAVIS_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'visavis');
}
