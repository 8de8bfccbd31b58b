/**
 * `npm run bench:faults`: kills processes of a running service at random moments of live conversations, and tells how long picture and
 * sound were away, whether a conversation or a part of its history was lost, and whether a process was left behind.
 *
 *   --kills N      (20)      --kind avatar,speech,media,gateway (all)      --visitors N (2)      --json FILE
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { flatten, historyBreaks, type Summary, summarise } from './fault-measures.js';
import { FaultVisitor } from './fault-visitor.js';
import { ms, table } from './figures.js';
import { speakAll } from './recordings.js';
import { ScriptedModel } from './scripted-model.js';
import { BenchServer } from './server.js';
import { isAlive, type ServiceRole, serviceProcesses } from './service-processes.js';

const KINDS: readonly ServiceRole[] = ['avatar', 'speech', 'media', 'gateway'];
const QUESTIONS = ['When does the house open in the morning?', 'What can I do on a Sunday?', 'Is there a garden?'];
/** From one failure's end to the next failure: a spare must have had the time to start. */
const PAUSE_MS = { least: 8_000, most: 16_000 };
const SUCCESSOR_LIMIT_MS = 30_000;
const AFTERLIFE_MS = 2_000;
/** Then others take their place: a longer conversation would outgrow what a language model is told of it. */
const KILLS_A_CONVERSATION = 5;
/** Until a spare of the kind that is to be killed is ready; on a busy machine loading takes its time. */
const SPARE_LIMIT_MS = 90_000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    kind: { type: 'string', default: 'all' },
    visitors: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});

interface KindReport {
  kind: ServiceRole;
  kills: number;
  picture: Summary;
  sound: Summary;
  sessionsLost: number;
  historyBreaks: number;
  /** Conversations in which what the visitor saw is not what the model was told. */
  historiesUnequal: number;
  turns: number;
  errors: Record<string, number>;
}

/** What came of some kills in the same conversations. */
interface Batch {
  pictures: (number | undefined)[];
  sounds: (number | undefined)[];
  sessionsLost: number;
  historyBreaks: number;
  historiesUnequal: number;
  turns: number;
  errors: string[];
}

const now = (): number => performance.timeOrigin + performance.now();

class Faults {
  /** Every process that was ever seen. */
  readonly seen = new Map<number, string>();
  readonly #server: BenchServer;
  readonly #model: ScriptedModel;
  readonly #questions: readonly Int16Array[];

  constructor(server: BenchServer, model: ScriptedModel, questions: readonly Int16Array[]) {
    this.#server = server;
    this.#model = model;
    this.#questions = questions;
  }

  look(): void {
    for (const { pid, role } of serviceProcesses(this.#server.pid)) this.seen.set(pid, role);
  }

  async run(kind: ServiceRole, kills: number, visitorCount: number): Promise<KindReport> {
    const batches: Batch[] = [];
    for (let first = 1; first <= kills; first += KILLS_A_CONVERSATION) {
      const last = Math.min(kills, first + KILLS_A_CONVERSATION - 1);
      batches.push(await this.#batch(kind, first, last, visitorCount));
    }
    const sum = (count: (batch: Batch) => number) => batches.reduce((total, batch) => total + count(batch), 0);
    const errors: Record<string, number> = {};
    for (const message of batches.flatMap((batch) => batch.errors)) errors[message] = (errors[message] ?? 0) + 1;
    return {
      kind,
      kills,
      picture: summarise(batches.flatMap(({ pictures }) => pictures)),
      sound: summarise(batches.flatMap(({ sounds }) => sounds)),
      sessionsLost: sum((batch) => batch.sessionsLost),
      historyBreaks: sum((batch) => batch.historyBreaks),
      historiesUnequal: sum((batch) => batch.historiesUnequal),
      turns: sum((batch) => batch.turns),
      errors,
    };
  }

  /** The kills numbered `first` to `last`, in the same conversations. */
  async #batch(kind: ServiceRole, first: number, last: number, visitorCount: number): Promise<Batch> {
    const visitors: FaultVisitor[] = [];
    for (let i = 0; i < visitorCount; i++) {
      const name = `${kind}-${first}-${i}`;
      visitors.push(await FaultVisitor.create(this.#server.url.replace(/\/$/, ''), name, this.#questions));
    }
    const pictures: (number | undefined)[] = [];
    const sounds: (number | undefined)[] = [];
    for (let kill = first; kill <= last; kill++) {
      await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least));
      await this.#spare(kind);
      this.look();
      const victim = this.#server.pids()[kind];
      if (victim === undefined) throw new Error(`no ${kind} process is at work`);
      const failedAtMs = now();
      process.kill(victim, 'SIGKILL');
      const living = visitors.filter(({ ended }) => ended === undefined);
      const outcomes = await Promise.all(living.map((visitor) => visitor.watch(failedAtMs)));
      await this.#successor(kind, victim);
      for (const { pictureMs, soundMs, state } of outcomes) {
        pictures.push(pictureMs);
        sounds.push(soundMs);
        const line = `${kind} ${kill}: while ${state}, picture ${ms(pictureMs)} ms, sound ${ms(soundMs)} ms`;
        process.stdout.write(`  ${line}\n`);
      }
    }
    await sleep(PAUSE_MS.least);
    for (const { name, ended } of visitors) if (ended) process.stdout.write(`  ${name} was lost: ${ended.message}\n`);
    const requests = visitors.map(({ name }) => this.#model.requests.get(name) ?? []);
    const batch = {
      pictures,
      sounds,
      sessionsLost: visitors.filter(({ ended }) => ended !== undefined).length,
      historyBreaks: requests.reduce((sum, list) => sum + historyBreaks(list), 0),
      historiesUnequal: visitors.filter((visitor, i) => !agrees(visitor, requests[i] ?? [])).length,
      turns: requests.reduce((sum, list) => sum + list.length, 0),
      errors: visitors.flatMap((visitor) => visitor.errors),
    };
    await Promise.all(visitors.map((visitor) => visitor.close()));
    return batch;
  }

  /** Kills without a spare are counted as well; they are slower. */
  async #spare(kind: ServiceRole): Promise<void> {
    for (let waited = 0; waited < SPARE_LIMIT_MS; waited += 500) {
      const gateways = serviceProcesses(this.#server.pid).filter(({ role }) => role === 'gateway');
      if (kind === 'gateway' && gateways.length > 1) return;
      const metrics = await (await fetch(new URL('/metrics', this.#server.url))).text();
      if (new RegExp(`^visavis_spare_processes\\{process="${kind}"\\} 1$`, 'm').test(metrics)) return;
      await sleep(500);
    }
    process.stdout.write(`  no spare ${kind} process was ready in ${SPARE_LIMIT_MS / 1000} s\n`);
  }

  async #successor(kind: ServiceRole, victim: number): Promise<void> {
    for (let waited = 0; waited < SUCCESSOR_LIMIT_MS; waited += 100) {
      const pid = this.#server.pids()[kind];
      if (pid !== undefined && pid !== victim) return;
      await sleep(100);
    }
    throw new Error(`no process took the place of ${kind} ${victim}`);
  }
}

/** What the visitor saw begins with what the model was last told; apologies are spoken outside the history. */
function agrees(visitor: FaultVisitor, requests: Parameters<typeof historyBreaks>[0]): boolean {
  const told = flatten(requests.at(-1) ?? []);
  const seen = flatten(visitor.transcript.filter(({ role, content }) => role === 'user' || !/^sorry\b/i.test(content)));
  if (seen.startsWith(told)) return true;
  let at = 0;
  while (seen[at] === told[at]) at++;
  process.stdout.write(
    `  ${visitor.name}: the histories part at "…${told.slice(Math.max(0, at - 40), at + 60)}" / "…${seen.slice(Math.max(0, at - 40), at + 60)}"\n`,
  );
  return false;
}

function report(reports: readonly KindReport[], left: number): void {
  const of = ({ p50, p95, max, n, never }: Summary) =>
    `${ms(p50)} / ${ms(p95)} / ${ms(max)} (${n}${never > 0 ? `, never ${never}` : ''})`;
  const rows = reports.map((r) => [
    r.kind,
    String(r.kills),
    of(r.picture),
    of(r.sound),
    String(r.sessionsLost),
    `${r.turns} / ${r.historyBreaks} / ${r.historiesUnequal}`,
  ]);
  const header = [
    'killed',
    'times',
    'picture back, ms p50 / p95 / max (n)',
    'sound back, ms p50 / p95 / max (n)',
    'sessions lost',
    'turns / history breaks / unequal histories',
  ];
  process.stdout.write(`\n${table(header, rows)}\n`);
  for (const { kind, errors } of reports) {
    for (const [message, count] of Object.entries(errors)) process.stdout.write(`  ${kind}: ${count} × ${message}\n`);
  }
  process.stdout.write(`processes left after the end: ${left}\n`);
}

const kinds = values.kind === 'all' ? KINDS : KINDS.filter((kind) => values.kind.split(',').includes(kind));
const questions = await speakAll(QUESTIONS);
const model = await ScriptedModel.create();
const server = await BenchServer.create({
  OPENAI_BASE_URL: model.url,
  OPENAI_MODEL: 'scripted',
  VISAVIS_STANDBY: 'on',
  // What is measured is what becomes of conversations, not how many this machine bears.
  VISAVIS_ADMISSION: 'off',
});
const reports: KindReport[] = [];
let left = 0;
try {
  const faults = new Faults(server, model, questions);
  faults.look();
  for (const kind of kinds) {
    if (kind === 'gateway' && server.pids()['guardian'] === undefined) {
      process.stdout.write('gateway: this service has no process that would outlive it\n');
      continue;
    }
    process.stdout.write(`${kind}, ${values.kills} times, ${values.visitors} conversation(s) …\n`);
    reports.push(await faults.run(kind, Number(values.kills), Number(values.visitors)));
  }
  faults.look();
  await server.close();
  await sleep(AFTERLIFE_MS);
  for (const [pid, role] of faults.seen) {
    if (!isAlive(pid)) continue;
    left++;
    process.stdout.write(`  left behind: ${role} ${pid}\n`);
  }
} finally {
  await server.close();
  model.close();
}
report(reports, left);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ reports, left }));
const bad =
  left > 0 || reports.some((r) => r.sessionsLost + r.historyBreaks + r.historiesUnequal + r.picture.never > 0);
process.exit(bad ? 1 : 0);
