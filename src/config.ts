import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { PROJECT_ROOT } from './cache.js';
import { VisavisError } from './errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface OpenAiConfig {
  /** Empty for servers that want none. */
  apiKey: string;
  /** Undefined: the official address. */
  baseUrl: string | undefined;
  model: string;
  timeoutMs: number;
  speechModel: string;
  speechVoice: string;
}

/** Everything an operator can set, parsed and checked. */
export interface Config {
  /** IP address that HTTP and WebRTC bind. */
  host: string;
  /** 0: any free port. */
  port: number;
  apiKeys: readonly string[];
  /** Address in ICE candidates, when it is not `host`. */
  announcedAddress: string | undefined;
  /** UDP and TCP port of WebRTC; 0: any free port. */
  rtcPort: number;
  /** UDP ports of the RTP link between SFU and avatar worker, inclusive. */
  linkPorts: { min: number; max: number };
  mediaWorkers: number;
  avatar: string;
  avatarsFolder: string;
  /** `auto`: Kokoro where this machine is fast enough for it, else Piper. */
  speech: 'auto' | 'kokoro' | 'piper' | 'openai';
  voice: string | undefined;
  knowledgeFolder: string;
  /** Undefined: one made of the avatar's name; null: silent start. */
  greeting: string | null | undefined;
  instructions: string | undefined;
  /** Origins (scheme://host[:port]) that may use this service besides its own. */
  allowedOrigins: readonly string[];
  tokenTtlMs: number;
  maxSessions: number;
  idleTimeoutMs: number;
  videoBitrateKbps: number;
  logLevel: string;
  /** Null: nothing may be sent to a language API. */
  openai: OpenAiConfig | null;
  /** Silence that ends a turn whose words sound finished (`min`) and unfinished (`max`). */
  endOfTurnMs: { min: number; max: number };
  /** Time after the onset of speech over the avatar's voice at which it is decided whether that is an interruption. */
  interruptionMs: number;
}

type Parse<T> = z.ZodType<T, string>;

const text: Parse<string> = z.string().trim();

function whole(min: number, max: number): Parse<number> {
  return z.string().transform((value, context) => {
    const number = Number(value);
    if (/^\d+$/.test(value.trim()) && number >= min && number <= max) return number;
    context.addIssue(`expected a whole number from ${min} to ${max}, got "${value}"`);
    return z.NEVER;
  });
}

function range(min: number, max: number): Parse<{ min: number; max: number }> {
  return z.string().transform((value, context) => {
    const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(value);
    const [low, high] = [Number(match?.[1]), Number(match?.[2])];
    if (match !== null && low >= min && high <= max && low <= high) return { min: low, max: high };
    context.addIssue(`expected LOW-HIGH within ${min}-${max}, got "${value}"`);
    return z.NEVER;
  });
}

function oneOf<const T extends string>(...names: readonly T[]): Parse<T> {
  return z.string().transform((value, context) => {
    const name = names.find((n) => n === value.trim());
    if (name !== undefined) return name;
    context.addIssue(`expected one of ${names.join(', ')}, got "${value}"`);
    return z.NEVER;
  });
}

const list: Parse<string[]> = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const folder: Parse<string> = z.string().transform((value) => resolve(value.trim()));

const address: Parse<string> = z.string().transform((value, context) => {
  const trimmed = value.trim();
  if (trimmed === 'localhost') return '127.0.0.1';
  if (isIP(trimmed) !== 0) return trimmed;
  context.addIssue(`expected an IP address or localhost, got "${value}"`);
  return z.NEVER;
});

const apiKeys: Parse<string[]> = list.transform((keys, context) => {
  if (keys.every((key) => key.length >= 16)) return keys;
  context.addIssue('expected keys of at least 16 characters, separated by commas (openssl rand -hex 32 makes one)');
  return z.NEVER;
});

const origins: Parse<string[]> = list.transform((items, context) =>
  items.map((item) => {
    const url = URL.canParse(item) ? new URL(item) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.origin === item.replace(/\/$/, ''))
      return url.origin;
    context.addIssue(`expected origins such as https://www.example.org, got "${item}"`);
    return z.NEVER;
  }),
);

const webAddress: Parse<string> = z.string().transform((value, context) => {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value.trim();
  context.addIssue('expected an http or https address');
  return z.NEVER;
});

const level = oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent');

/** Every variable with its check and its default (undefined: unset). The keys are the names in the environment. */
const variables = {
  VISAVIS_HOST: [address, '127.0.0.1'],
  VISAVIS_PORT: [whole(0, 65_535), 7860],
  VISAVIS_API_KEYS: [apiKeys, [] as string[]],
  VISAVIS_ANNOUNCED_ADDRESS: [text, undefined],
  VISAVIS_RTC_PORT: [whole(0, 65_535), 7861],
  VISAVIS_LINK_PORTS: [range(1024, 65_535), { min: 47_000, max: 47_999 }],
  VISAVIS_MEDIA_WORKERS: [whole(1, 64), 1],
  VISAVIS_AVATAR: [text, 'mara'],
  VISAVIS_AVATARS: [folder, resolve(PROJECT_ROOT, 'assets/avatars')],
  VISAVIS_SPEECH: [oneOf('auto', 'kokoro', 'piper', 'openai'), 'auto' as const],
  VISAVIS_VOICE: [text, undefined],
  VISAVIS_KNOWLEDGE: [folder, resolve(PROJECT_ROOT, 'assets/knowledge')],
  VISAVIS_GREETING: [z.string().max(500, 'expected at most 500 characters') as Parse<string>, undefined],
  VISAVIS_INSTRUCTIONS: [z.string().max(20_000, 'expected at most 20000 characters') as Parse<string>, undefined],
  VISAVIS_ALLOWED_ORIGINS: [origins, [] as string[]],
  VISAVIS_TOKEN_TTL_S: [whole(1, 86_400), 60],
  VISAVIS_MAX_SESSIONS: [whole(1, 10_000), 8],
  VISAVIS_IDLE_TIMEOUT_S: [whole(5, 86_400), 300],
  VISAVIS_VIDEO_KBPS: [whole(200, 10_000), 1200],
  VISAVIS_LOG_LEVEL: [level, 'info' as const],
  VISAVIS_END_OF_TURN_MS: [range(100, 5_000), { min: 400, max: 1_200 }],
  VISAVIS_INTERRUPTION_MS: [whole(100, 3_000), 448],
  OPENAI_API_KEY: [text, undefined],
  OPENAI_BASE_URL: [webAddress, undefined],
  OPENAI_MODEL: [text, 'gpt-4o-mini'],
  OPENAI_TIMEOUT_S: [whole(1, 600), 20],
  OPENAI_SPEECH_MODEL: [text, 'gpt-4o-mini-tts'],
  OPENAI_VOICE: [text, 'alloy'],
} as const satisfies Record<string, readonly [Parse<unknown>, unknown]>;

type Variables = typeof variables;
type Name = keyof Variables;
type Values = { [K in Name]: z.output<Variables[K][0]> | Variables[K][1] };

export const configVariables = Object.keys(variables) as Name[];

export function isLoopback(host: string): boolean {
  return host === '::1' || /^127\./.test(host);
}

function problemsBetween(values: Values, broken: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const host = values.VISAVIS_HOST;
  if (!broken.has('VISAVIS_HOST') && !isLoopback(host)) {
    if (values.VISAVIS_API_KEYS.length === 0 && !broken.has('VISAVIS_API_KEYS')) {
      problems.push(`VISAVIS_API_KEYS: needed because VISAVIS_HOST is ${host}, which other machines can reach`);
    }
    if ((host === '0.0.0.0' || host === '::') && values.VISAVIS_ANNOUNCED_ADDRESS === undefined) {
      problems.push(
        `VISAVIS_ANNOUNCED_ADDRESS: needed because VISAVIS_HOST is ${host}: the address that browsers send media to`,
      );
    }
  }
  const openai = values.OPENAI_API_KEY !== undefined || values.OPENAI_BASE_URL !== undefined;
  if (values.VISAVIS_SPEECH === 'openai' && !openai && !broken.has('OPENAI_BASE_URL')) {
    problems.push('OPENAI_API_KEY: VISAVIS_SPEECH is openai, which needs OPENAI_API_KEY or OPENAI_BASE_URL');
  }
  const links = values.VISAVIS_LINK_PORTS;
  const rtcPort = values.VISAVIS_RTC_PORT;
  if (rtcPort >= links.min && rtcPort <= links.max) {
    problems.push(`VISAVIS_RTC_PORT: ${rtcPort} lies within VISAVIS_LINK_PORTS ${links.min}-${links.max}`);
  }
  if (links.max - links.min + 1 < 2 * values.VISAVIS_MAX_SESSIONS) {
    problems.push('VISAVIS_LINK_PORTS: expected at least two ports for each of VISAVIS_MAX_SESSIONS');
  }
  return problems;
}

function unknownNames(env: Environment, known: readonly string[]): string[] {
  const names = new Set([...known, 'VISAVIS_CACHE']);
  return Object.keys(env).filter((name) => name.startsWith('VISAVIS_') && !names.has(name));
}

function toConfig(v: Values): Config {
  const openai = v.OPENAI_API_KEY !== undefined || v.OPENAI_BASE_URL !== undefined;
  return {
    host: v.VISAVIS_HOST,
    port: v.VISAVIS_PORT,
    apiKeys: v.VISAVIS_API_KEYS,
    announcedAddress: v.VISAVIS_ANNOUNCED_ADDRESS,
    rtcPort: v.VISAVIS_RTC_PORT,
    linkPorts: v.VISAVIS_LINK_PORTS,
    mediaWorkers: v.VISAVIS_MEDIA_WORKERS,
    avatar: v.VISAVIS_AVATAR,
    avatarsFolder: v.VISAVIS_AVATARS,
    speech: v.VISAVIS_SPEECH,
    voice: v.VISAVIS_VOICE,
    knowledgeFolder: v.VISAVIS_KNOWLEDGE,
    greeting: v.VISAVIS_GREETING?.trim() === '' ? null : v.VISAVIS_GREETING,
    instructions: v.VISAVIS_INSTRUCTIONS,
    allowedOrigins: v.VISAVIS_ALLOWED_ORIGINS,
    tokenTtlMs: v.VISAVIS_TOKEN_TTL_S * 1000,
    maxSessions: v.VISAVIS_MAX_SESSIONS,
    idleTimeoutMs: v.VISAVIS_IDLE_TIMEOUT_S * 1000,
    videoBitrateKbps: v.VISAVIS_VIDEO_KBPS,
    logLevel: v.VISAVIS_LOG_LEVEL,
    openai: openai
      ? {
          apiKey: v.OPENAI_API_KEY ?? '',
          baseUrl: v.OPENAI_BASE_URL,
          model: v.OPENAI_MODEL,
          timeoutMs: v.OPENAI_TIMEOUT_S * 1000,
          speechModel: v.OPENAI_SPEECH_MODEL,
          speechVoice: v.OPENAI_VOICE,
        }
      : null,
    endOfTurnMs: v.VISAVIS_END_OF_TURN_MS,
    interruptionMs: v.VISAVIS_INTERRUPTION_MS,
  };
}

/**
 * Parses the environment. An empty variable counts as unset, except VISAVIS_GREETING, where it means silence.
 * Throws one `bad-request` error that names every problem; a secret's value is never part of it.
 */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const broken = new Set<string>();
  const values: Record<string, unknown> = {};
  for (const [name, [schema, fallback]] of Object.entries(variables)) {
    const value = env[name];
    values[name] = fallback;
    if (value === undefined || (value.trim() === '' && name !== 'VISAVIS_GREETING')) continue;
    const result = (schema as Parse<unknown>).safeParse(value);
    if (result.success) {
      values[name] = result.data;
    } else {
      broken.add(name);
      problems.push(...result.error.issues.map((issue) => `${name}: ${issue.message}`));
    }
  }
  for (const name of unknownNames(env, configVariables)) problems.push(`${name}: no such setting`);
  problems.push(...problemsBetween(values as Values, broken));
  if (problems.length > 0) {
    throw new VisavisError('bad-request', `configuration:\n${problems.map((p) => `  ${p}`).join('\n')}`);
  }
  return toConfig(values as Values);
}

/** The configuration as an operator may see it: every key and secret is replaced. */
export function describeConfig(config: Config): Record<string, unknown> {
  const secret = (value: string) => (value === '' ? '(none)' : '[redacted]');
  return {
    ...config,
    apiKeys: config.apiKeys.map(secret),
    openai: config.openai === null ? null : { ...config.openai, apiKey: secret(config.openai.apiKey) },
  };
}

/**
 * The environment of a child process, from which `loadConfig` gives it the same engines. What only the gateway needs
 * (its API keys and its bind address) stays behind.
 */
export function workerEnvironment(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  const gatewayOnly = new Set(['VISAVIS_API_KEYS', 'VISAVIS_HOST', 'VISAVIS_ANNOUNCED_ADDRESS']);
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !gatewayOnly.has(name)) kept[name] = value;
  }
  return kept;
}
