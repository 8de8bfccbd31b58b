/**
 * `npm run bench:load`: N conversations at once on this machine, without an SFU and a browser: paced speech in as Opus RTP →
 * voice activity → recognition → knowledge agent → synthesis → face → VP8 and Opus RTP out. The workers are the real ones.
 *
 *   node dist/bench/load.js --conversations 1,2,4 --minutes 10 --speech kokoro [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConversationEvent, TurnLatency } from '../agents/events.js';
import { loadConfig, workerEnvironment } from '../config.js';
import { avatarFolder } from '../inference/avatar/folders.js';
import { createLogger } from '../log.js';
import { AvatarWorkerClient } from '../worker/avatar-worker-client.js';
import type { ConversationOptions, WorkerStats } from '../worker/control.js';
import { WorkerSupervisor } from '../worker/supervisor.js';
import { figure, ms, table } from './figures.js';
import { ProcessWatch } from './processes.js';
import { QUESTIONS } from './questions.js';
import { speakAll } from './recordings.js';
import { LinkVisitor } from './visitor.js';

const FIRST_PORT = 46_000;
const TURN_LIMIT_MS = 45_000;
const PAUSE_MS = 700;

const { values } = parseArgs({
  options: {
    conversations: { type: 'string', default: '1,2,4' },
    minutes: { type: 'string', default: '10' },
    speech: { type: 'string', default: 'kokoro' },
    json: { type: 'string' },
  },
});

interface Run {
  conversations: number;
  minutes: number;
  turns: number;
  unanswered: number;
  latencies: TurnLatency[];
  stats: WorkerStats[];
  framesPerSecond: number[];
  stutters: number;
  processes: ReturnType<ProcessWatch['stop']>;
}

async function run(count: number, minutes: number, questions: Int16Array[]): Promise<Run> {
  const log = createLogger('bench', 'warn');
  const config = loadConfig(process.env);
  const env = workerEnvironment({ ...process.env, VISAVIS_LOG_LEVEL: 'warn' });
  const entry = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const supervisor = new WorkerSupervisor({
    avatarEntry: entry('../worker/avatar/main.js'),
    speechEntry: entry('../worker/speech/main.js'),
    env,
    logger: log,
  });
  await supervisor.start();
  const stats: WorkerStats[] = [];
  const client = new AvatarWorkerClient(supervisor.avatar, {
    logger: log,
    onStats: (s) => stats.push(s),
    limits: { pingEveryMs: 1_000 },
  });
  const latencies: TurnLatency[] = [];
  const watch = new ProcessWatch({
    avatar: supervisor.avatar.pid ?? 0,
    speech: supervisor.speech.pid ?? 0,
    bench: process.pid,
  });
  const until = performance.now() + minutes * 60_000;
  const talks = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const { visitor, link } = await LinkVisitor.create({
        localIp: '127.0.0.1',
        localPort: FIRST_PORT + i,
        remoteIp: '127.0.0.1',
        cname: `bench-${i}`,
        audio: { ssrc: 1_000_000 + i, payloadType: 100 },
        video: { ssrc: 2_000_000 + i, payloadType: 101 },
      });
      const id = `bench-${i}`;
      const options: ConversationOptions = {
        name: 'Mara',
        avatarPath: avatarFolder(config.avatarFolders, config.avatar),
        width: 512,
        height: 512,
        speech: values.speech as ConversationOptions['speech'],
        greeting: null,
        apology: '',
        language: config.language,
        badge: 'AI',
        videoBitrateKbps: config.videoBitrateKbps,
        seed: i + 1,
      };
      let onEvent: (event: ConversationEvent) => void = () => {};
      client.listen(id, {
        onEvent: (event) => {
          if (event.type === 'latency') latencies.push(event.latency);
          if (event.type === 'error') log.warn({ err: event.error }, 'conversation error');
          onEvent(event);
        },
        onClosed: (error) => log.error({ err: error }, 'conversation closed'),
        onWorkerLost: () => log.error('avatar worker lost'),
        onWorkerBack: () => {},
      });
      await client.open(id, { link, options, history: [] });
      client.addMicrophone(id, 'visitor', visitor.microphone);
      let turns = 0;
      let unanswered = 0;
      await sleep(1_000 + i * 1_700);
      for (let k = i * 5; performance.now() < until; k++) {
        const over = new Promise<boolean>((resolve) => {
          const limit = setTimeout(() => resolve(false), TURN_LIMIT_MS);
          onEvent = (event) => {
            if (event.type !== 'utterance-end') return;
            clearTimeout(limit);
            resolve(true);
          };
        });
        await visitor.speak(questions[k % questions.length] as Int16Array);
        if (await over) turns++;
        else unanswered++;
        await sleep(PAUSE_MS);
      }
      return { id, visitor, turns, unanswered };
    }),
  );
  const processes = watch.stop();
  for (const { id, visitor } of talks) {
    client.close(id);
    visitor.close();
  }
  client.dispose();
  await supervisor.close();
  return {
    conversations: count,
    minutes,
    turns: talks.reduce((sum, t) => sum + t.turns, 0),
    unanswered: talks.reduce((sum, t) => sum + t.unanswered, 0),
    latencies,
    stats,
    framesPerSecond: talks.map((t) => t.visitor.frames / (minutes * 60)),
    stutters: talks.reduce((sum, t) => sum + t.visitor.stutters, 0),
    processes,
  };
}

function report(runs: readonly Run[]): void {
  const stage = (title: string, key: keyof TurnLatency) => [
    title,
    ...runs.map((r) => {
      const f = figure(r.latencies.map((l) => l[key]).filter((v): v is number => typeof v === 'number'));
      return `${ms(f.p50)} / ${ms(f.p95)}`;
    }),
  ];
  const worst = (r: Run, key: 'p50' | 'p99' | 'p999' | 'max') => {
    const list = r.stats.map((s) => s.pacerLatenessMs[key]);
    return key === 'p50' ? figure(list).p50 : key === 'max' ? Math.max(...list) : figure(list).p95;
  };
  const median = (r: Run, pick: (s: WorkerStats) => number) => figure(r.stats.map(pick)).p50;
  const rows = [
    ['turns answered (unanswered)', ...runs.map((r) => `${r.turns} (${r.unanswered})`)],
    stage('silence → recognition started, ms p50 / p95', 'speculationMs'),
    stage('→ text known', 'transcriptMs'),
    stage('→ first text of the reply', 'firstTextMs'),
    stage('→ first audio synthesised', 'firstAudioMs'),
    stage('→ turn decided', 'turnEndMs'),
    stage('→ first sample sent', 'firstSentMs'),
    stage('recognition, compute', 'recognitionComputeMs'),
    stage('first segment, compute', 'synthesisComputeMs'),
    [
      'speculation used',
      ...runs.map((r) => `${r.latencies.filter((l) => l.speculationUsed).length} of ${r.latencies.length}`),
    ],
    ['pacer lateness p50, ms', ...runs.map((r) => ms(worst(r, 'p50')))],
    ['pacer lateness p99.9, ms (all packets)', ...runs.map((r) => ms(lateness(r, 0.999)))],
    ['pacer lateness max, ms', ...runs.map((r) => ms(worst(r, 'max')))],
    [
      'render p50 / p95, ms',
      ...runs.map((r) => `${ms(median(r, (s) => s.frameMs.renderP50))} / ${ms(median(r, (s) => s.frameMs.renderP95))}`),
    ],
    [
      'encode p50 / p95, ms',
      ...runs.map((r) => `${ms(median(r, (s) => s.frameMs.encodeP50))} / ${ms(median(r, (s) => s.frameMs.encodeP95))}`),
    ],
    [
      'frames late (of all)',
      ...runs.map(
        (r) => `${r.stats.reduce((n, s) => n + s.framesLate, 0)} (${Math.round(r.conversations * r.minutes * 1500)})`,
      ),
    ],
    ['frames/s received, worst conversation', ...runs.map((r) => Math.min(...r.framesPerSecond).toFixed(2))],
    ['gaps over 100 ms', ...runs.map((r) => String(r.stutters))],
    [
      'CPU avatar / speech worker, % of a core',
      ...runs.map((r) => `${ms(r.processes['avatar']?.cpuPercent)} / ${ms(r.processes['speech']?.cpuPercent)}`),
    ],
    [
      'memory avatar / speech worker at the end, MB',
      ...runs.map((r) => `${ms(r.processes['avatar']?.rssEndMb)} / ${ms(r.processes['speech']?.rssEndMb)}`),
    ],
  ];
  process.stdout.write(
    `\n${table([`${values.speech}, conversations:`, ...runs.map((r) => String(r.conversations))], rows)}\n`,
  );
}

/** Lateness quantile over all packets of a run, from the workers' per-second reports weighted by their counts. */
function lateness(run: Run, share: number): number {
  const all = run.stats.flatMap((s) => s.pacerLatenessMs.worst ?? []);
  const total = run.stats.reduce((sum, s) => sum + s.pacerLatenessMs.count, 0);
  const rank = Math.floor(total * (1 - share));
  return all.toSorted((a, b) => b - a)[rank] ?? Number.NaN;
}

const questions = await speakAll(QUESTIONS.slice(0, 12));
const runs: Run[] = [];
for (const count of values.conversations.split(',').map(Number)) {
  process.stdout.write(`${count} conversation(s) for ${values.minutes} min …\n`);
  runs.push(await run(count, Number(values.minutes), questions));
  report(runs);
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(runs));
process.exit(0);
