import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * The process's logger. A line is a static message with fields; what people say appears only under keys that
 * start with `pii`, and those are written at level `trace` only, so the default level never shows them.
 */
export function createLogger(name: string, level: string = process.env['VISAVIS_LOG_LEVEL'] ?? 'info'): Logger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    redact: {
      paths: ['token', 'apiKey', '*.token', '*.apiKey', 'authorization', '*.authorization'],
      censor: '[redacted]',
    },
  });
}
