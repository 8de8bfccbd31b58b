import type { Environment } from './config.js';
import { GATEWAY_EVENT_VARIABLES } from './config-events.js';

/**
 * The environment of a child process, from which `loadConfig` gives it the same engines. What only the gateway needs
 * (its API keys and its bind address) stays behind.
 */
export function workerEnvironment(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  const gatewayOnly = new Set([
    'VISAVIS_API_KEYS',
    'VISAVIS_HOST',
    'VISAVIS_ANNOUNCED_ADDRESS',
    'VISAVIS_REDIS_URL',
    'VISAVIS_TURN_URLS',
    'VISAVIS_TURN_SECRET',
    'VISAVIS_TLS_CERT',
    'VISAVIS_TLS_KEY',
    ...GATEWAY_EVENT_VARIABLES,
  ]);
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !gatewayOnly.has(name) && !name.startsWith('OTEL_')) kept[name] = value;
  }
  // See inference/telemetry.ts.
  kept['ORT_DISABLE_TELEMETRY'] = '1';
  return kept;
}
