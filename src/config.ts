import { resolve } from 'node:path';
import { z } from 'zod';
import { type AgentProfile, addressesOf, describeAgent, readAgentFile } from './agent-file.js';
import { memoriesFolder, moderationLogFile, ownAvatarsFolder, PROJECT_ROOT } from './cache.js';
import {
  type EnginesConfig,
  engineProblems,
  enginesConfig,
  engineVariables,
  type OpenAiConfig,
  openAiConfig,
  speechOf,
} from './config-engines.js';
import { describeEvents, type EventsConfig, eventProblems, eventsConfig, eventVariables } from './config-events.js';
import { describeModeration, type ModerationConfig, moderationConfig } from './config-moderation.js';
import { type TelemetryConfig, telemetryOf, telemetryProblems, telemetryVariables } from './config-telemetry.js';
import {
  address,
  apiKeys,
  badge,
  folder,
  oneOf,
  origins,
  type Parse,
  pictureSize,
  proxies,
  range,
  redisAddress,
  text,
  toolAddresses,
  turnAddresses,
  webAddress,
  whole,
} from './config-values.js';
import type { SpeechEngineName } from './engine-names.js';
import { VisavisError } from './errors.js';
import type { ProviderChoice } from './execution-providers.js';
import { LANGUAGES, type Language } from './languages.js';
import type { PictureSize } from './picture-size.js';
import { TURN_TAKING, type TurnTaking } from './turn-taking.js';
import { coversAddress } from './web-access.js';

export type { OpenAiConfig } from './config-engines.js';
export { workerEnvironment } from './worker-environment.js';

export type Environment = Readonly<Record<string, string | undefined>>;

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
  /** Where avatars that are made here are kept. */
  avatarsFolder: string;
  /** Where avatars are looked for, in this order: the operator's own, then those that come with the service. */
  avatarFolders: readonly string[];
  /** `auto`: Kokoro where this machine is fast enough for it, else Piper. */
  speech: 'auto' | SpeechEngineName;
  engines: EnginesConfig;
  /** Where the networks of neural avatars run. */
  providers: ProviderChoice;
  voice: string | undefined;
  knowledgeFolder: string;
  /** Undefined: one made of the avatar's name; null: silent start. */
  greeting: string | null | undefined;
  instructions: string | undefined;
  /** Who the avatar is and what it may do; null: the standing assistant, without tools. */
  agent: AgentProfile | null;
  /** Where tools may send requests. */
  toolAccess: { urls: readonly string[]; privateAddresses: boolean };
  /** Of visitors who agreed to it; null: nothing is kept. */
  memory: { folder: string; keptMs: number } | null;
  /** Origins (scheme://host[:port]) that may use this service besides its own. */
  allowedOrigins: readonly string[];
  tokenTtlMs: number;
  maxSessions: number;
  idleTimeoutMs: number;
  /** Of a picture of 512 × 512 pixels; others get more or less: see `videoKbps`. */
  videoBitrateKbps: number;
  /** What avatars are shown in that can be; undefined: each in its own size. */
  pictureSize: PictureSize | undefined;
  logLevel: string;
  /** Null: nothing may be sent to a language API. */
  openai: OpenAiConfig | null;
  /** Silence that ends a turn whose words sound finished (`min`) and unfinished (`max`). */
  endOfTurnMs: { min: number; max: number };
  /** Time after the onset of speech over the avatar's voice at which it is decided whether that is an interruption. */
  interruptionMs: number;
  /** Null: plain HTTP. `self-signed`: a certificate made at start, for phones on the same network. */
  tls: { certPath: string; keyPath: string } | 'self-signed' | null;
  /** Proxies whose X-Forwarded-* headers are believed: addresses, networks, or `loopback`. */
  trustedProxies: readonly string[];
  /** The address at which browsers reach this service, when a proxy stands before it. */
  publicUrl: string | undefined;
  /** Undefined: sessions are kept in memory. */
  redisUrl: string | undefined;
  /** Null: browsers reach the media ports themselves. */
  turn: { urls: readonly string[]; secret: string; ttlMs: number } | null;
  /** Spare workers and a spare gateway wait for the death of those at work; `auto`: where memory allows. */
  standby: 'auto' | 'on' | 'off';
  /** A session ends after this long, whatever happens in it. */
  maxSessionMs: number;
  /** Conversations under way get this long when the service is asked to end. */
  drainMs: number;
  /** `auto`: sessions are admitted while this machine was measured to draw one more without stutter. */
  admission: 'auto' | 'off';
  /** What other systems learn of sessions. */
  events: EventsConfig;
  /** What visitors and avatars may say; null: everything. */
  moderation: ModerationConfig | null;
  /** Language of what the service itself says: disclosure, greeting, apologies. */
  language: Language;
  /** Of sessions that ask for none. */
  turnTaking: TurnTaking;
  /** The avatar's own voice is looked for in microphones and taken out of them. */
  cancelsEcho: boolean;
  /** Voices that are so much softer than the nearest one lately are not listened to; null: all are. */
  farVoicesDb: number | null;
  /** Where turns are recorded, words included; null: nowhere. */
  turnTraces: { folder: string; maxBytes: number; maxFiles: number } | null;
  /** Null: turns are not traced. */
  telemetry: TelemetryConfig | null;
  /** What tells visitors that they talk with a machine. Undefined: the wording of `language`. */
  disclosure: { off: boolean; text: string | undefined; badge: string | undefined };
}

/** The only value of VISAVIS_DISCLOSURE_OFF that counts: nobody sets it by accident. */
export const DISCLOSURE_OFF = 'visitors-are-told-by-other-means';

/** The avatars that come with the service. */
export const STOCK_AVATARS = resolve(PROJECT_ROOT, 'assets/avatars');

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
  VISAVIS_AVATARS: [folder, ownAvatarsFolder()],
  VISAVIS_STOCK_AVATARS: [oneOf('on', 'off'), 'on' as const],
  VISAVIS_VOICE: [text, undefined],
  VISAVIS_KNOWLEDGE: [folder, resolve(PROJECT_ROOT, 'assets/knowledge')],
  VISAVIS_GREETING: [z.string().max(500, 'expected at most 500 characters') as Parse<string>, undefined],
  VISAVIS_INSTRUCTIONS: [z.string().max(20_000, 'expected at most 20000 characters') as Parse<string>, undefined],
  VISAVIS_AGENT: [folder, undefined],
  VISAVIS_TOOL_URLS: [toolAddresses, [] as string[]],
  VISAVIS_TOOL_PRIVATE_ADDRESSES: [oneOf('on', 'off'), 'off' as const],
  VISAVIS_MEMORY_FOLDER: [folder, memoriesFolder()],
  VISAVIS_MEMORY_DAYS: [whole(0, 3_650), 0],
  VISAVIS_ALLOWED_ORIGINS: [origins, [] as string[]],
  VISAVIS_TOKEN_TTL_S: [whole(1, 86_400), 60],
  VISAVIS_MAX_SESSIONS: [whole(1, 10_000), 8],
  VISAVIS_IDLE_TIMEOUT_S: [whole(5, 86_400), 300],
  VISAVIS_VIDEO_KBPS: [whole(200, 10_000), 1200],
  VISAVIS_PICTURE_SIZE: [pictureSize, undefined],
  VISAVIS_LOG_LEVEL: [level, 'info' as const],
  VISAVIS_END_OF_TURN_MS: [range(100, 5_000), { min: 400, max: 1_200 }],
  VISAVIS_INTERRUPTION_MS: [whole(100, 3_000), 448],
  VISAVIS_TURN_TAKING: [oneOf(...TURN_TAKING), 'balanced' as const],
  VISAVIS_ECHO: [oneOf('auto', 'off'), 'auto' as const],
  VISAVIS_FAR_VOICES_DB: [whole(6, 40), null],
  VISAVIS_TURN_TRACES: [folder, undefined],
  VISAVIS_TURN_TRACES_MB: [whole(1, 100_000), 256],
  VISAVIS_TURN_TRACES_FILES: [whole(1, 10_000), 200],
  VISAVIS_TLS_CERT: [folder, undefined],
  VISAVIS_TLS_KEY: [folder, undefined],
  VISAVIS_DEV_TLS: [oneOf('on', 'off'), 'off' as const],
  VISAVIS_TRUST_PROXY: [proxies, [] as string[]],
  VISAVIS_PUBLIC_URL: [webAddress, undefined],
  VISAVIS_REDIS_URL: [redisAddress, undefined],
  VISAVIS_TURN_URLS: [turnAddresses, [] as string[]],
  VISAVIS_TURN_SECRET: [text, undefined],
  VISAVIS_TURN_TTL_S: [whole(60, 86_400), 3_600],
  VISAVIS_STANDBY: [oneOf('auto', 'on', 'off'), 'auto' as const],
  VISAVIS_MAX_SESSION_S: [whole(60, 7 * 86_400), 7_200],
  VISAVIS_DRAIN_S: [whole(0, 3_600), 30],
  VISAVIS_ADMISSION: [oneOf('auto', 'off'), 'auto' as const],
  VISAVIS_LANGUAGE: [oneOf(...LANGUAGES), 'en' as const],
  VISAVIS_DISCLOSURE: [z.string().trim().max(300, 'expected at most 300 characters') as Parse<string>, undefined],
  VISAVIS_DISCLOSURE_BADGE: [badge, undefined],
  VISAVIS_DISCLOSURE_OFF: [oneOf(DISCLOSURE_OFF), undefined],
  ...eventVariables,
  VISAVIS_MODERATION: [folder, undefined],
  VISAVIS_MODERATION_LOG: [folder, moderationLogFile()],
  ...engineVariables,
  ...telemetryVariables,
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
  problems.push(...eventProblems(values, broken));
  problems.push(...engineProblems(values, { broken, moderated: values.VISAVIS_MODERATION !== undefined }));
  const secure = [values.VISAVIS_TLS_CERT, values.VISAVIS_TLS_KEY].filter((path) => path !== undefined).length;
  if (secure === 1) problems.push('VISAVIS_TLS_CERT, VISAVIS_TLS_KEY: expected both or neither');
  if (secure > 0 && values.VISAVIS_DEV_TLS === 'on') {
    problems.push('VISAVIS_DEV_TLS: expected off where VISAVIS_TLS_CERT is set');
  }
  if (values.VISAVIS_TURN_URLS.length > 0 && values.VISAVIS_TURN_SECRET === undefined) {
    problems.push(
      'VISAVIS_TURN_SECRET: needed because VISAVIS_TURN_URLS is set (static-auth-secret of the TURN server)',
    );
  }
  const links = values.VISAVIS_LINK_PORTS;
  const rtcPort = values.VISAVIS_RTC_PORT;
  if (rtcPort >= links.min && rtcPort <= links.max) {
    problems.push(`VISAVIS_RTC_PORT: ${rtcPort} lies within VISAVIS_LINK_PORTS ${links.min}-${links.max}`);
  }
  if (links.max - links.min + 1 < 2 * values.VISAVIS_MAX_SESSIONS) {
    problems.push('VISAVIS_LINK_PORTS: expected at least two ports for each of VISAVIS_MAX_SESSIONS');
  }
  problems.push(...telemetryProblems(values));
  return problems;
}

function unknownNames(env: Environment, known: readonly string[]): string[] {
  const names = new Set([...known, 'VISAVIS_CACHE', 'VISAVIS_AGENT_SNAPSHOT']);
  return Object.keys(env).filter((name) => name.startsWith('VISAVIS_') && !names.has(name));
}

function tlsOf(v: Values): Config['tls'] {
  if (v.VISAVIS_DEV_TLS === 'on') return 'self-signed';
  if (v.VISAVIS_TLS_CERT === undefined || v.VISAVIS_TLS_KEY === undefined) return null;
  return { certPath: v.VISAVIS_TLS_CERT, keyPath: v.VISAVIS_TLS_KEY };
}

function toConfig(v: Values, agent: AgentProfile | null, moderation: ModerationConfig | null): Config {
  return {
    host: v.VISAVIS_HOST,
    port: v.VISAVIS_PORT,
    apiKeys: v.VISAVIS_API_KEYS,
    announcedAddress: v.VISAVIS_ANNOUNCED_ADDRESS,
    rtcPort: v.VISAVIS_RTC_PORT,
    linkPorts: v.VISAVIS_LINK_PORTS,
    mediaWorkers: v.VISAVIS_MEDIA_WORKERS,
    providers: v.VISAVIS_PROVIDERS,
    avatar: v.VISAVIS_AVATAR,
    avatarsFolder: v.VISAVIS_AVATARS,
    avatarFolders: [v.VISAVIS_AVATARS, ...(v.VISAVIS_STOCK_AVATARS === 'on' ? [STOCK_AVATARS] : [])],
    speech: speechOf(v),
    engines: enginesConfig(v),
    voice: v.VISAVIS_VOICE,
    knowledgeFolder: agent?.knowledge?.folder ?? v.VISAVIS_KNOWLEDGE,
    greeting: v.VISAVIS_GREETING?.trim() === '' ? null : v.VISAVIS_GREETING,
    instructions: v.VISAVIS_INSTRUCTIONS,
    agent,
    toolAccess: { urls: v.VISAVIS_TOOL_URLS, privateAddresses: v.VISAVIS_TOOL_PRIVATE_ADDRESSES === 'on' },
    memory:
      v.VISAVIS_MEMORY_DAYS === 0
        ? null
        : { folder: v.VISAVIS_MEMORY_FOLDER, keptMs: v.VISAVIS_MEMORY_DAYS * 86_400_000 },
    allowedOrigins: v.VISAVIS_ALLOWED_ORIGINS,
    tokenTtlMs: v.VISAVIS_TOKEN_TTL_S * 1000,
    maxSessions: v.VISAVIS_MAX_SESSIONS,
    idleTimeoutMs: v.VISAVIS_IDLE_TIMEOUT_S * 1000,
    videoBitrateKbps: v.VISAVIS_VIDEO_KBPS,
    pictureSize: v.VISAVIS_PICTURE_SIZE,
    logLevel: v.VISAVIS_LOG_LEVEL,
    openai: openAiConfig(v),
    endOfTurnMs: v.VISAVIS_END_OF_TURN_MS,
    interruptionMs: v.VISAVIS_INTERRUPTION_MS,
    tls: tlsOf(v),
    trustedProxies: v.VISAVIS_TRUST_PROXY,
    publicUrl: v.VISAVIS_PUBLIC_URL,
    redisUrl: v.VISAVIS_REDIS_URL,
    turn:
      v.VISAVIS_TURN_URLS.length === 0
        ? null
        : { urls: v.VISAVIS_TURN_URLS, secret: v.VISAVIS_TURN_SECRET ?? '', ttlMs: v.VISAVIS_TURN_TTL_S * 1000 },
    standby: v.VISAVIS_STANDBY,
    maxSessionMs: v.VISAVIS_MAX_SESSION_S * 1000,
    drainMs: v.VISAVIS_DRAIN_S * 1000,
    admission: v.VISAVIS_ADMISSION,
    events: eventsConfig(v),
    moderation,
    language: v.VISAVIS_LANGUAGE,
    turnTaking: v.VISAVIS_TURN_TAKING,
    cancelsEcho: v.VISAVIS_ECHO === 'auto',
    farVoicesDb: v.VISAVIS_FAR_VOICES_DB,
    turnTraces:
      v.VISAVIS_TURN_TRACES === undefined
        ? null
        : {
            folder: v.VISAVIS_TURN_TRACES,
            maxBytes: v.VISAVIS_TURN_TRACES_MB * 1e6,
            maxFiles: v.VISAVIS_TURN_TRACES_FILES,
          },
    telemetry: telemetryOf(v),
    disclosure: {
      off: v.VISAVIS_DISCLOSURE_OFF !== undefined,
      text: v.VISAVIS_DISCLOSURE || undefined,
      badge: v.VISAVIS_DISCLOSURE_BADGE || undefined,
    },
  };
}

/** Addresses of an agent file that VISAVIS_TOOL_URLS does not allow. */
function addressesBeyond(agent: AgentProfile | undefined, allowed: readonly string[]): string[] {
  const urls = allowed.map((url) => new URL(url));
  return (agent === undefined ? [] : addressesOf(agent))
    .filter(({ url }) => !urls.some((one) => coversAddress(one, new URL(url))))
    .map(({ field, url }) => `${field}: ${new URL(url).origin} is not among VISAVIS_TOOL_URLS`);
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
  const moderation = moderationConfig(values as Values, problems);
  const agentPath = (values as Values).VISAVIS_AGENT;
  const agent = agentPath === undefined ? undefined : readAgentFile(agentPath, env);
  const problemsOfAgent = agent?.problems ?? addressesBeyond(agent?.profile, (values as Values).VISAVIS_TOOL_URLS);
  problems.push(...problemsOfAgent.map((problem) => `VISAVIS_AGENT: ${problem}`));
  if (problems.length > 0) {
    throw new VisavisError('bad-request', `configuration:\n${problems.map((p) => `  ${p}`).join('\n')}`);
  }
  return toConfig(values as Values, agent?.profile ?? null, moderation);
}

/** The configuration as an operator may see it: every key and secret is replaced. */
export function describeConfig(config: Config): Record<string, unknown> {
  const secret = (value: string) => (value === '' ? '(none)' : '[redacted]');
  const { telemetry } = config;
  return {
    ...config,
    telemetry: telemetry && {
      ...telemetry,
      headers: Object.keys(telemetry.headers).map((name) => `${name}: [redacted]`),
    },
    apiKeys: config.apiKeys.map(secret),
    events: describeEvents(config.events),
    moderation: describeModeration(config.moderation),
    agent: config.agent === null ? null : describeAgent(config.agent),
    redisUrl: config.redisUrl?.replace(/\/\/[^@/]*@/, '//[redacted]@'),
    turn: config.turn === null ? null : { ...config.turn, secret: secret(config.turn.secret) },
    openai: config.openai === null ? null : { ...config.openai, apiKey: secret(config.openai.apiKey) },
  };
}
