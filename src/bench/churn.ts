/**
 * `npm run bench:churn`: visitors come, talk and go for an hour; memory, handles, threads and processes of the service over time.
 *
 *   --minutes N (60)      --visitors N (20)      --at-once N (2)      --json FILE
 *
 * A visitor is a headless browser's stand-in with microphone and picture (see `visavis talk`); who has gone comes again later, in a new
 * session. The first quarter is left to warm up; then nothing may grow: the last quarter's median is compared with the second's.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSession } from '../talk/service.js';
import { CapacityVisitor } from './capacity-visitor.js';
import { quantile, table } from './figures.js';
import { sampleProcess } from './processes.js';
import { QUESTIONS } from './questions.js';
import { speakAll } from './recordings.js';
import { BenchServer } from './server.js';
import { serviceProcesses } from './service-processes.js';

const STAY_MS = { least: 30_000, most: 120_000 };
const RETRY_MS = 2_000;
/** Growth between the quarters that counts as none. */
const SLACK = { mb: 8, share: 0.05, handles: 4, threads: 2, processes: 0 };

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    visitors: { type: 'string', default: '20' },
    'at-once': { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});

interface Row {
  minute: number;
  sessions: number;
  processes: number;
  /** Sums over the processes of each role, those of spares included. */
  roles: Record<string, { mb: number; handles: number; threads: number }>;
}

class Churn {
  sessions = 0;
  refused = 0;
  failed = 0;
  turns = 0;
  unanswered = 0;
  readonly #url: string;
  readonly #recordings: readonly Int16Array[];
  readonly #untilMs: number;
  #free: number;

  constructor(url: string, recordings: readonly Int16Array[], atOnce: number, untilMs: number) {
    this.#url = url;
    this.#recordings = recordings;
    this.#free = atOnce;
    this.#untilMs = untilMs;
  }

  /** One person: away, then here for a while, then away again. */
  async visitor(index: number): Promise<void> {
    while (performance.now() < this.#untilMs) {
      if (this.#free === 0) {
        await sleep(RETRY_MS * (0.5 + Math.random()));
        continue;
      }
      this.#free--;
      await this.#visit(index).catch((thrown: unknown) => this.#count(thrown));
      this.#free++;
      await sleep(RETRY_MS);
    }
  }

  async #visit(index: number): Promise<void> {
    const session = await createSession(this.#url, undefined, {});
    const live = await CapacityVisitor.create('spoken', {
      url: this.#url,
      session,
      texts: [],
      recordings: this.#recordings,
    });
    this.sessions++;
    const stay = STAY_MS.least + Math.random() * (STAY_MS.most - STAY_MS.least);
    const talking = live.talk(index);
    await sleep(Math.min(stay, this.#untilMs - performance.now()));
    await live.close();
    await talking;
    this.turns += live.turns;
    this.unanswered += live.unanswered;
  }

  #count(thrown: unknown): void {
    if ((thrown as { code?: string }).code === 'unavailable') this.refused++;
    else {
      this.failed++;
      process.stdout.write(`  a visit failed: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    }
  }
}

function look(server: BenchServer, minute: number, sessions: number): Row {
  const all = serviceProcesses(server.pid);
  const roles: Row['roles'] = {};
  for (const { pid, role } of all) {
    const name = pid === server.pid ? 'guardian' : role;
    roles[name] ??= { mb: 0, handles: 0, threads: 0 };
    const sum = roles[name];
    sum.mb += (sampleProcess(pid)?.rssBytes ?? 0) / 1e6;
    sum.handles += entries(`/proc/${pid}/fd`);
    sum.threads += entries(`/proc/${pid}/task`);
  }
  return { minute, sessions, processes: all.length, roles };
}

/** 0 when the process is gone. */
function entries(path: string): number {
  try {
    return readdirSync(path).length;
  } catch {
    return 0;
  }
}

/** What grew from the second to the last quarter, in words. */
function growth(rows: readonly Row[]): string[] {
  const quarter = Math.max(1, Math.floor(rows.length / 4));
  const second = rows.slice(quarter, 2 * quarter);
  const last = rows.slice(-quarter);
  const grown: string[] = [];
  const compare = (name: string, slack: (before: number) => number, read: (row: Row) => number) => {
    const [before, after] = [quantile(second.map(read), 0.5), quantile(last.map(read), 0.5)];
    if (after > before + slack(before)) grown.push(`${name}: ${before.toFixed(0)} → ${after.toFixed(0)}`);
  };
  compare(
    'processes',
    () => SLACK.processes,
    (row) => row.processes,
  );
  for (const role of Object.keys(rows.at(-1)?.roles ?? {})) {
    const of = (row: Row) => row.roles[role] ?? { mb: 0, handles: 0, threads: 0 };
    compare(
      `${role} MB`,
      (before) => Math.max(SLACK.mb, before * SLACK.share),
      (row) => of(row).mb,
    );
    compare(
      `${role} handles`,
      () => SLACK.handles,
      (row) => of(row).handles,
    );
    compare(
      `${role} threads`,
      () => SLACK.threads,
      (row) => of(row).threads,
    );
  }
  return grown;
}

function print(rows: readonly Row[]): void {
  const roles = Object.keys(rows.at(-1)?.roles ?? {});
  const header = ['minute', 'sessions so far', 'processes', ...roles.map((role) => `${role}: MB / handles / threads`)];
  const cells = rows.map((row) => [
    String(row.minute),
    String(row.sessions),
    String(row.processes),
    ...roles.map((role) => {
      const { mb, handles, threads } = row.roles[role] ?? { mb: 0, handles: 0, threads: 0 };
      return `${mb.toFixed(0)} / ${handles} / ${threads}`;
    }),
  ]);
  process.stdout.write(`${table(header, cells)}\n`);
}

const minutes = Number(values.minutes);
const recordings = await speakAll(QUESTIONS.slice(0, 12));
const server = await BenchServer.create({});
const rows: Row[] = [];
let grown: string[] = [];
const beganMs = performance.now();
const churn = new Churn(
  server.url.replace(/\/$/, ''),
  recordings,
  Number(values['at-once']),
  beganMs + minutes * 60_000,
);
try {
  const visitors = Array.from({ length: Number(values.visitors) }, (_, index) => churn.visitor(index));
  for (let minute = 1; minute <= minutes; minute++) {
    await sleep(Math.max(0, beganMs + minute * 60_000 - performance.now()));
    rows.push(look(server, minute, churn.sessions));
    const { sessions, refused, failed } = churn;
    process.stdout.write(`minute ${minute}: ${sessions} sessions, ${refused} refused, ${failed} failed\n`);
  }
  await Promise.all(visitors);
  print(rows);
  grown = growth(rows);
} finally {
  await server.close();
}
const { sessions, refused, failed, turns, unanswered } = churn;
process.stdout.write(
  `${sessions} sessions of ${values.visitors} visitors, ${turns} turns, ${unanswered} unanswered, ${refused} refused, ${failed} failed\n` +
    `${grown.length === 0 ? 'nothing grew' : `grew: ${grown.join('; ')}`}\n`,
);
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify({ rows, sessions, refused, failed, turns, unanswered, grown }));
process.exit(grown.length === 0 && failed === 0 ? 0 : 1);
