/**
 * `npm run bench:capacity`: opens conversations at a running service until it refuses one, lets all of them talk, asks for one more
 * again and again, and tells what the accepted ones missed.
 *
 *   --speech piper|kokoro|auto (auto)   --minutes N (5)   --visitors typed|spoken (typed)   --json FILE   --check
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ErrorBody } from '../errors.js';
import type { CreatedSession } from '../signaling/messages.js';
import type { Readiness } from '../signaling/operations.js';
import { CapacityVisitor, type VisitorKind } from './capacity-visitor.js';
import { table } from './figures.js';
import { ProcessWatch } from './processes.js';
import { QUESTIONS } from './questions.js';
import { speakAll } from './recordings.js';
import { BenchServer } from './server.js';

/** What a new conversation costs must have been seen before the next one is asked for. */
const SETTLE_MS = 8_000;
const ASK_AGAIN_MS = 10_000;
/** With `--check`: a conversation that misses more than this share of its pictures was admitted in error. */
const MAX_LATE_SHARE = 0.01;

const { values } = parseArgs({
  options: {
    speech: { type: 'string', default: 'auto' },
    minutes: { type: 'string', default: '5' },
    visitors: { type: 'string', default: 'typed' },
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});

interface Refusal {
  status: number;
  retryAfterS: number;
  message: string;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

class Capacity {
  readonly visitors: CapacityVisitor[] = [];
  readonly refusals: Refusal[] = [];
  readonly #url: string;
  readonly #kind: VisitorKind;
  readonly #recordings: readonly Int16Array[];
  readonly #talks: Promise<void>[] = [];

  constructor(url: string, kind: VisitorKind, recordings: readonly Int16Array[]) {
    this.#url = url;
    this.#kind = kind;
    this.#recordings = recordings;
  }

  /** True when one more conversation was admitted. */
  async more(): Promise<boolean> {
    const response = await fetch(`${this.#url}v1/sessions`, { method: 'POST' });
    const body = (await response.json()) as CreatedSession & { error?: ErrorBody };
    if (response.status === 429) {
      await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000);
      return this.more();
    }
    if (body.error !== undefined) {
      const retryAfterS = Number(response.headers.get('retry-after'));
      this.refusals.push({ status: response.status, retryAfterS, message: body.error.message });
      return false;
    }
    const parts = { url: this.#url, session: body, texts: QUESTIONS, recordings: this.#recordings };
    const visitor = await CapacityVisitor.create(this.#kind, parts);
    this.#talks.push(visitor.talk(this.visitors.length * 5));
    this.visitors.push(visitor);
    return true;
  }

  readiness(): Promise<Readiness> {
    return this.#get('readyz');
  }

  async frames(): Promise<{ due: number; late: number }[]> {
    const paths = this.visitors.map(({ sessionId }) => `v1/sessions/${sessionId}`);
    return Promise.all(
      paths.map(async (path) => (await this.#get<{ frames: { due: number; late: number } }>(path)).frames),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.visitors.map((visitor) => visitor.close()));
    await Promise.all(this.#talks);
  }

  async #get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.#url}${path}`)).json()) as T;
  }
}

async function run(server: BenchServer, recordings: readonly Int16Array[]): Promise<boolean> {
  const capacity = new Capacity(server.url, values.visitors as VisitorKind, recordings);
  const watch = new ProcessWatch(server.pids());
  const before = (await capacity.readiness()).capacity;
  say(`room for ${before.capacity} at the start: ${describe(before)}`);
  while (await capacity.more()) {
    await sleep(SETTLE_MS);
    say(`${capacity.visitors.length} accepted; ${describe((await capacity.readiness()).capacity)}`);
  }
  const [first] = capacity.refusals;
  say(`the next one was refused: ${first?.status}, Retry-After ${first?.retryAfterS} s, "${first?.message}"`);
  const until = performance.now() + Number(values.minutes) * 60_000;
  while (performance.now() < until) {
    await sleep(ASK_AGAIN_MS);
    if (await capacity.more()) say(`one more was accepted: ${describe((await capacity.readiness()).capacity)}`);
  }
  const frames = await capacity.frames();
  const after = (await capacity.readiness()).capacity;
  const processes = watch.stop();
  const shares = frames.map(({ due, late }) => late / Math.max(1, due));
  const rows = capacity.visitors.map(({ turns, unanswered }, i) => [
    String(i + 1),
    String(frames[i]?.due ?? 0),
    String(frames[i]?.late ?? 0),
    `${((shares[i] ?? 0) * 100).toFixed(3)} %`,
    `${turns} (${unanswered})`,
  ]);
  say(`\n${table(['conversation', 'frames due', 'late', 'share', 'turns (unanswered)'], rows)}\n`);
  const refused = capacity.refusals.length;
  const kinds = [...new Set(capacity.refusals.map(({ status }) => status))].join(', ');
  say(`refused: ${refused}, all with ${kinds}; at the end ${describe(after)}`);
  for (const [name, { cpuPercent, rssEndMb }] of Object.entries(processes)) {
    say(`${name}: ${cpuPercent.toFixed(0)} % of a core, ${rssEndMb.toFixed(0)} MB`);
  }
  if (values.json !== undefined) {
    const { visitors, refusals } = capacity;
    const turns = visitors.map((visitor) => ({ turns: visitor.turns, unanswered: visitor.unanswered }));
    writeFileSync(values.json, JSON.stringify({ before, after, frames, turns, refusals, processes }));
  }
  await capacity.close();
  return refused > 0 && kinds === '503' && shares.every((share) => share <= MAX_LATE_SHARE);
}

function describe({ capacity, cores, costCores, foreignCores, strained }: Readiness['capacity']): string {
  const load = `${costCores.toFixed(2)} of ${cores} cores each, others take ${foreignCores.toFixed(2)}`;
  return `capacity ${capacity} (${load}${strained ? ', strained' : ''})`;
}

const recordings = values.visitors === 'spoken' ? await speakAll(QUESTIONS.slice(0, 12)) : [];
const server = await BenchServer.create({
  VISAVIS_SPEECH: values.speech,
  VISAVIS_ADMISSION: 'auto',
  VISAVIS_MAX_SESSIONS: '64',
  VISAVIS_DRAIN_S: '0',
});
try {
  const passed = await run(server, recordings);
  if (values.check) say(passed ? 'passed' : 'FAILED');
  process.exitCode = values.check && !passed ? 1 : 0;
} finally {
  await server.close();
}
process.exit();
