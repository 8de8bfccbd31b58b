/** What other systems learn of sessions: webhooks and transcripts. */
import { list, type Parse, text, whole } from './config-values.js';

/** What can be told by webhooks, in the order in which it happens in a session. */
export const WEBHOOK_EVENTS = [
  'session.started',
  'turn.committed',
  'reply.finished',
  'session.ended',
  'transcript.ready',
] as const;
export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

const STANDARD_EVENTS: readonly WebhookEventName[] = WEBHOOK_EVENTS.filter((name) => name !== 'transcript.ready');
const MAX_RECEIVERS = 8;
const SHORTEST_SECRET = 16;

export interface WebhookConfig {
  urls: readonly string[];
  secret: string;
  events: readonly WebhookEventName[];
  /** Of one request. */
  timeoutMs: number;
  /** From an event to the last attempt at it. */
  retryMs: number;
}

export interface EventsConfig {
  /** Null: nobody is told. */
  webhooks: WebhookConfig | null;
  /** Of sessions that are over; `keepMs` 0: none is kept. */
  transcripts: { keepMs: number; max: number };
}

const receivers: Parse<string[]> = list.transform((items, context) => {
  // An address may carry a secret: it is not repeated.
  const isFit = (item: string) => URL.canParse(item) && /^https?:$/.test(new URL(item).protocol);
  if (items.every(isFit) && items.length <= MAX_RECEIVERS) return items;
  context.addIssue(`expected at most ${MAX_RECEIVERS} http or https addresses, separated by commas`);
  return items;
});

const eventNames: Parse<WebhookEventName[]> = list.transform((items, context) => {
  const unknown = items.find((item) => !WEBHOOK_EVENTS.some((name) => name === item));
  if (unknown !== undefined) context.addIssue(`expected some of ${WEBHOOK_EVENTS.join(', ')}, got "${unknown}"`);
  return WEBHOOK_EVENTS.filter((name) => items.includes(name));
});

const secret: Parse<string> = text.refine(
  (value) => value.length >= SHORTEST_SECRET,
  `expected at least ${SHORTEST_SECRET} characters (openssl rand -hex 32 makes them)`,
);

export const eventVariables = {
  VISAVIS_WEBHOOK_URLS: [receivers, [] as string[]],
  VISAVIS_WEBHOOK_SECRET: [secret, undefined],
  VISAVIS_WEBHOOK_EVENTS: [eventNames, [...STANDARD_EVENTS]],
  VISAVIS_WEBHOOK_TIMEOUT_S: [whole(1, 60), 10],
  VISAVIS_WEBHOOK_RETRY_S: [whole(0, 86_400), 900],
  VISAVIS_TRANSCRIPT_KEEP_S: [whole(0, 30 * 86_400), 900],
  VISAVIS_TRANSCRIPT_MAX: [whole(1, 10_000), 100],
} as const satisfies Record<string, readonly [Parse<unknown>, unknown]>;

interface EventValues {
  VISAVIS_WEBHOOK_URLS: readonly string[];
  VISAVIS_WEBHOOK_SECRET: string | undefined;
  VISAVIS_WEBHOOK_EVENTS: readonly WebhookEventName[];
  VISAVIS_WEBHOOK_TIMEOUT_S: number;
  VISAVIS_WEBHOOK_RETRY_S: number;
  VISAVIS_TRANSCRIPT_KEEP_S: number;
  VISAVIS_TRANSCRIPT_MAX: number;
}

export function eventProblems(v: EventValues, broken: ReadonlySet<string>): string[] {
  if (v.VISAVIS_WEBHOOK_URLS.length === 0 || v.VISAVIS_WEBHOOK_SECRET !== undefined) return [];
  if (broken.has('VISAVIS_WEBHOOK_SECRET')) return [];
  return ['VISAVIS_WEBHOOK_SECRET: needed because VISAVIS_WEBHOOK_URLS is set: what is sent there is signed with it'];
}

export function eventsConfig(v: EventValues): EventsConfig {
  const webhooks: WebhookConfig = {
    urls: v.VISAVIS_WEBHOOK_URLS,
    secret: v.VISAVIS_WEBHOOK_SECRET ?? '',
    events: v.VISAVIS_WEBHOOK_EVENTS,
    timeoutMs: v.VISAVIS_WEBHOOK_TIMEOUT_S * 1000,
    retryMs: v.VISAVIS_WEBHOOK_RETRY_S * 1000,
  };
  return {
    webhooks: webhooks.urls.length === 0 ? null : webhooks,
    transcripts: { keepMs: v.VISAVIS_TRANSCRIPT_KEEP_S * 1000, max: v.VISAVIS_TRANSCRIPT_MAX },
  };
}

/** Without the secret, and of the receivers' addresses, which may carry one, only where they lead. */
export function describeEvents({ webhooks, transcripts }: EventsConfig): Record<string, unknown> {
  if (webhooks === null) return { webhooks, transcripts };
  const urls = webhooks.urls.map((url) => new URL(url).origin);
  return { webhooks: { ...webhooks, urls, secret: '[redacted]' }, transcripts };
}

/** What the workers need not know. */
export const GATEWAY_EVENT_VARIABLES: readonly string[] = Object.keys(eventVariables);
