import { type DestinationStream, type Logger, pino } from 'pino';
import { LogOutput } from './log-output.js';

export type { Logger };

/** Fields whose value is never written, down to the fourth level of what is logged. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'token',
  'apiKey',
  'key',
  'secret',
  'password',
  'credential',
  'credentials',
];
const SECRET_PATHS = ['', '*.', '*.*.', '*.*.*.'].flatMap((above) => SECRET_FIELDS.map((field) => `${above}${field}`));
/** In texts: what follows "Bearer", keys of OpenAI's form, and the password of an address. */
const SECRET_TEXT = /\b(Bearer\s+)[\w.~+/=-]{8,}|\b(sk-)[\w-]{8,}|(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi;

const OUTPUT = new LogOutput();

/**
 * The process's logger. A line is a static message with fields; what people say appears only under keys that
 * start with `pii`, and those are written at level `trace` only, so the default level never shows them. Secrets are replaced
 * wherever they are logged by mistake: fields by their name, and in the texts of errors by their form.
 */
export function createLogger(
  name: string,
  level: string = process.env['VISAVIS_LOG_LEVEL'] ?? 'info',
  destination: DestinationStream = OUTPUT,
): Logger {
  const options = {
    name,
    level,
    base: { name, pid: process.pid },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    serializers: { err: serialiseError, error: serialiseError, reason: redactText },
  };
  return pino(options, destination);
}

function serialiseError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return redactText(thrown);
  const plain: Record<string, unknown> = { ...pino.stdSerializers.err(thrown) };
  for (const field of ['message', 'stack']) plain[field] = redactText(plain[field]);
  return plain;
}

function redactText(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(SECRET_TEXT, '$1$2$3[redacted]') : value;
}
