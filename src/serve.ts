import { fileURLToPath } from 'node:url';
import { type Config, type Environment, workerEnvironment } from './config.js';
import { Guardian } from './guardian/guardian.js';
import { createLogger } from './log.js';
import { SpeechSupervisor } from './worker/speech-supervisor.js';

/** Entries other than those of this build. */
export interface ServiceEntries {
  gatewayEntry?: string;
  speechEntry?: string;
  avatarEntry?: string;
  webFolder?: string;
  spareAfterMs?: number;
}

function compiled(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The whole service as `visavis serve` runs it: a guardian, speech workers and gateways, each a process of its own. */
export function startService(config: Config, env: Environment, entries: ServiceEntries = {}): Guardian {
  const logger = createLogger('guardian', config.logLevel);
  const {
    gatewayEntry = compiled('./gateway-process.js'),
    speechEntry = compiled('./worker/speech/main.js'),
    ...rest
  } = entries;
  const speech = new SpeechSupervisor({
    entry: speechEntry,
    env: workerEnvironment(env),
    standby: config.standby,
    logger,
  });
  return new Guardian(config, { env, logger, speech, gatewayEntry, ...rest });
}
