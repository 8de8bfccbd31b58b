import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { VisavisError } from '../errors.js';

/** Folder of everything that set-up fetches or builds outside the checkout. */
export function cacheFolder(): string {
  return process.env['VISAVIS_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'visavis');
}

/** Path of a model file that `models.lock.json` names. */
export function modelFile(name: string): string {
  const path = join(cacheFolder(), 'models', name);
  if (!existsSync(path)) {
    throw new VisavisError('unavailable', `model file ${name} is missing: run "node scripts/setup.mjs"`);
  }
  return path;
}
