/**
 * `npm run bench`: the whole product through a real Chromium, every figure beside its goal.
 *
 *   --turns N            spoken questions per voice (20)
 *   --speech LIST        voices to measure (kokoro,piper)
 *   --skew N             utterances of ten clicks for sound against picture (3; 0 leaves it out)
 *   --out FOLDER         where recordings and figures are kept (bench-results)
 *   --verify FOLDER      recompute responses and barge-ins from kept recordings; measures nothing
 *   --check              exit 1 when a goal is missed
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TurnLatency } from '../agents/events.js';
import { readWav, writeWav } from '../media/wav.js';
import { type Dialogue, hold, MOUTH_BOX, type SpokenTurn } from './dialogue.js';
import { figure, ms, table } from './figures.js';
import { type BargeIn, bargeIns, frameToScreen, responses } from './measures.js';
import { ProcessWatch } from './processes.js';
import { BACKCHANNELS, INTERRUPTIONS, QUESTIONS } from './questions.js';
import { speakAll } from './recordings.js';
import { type Measured, meets, render } from './report.js';
import { BenchServer } from './server.js';
import { measureSkew } from './skew.js';

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '20' },
    speech: { type: 'string', default: 'kokoro,piper' },
    skew: { type: 'string', default: '3' },
    out: { type: 'string', default: 'bench-results' },
    verify: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});

const print = (text: string) => process.stdout.write(`${text}\n`);

interface Kept {
  speech: 'kokoro' | 'piper';
  turns: SpokenTurn[];
}

type KeptLog = Parameters<typeof bargeIns>[0];

async function measure(speech: Kept['speech'], count: number, out: string): Promise<Measured[]> {
  const questions = QUESTIONS.slice(0, count);
  const leads = ['Can you tell me everything about how you work?', 'What can you tell me about privacy?'];
  const texts = [...questions, ...INTERRUPTIONS, ...BACKCHANNELS, ...leads];
  const spoken = new Map((await speakAll(texts)).map((pcm, i) => [texts[i] as string, pcm]));
  const pcm = (text: string) => spoken.get(text) as Int16Array;
  const server = await BenchServer.create({ VISAVIS_SPEECH: speech });
  print(
    `\n${speech}: ready after ${ms(server.readyMs)} ms; ${count} questions, ${INTERRUPTIONS.length} interruptions, ${BACKCHANNELS.length} backchannels`,
  );
  const watch = new ProcessWatch({ ...server.pids(), bench: process.pid });
  const lead = (i: number) => pcm(leads[i % leads.length] as string);
  let dialogue: Dialogue;
  try {
    dialogue = await hold(
      {
        url: server.url,
        query: `greeting=none&speech=${speech}`,
        watch: MOUTH_BOX,
        turns: [
          ...questions.map((text) => ({ kind: 'question' as const, text, pcm: pcm(text) })),
          ...INTERRUPTIONS.map((text, i) => ({ kind: 'interruption' as const, text, pcm: pcm(text), lead: lead(i) })),
          ...BACKCHANNELS.map((text, i) => ({ kind: 'backchannel' as const, text, pcm: pcm(text), lead: lead(i) })),
        ],
      },
      (turn, i) => print(`  ${i + 1} ${turn.kind}: ${turn.text}${turn.answered ? '' : '  (no reply)'}`),
    );
  } finally {
    printProcesses(watch.stop());
    await server.close();
  }
  writeWav(join(out, `${speech}.wav`), dialogue.recording);
  writeFileSync(join(out, `${speech}.json`), JSON.stringify({ speech, turns: dialogue.turns } satisfies Kept));
  writeFileSync(
    join(out, `${speech}-events.json`),
    JSON.stringify({ events: dialogue.events, frames: dialogue.frames, stats: dialogue.stats, clock: dialogue.clock }),
  );
  printStages(dialogue.latencies);
  const barges = bargeInsOf(dialogue, dialogue.turns);
  const interruptions = barges.slice(0, INTERRUPTIONS.length);
  const backchannels = barges.slice(INTERRUPTIONS.length);
  const defined = (list: (number | undefined)[]) => list.filter((v): v is number => v !== undefined);
  const answered = defined(responses(dialogue.recording, dialogue.turns).map((r) => r.responseMs));
  return [
    { goal: `response-${speech}`, values: answered, note: `${answered.length} of ${count} answered` },
    { goal: 'ducked', values: defined(barges.map((b) => b.duckedMs)) },
    {
      goal: 'decided',
      values: defined(barges.map((b) => b.decidedMs)),
      note: `${interruptions.filter((b) => b.outcome === 'stopped').length} of ${interruptions.length} stopped, ${backchannels.filter((b) => b.outcome === 'resumed').length} of ${backchannels.length} resumed`,
    },
    { goal: 'mouth-rest', values: defined(interruptions.map((b) => b.mouthAtRestMs)) },
    { goal: 'frame-to-screen', values: frameToScreen(dialogue.frames) },
    { goal: 'first-frame', values: defined([dialogue.firstFrameMs]) },
    { goal: 'fps', values: [dialogue.framesPerSecond] },
  ];
}

/** Prints them on the way. */
function bargeInsOf(...of: Parameters<typeof bargeIns>): BargeIn[] {
  const barges = bargeIns(...of);
  const rows = barges.map((b) => [b.text, ms(b.duckedMs), ms(b.decidedMs), b.outcome, ms(b.mouthAtRestMs)]);
  print(table(['', 'ducked ms', 'decided ms', 'outcome', 'mouth at rest ms'], rows));
  return barges;
}

function printStages(latencies: readonly TurnLatency[]): void {
  const stages: [string, keyof TurnLatency][] = [
    ['recognition started', 'speculationMs'],
    ['text known', 'transcriptMs'],
    ['turn decided', 'turnEndMs'],
    ['first text of the reply', 'firstTextMs'],
    ['first audio synthesised', 'firstAudioMs'],
    ['first sample sent', 'firstSentMs'],
    ['recognition, compute', 'recognitionComputeMs'],
    ['first segment, compute', 'synthesisComputeMs'],
  ];
  const rows = stages.map(([title, key]) => {
    const f = figure(latencies.map((l) => l[key]).filter((v): v is number => typeof v === 'number'));
    return [title, ms(f.p50), ms(f.p95), String(f.count)];
  });
  print(table(['ms after the last voiced sample, as the server saw it', 'p50', 'p95', 'n'], rows));
}

function printProcesses(processes: ReturnType<ProcessWatch['stop']>): void {
  const rows = Object.entries(processes).map(([name, p]) => [
    name,
    ms(p.cpuPercent),
    ms(p.rssStartMb),
    ms(p.rssEndMb),
    ms(p.rssPeakMb),
  ]);
  print(table(['process', 'CPU % of a core', 'MB at start', 'at end', 'peak'], rows));
}

function verify(folder: string): void {
  for (const speech of values.speech.split(',')) {
    const kept = JSON.parse(readFileSync(join(folder, `${speech}.json`), 'utf8')) as Kept;
    const recording = readWav(join(folder, `${speech}.wav`));
    const list = responses(recording, kept.turns);
    print(
      table(
        ['question', 'response ms'],
        list.map((r) => [r.text, ms(r.responseMs)]),
      ),
    );
    const f = figure(list.flatMap((r) => r.responseMs ?? []));
    print(`${speech}: p50 ${ms(f.p50)} ms, p95 ${ms(f.p95)} ms, n ${f.count}\n`);
    const log = JSON.parse(readFileSync(join(folder, `${speech}-events.json`), 'utf8')) as Omit<KeptLog, 'recording'>;
    const barges = bargeInsOf({ ...log, recording }, kept.turns);
    for (const field of ['duckedMs', 'decidedMs', 'mouthAtRestMs'] as const) {
      const g = figure(barges.flatMap((b) => b[field] ?? []));
      print(`${speech}, ${field}: p50 ${ms(g.p50)}, p95 ${ms(g.p95)}, n ${g.count}`);
    }
  }
}

async function main(): Promise<void> {
  if (values.verify !== undefined) {
    verify(values.verify);
    return;
  }
  mkdirSync(values.out, { recursive: true });
  const measured: Measured[] = [];
  for (const speech of values.speech.split(',')) {
    if (speech !== 'kokoro' && speech !== 'piper')
      throw new Error(`--speech: expected kokoro or piper, got "${speech}"`);
    const list = await measure(speech, Number(values.turns), values.out);
    print(`\n${render(list)}`);
    measured.push(...list);
  }
  if (Number(values.skew) > 0) {
    const skew = await measureSkew(Number(values.skew));
    const list: Measured[] = [
      {
        goal: 'skew',
        values: skew.skewMs.map(Math.abs),
        note: `median ${ms(figure(skew.skewMs).p50)} ms, ${skew.clicks} clicks`,
      },
      { goal: 'drift', values: [Math.abs(skew.lastMs - skew.firstMs)] },
    ];
    print(`\n${render(list)}`);
    measured.push(...list);
  }
  writeFileSync(join(values.out, 'figures.json'), JSON.stringify(measured));
  const missed = measured.filter(({ goal, values: list }) => !meets(goal, list));
  print(`\n${measured.length - missed.length} of ${measured.length} goals met`);
  if (values.check && missed.length > 0) process.exitCode = 1;
}

await main();
process.exit();
