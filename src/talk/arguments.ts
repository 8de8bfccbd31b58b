import { parseArgs } from 'node:util';
import { SPEECH_ENGINES } from '../engine-names.js';
import { VisavisError } from '../errors.js';
import type { CreateSessionBody } from '../signaling/messages.js';

export const USAGE = `visavis talk: a visitor without a browser, for trying and checking a running service

  visavis talk --wav FILE [--wav FILE …] [options]

What is said, in this order, each after the reply to the one before:
  --wav FILE           speak a WAVE file (16-bit PCM or 32-bit float, any rate, mono or stereo)
  --ask TEXT           type a question
  --say TEXT           let the avatar say this word for word

Where:
  --url URL            the service (default http://127.0.0.1:7860)
  --key KEY            API key, where the service wants one
  --token TOKEN        join the session of this token instead of creating one

The session to create:
  --greeting TEXT      what the avatar begins with (default: none)
  --avatar ID  --voice ID  --speech kokoro|piper|openai|custom

What is kept:
  --out-wav FILE       the avatar's voice as it was received
  --out-frames FOLDER  received pictures as PNG, every N-th one (--every N, default 25)
  --json               print one line of JSON at the end, and nothing else on standard output
  --limit SECONDS      give up waiting for one reply after this long (default 60)

Ends with 0 only when every reply was heard and pictures came.
`;

export type Step = { kind: 'wav'; path: string } | { kind: 'ask' | 'say'; text: string };

export interface TalkOptions {
  steps: Step[];
  /** Without a slash at the end. */
  url: string;
  key: string | undefined;
  token: string | undefined;
  session: CreateSessionBody;
  outWav: string | undefined;
  outFrames: string | undefined;
  every: number;
  json: boolean;
  replyLimitMs: number;
}

/** The options, or undefined when only help is wanted. Throws `bad-request` that names the option. */
export function parseTalkArguments(argv: readonly string[]): TalkOptions | undefined {
  const { values, tokens } = parse(argv);
  if (values.help === true) return undefined;
  const steps: Step[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined) continue;
    if (token.name === 'wav') steps.push({ kind: 'wav', path: token.value });
    else if (token.name === 'ask' || token.name === 'say') steps.push({ kind: token.name, text: token.value });
  }
  const greeting = values.greeting ?? 'none';
  if (steps.length === 0 && greeting === 'none') {
    throw new VisavisError('bad-request', `nothing to say: give --wav, --ask or --say\n\n${USAGE}`);
  }
  if (values.token !== undefined && ['greeting', 'avatar', 'voice', 'speech'].some((name) => name in values)) {
    throw bad('token', 'joins a session that there is; --greeting, --avatar, --voice and --speech are for a new one');
  }
  const speech = SPEECH_ENGINES.find((name) => name === values.speech);
  if (values.speech !== undefined && speech === undefined)
    throw bad('speech', `expected one of ${SPEECH_ENGINES.join(', ')}`);
  return {
    steps,
    url: address(values.url ?? 'http://127.0.0.1:7860'),
    key: values.key,
    token: values.token,
    session: {
      greeting: greeting === 'none' ? null : greeting,
      ...(values.avatar === undefined ? {} : { avatar: values.avatar }),
      ...(values.voice === undefined ? {} : { voice: values.voice }),
      ...(speech === undefined ? {} : { speech }),
    },
    outWav: values['out-wav'],
    outFrames: values['out-frames'],
    every: whole('every', values.every ?? '25', 100_000),
    json: values.json === true,
    replyLimitMs: whole('limit', values.limit ?? '60', 3_600) * 1_000,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({
      args: [...argv],
      tokens: true,
      options: {
        ...{ wav: list, ask: list, say: list },
        ...{ url: text, key: text, token: text },
        ...{ greeting: text, avatar: text, voice: text, speech: text },
        ...{ 'out-wav': text, 'out-frames': text, every: text, limit: text },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new VisavisError('bad-request', `${cause instanceof Error ? cause.message : String(cause)}\n\n${USAGE}`, {
      cause,
    });
  }
}

function address(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url.origin;
  throw bad('url', `expected an address such as http://127.0.0.1:7860, got "${value}"`);
}

function whole(name: string, value: string, max: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= max) return number;
  throw bad(name, `expected a whole number from 1 to ${max}, got "${value}"`);
}

function bad(option: string, what: string): VisavisError {
  return new VisavisError('bad-request', `--${option}: ${what}`, { field: option });
}
