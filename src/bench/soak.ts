/**
 * `npm run bench:soak`: one visitor talks with the avatar for a long time through a real Chromium; memory, delay and sync over time.
 *
 *   --minutes N    (30)      --speech NAME    (the standard one of this machine)
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchBrowser, type FrameSeen } from './browser.js';
import { MOUTH_BOX } from './dialogue.js';
import { figure, ms, table } from './figures.js';
import { frameToScreen } from './measures.js';
import { sampleProcess } from './processes.js';
import { QUESTIONS } from './questions.js';
import { speakAll } from './recordings.js';
import { BenchServer } from './server.js';

const REPLY_LIMIT_MS = 30_000;
const PAUSE_MS = 800;
const ROW_MS = 60_000;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, speech: { type: 'string' } } });

interface Inbound {
  kind: string;
  jitterBufferDelay: number;
  jitterBufferEmittedCount: number;
  estimatedPlayoutTimestamp?: number;
  framesDecoded?: number;
}

interface Row {
  minute: number;
  turns: number;
  rssMb: Record<string, number>;
  frameToScreenMs: number;
  /** The browser's own estimate: capture time of the picture shown minus that of the sound heard. */
  skewMs: number | undefined;
  soundBufferMs: number;
  heapMb: number;
}

const INBOUND =
  "visavis.getStats().then((r) => [...(r?.values() ?? [])].filter((s) => s.type === 'inbound-rtp' && s.jitterBufferEmittedCount > 0).map((s) => ({ ...s })))";

async function talk(browser: BenchBrowser, question: Int16Array): Promise<boolean> {
  const ends = "visavis.events.filter((e) => e.event.type === 'utterance-end').length";
  const before = await browser.evaluate<number>(ends);
  await browser.speak(question);
  const until = performance.now() + REPLY_LIMIT_MS;
  while (performance.now() < until) {
    // The page keeps its newest events only, so a count that falls is news as well.
    if ((await browser.evaluate<number>(ends)) !== before) return true;
    await sleep(100);
  }
  return false;
}

async function look(
  browser: BenchBrowser,
  server: BenchServer,
  minute: number,
  turns: number,
  last: Map<string, Inbound>,
): Promise<Row> {
  const frames = await browser.evaluate<FrameSeen[]>('bench.frames()');
  const inbound = await browser.evaluate<Inbound[]>(INBOUND);
  const audio = inbound.find((s) => s.kind === 'audio');
  const video = inbound.find((s) => s.kind === 'video' && (s.framesDecoded ?? 0) > 0);
  const before = last.get('audio');
  const emitted = (audio?.jitterBufferEmittedCount ?? 0) - (before?.jitterBufferEmittedCount ?? 0);
  const delay = (audio?.jitterBufferDelay ?? 0) - (before?.jitterBufferDelay ?? 0);
  if (audio !== undefined) last.set('audio', audio);
  const played = [video?.estimatedPlayoutTimestamp, audio?.estimatedPlayoutTimestamp];
  return {
    minute,
    turns,
    rssMb: Object.fromEntries(
      Object.entries(server.pids()).map(([name, pid]) => [name, (sampleProcess(pid)?.rssBytes ?? 0) / 1e6]),
    ),
    frameToScreenMs: figure(frameToScreen(frames)).p50,
    skewMs: played[0] === undefined || played[1] === undefined ? undefined : played[0] - played[1],
    soundBufferMs: (delay / emitted) * 1000,
    heapMb: (await browser.evaluate<number>('performance.memory?.usedJSHeapSize ?? 0')) / 1e6,
  };
}

function print(rows: readonly Row[]): void {
  const names = Object.keys(rows[0]?.rssMb ?? {});
  const cells = rows.map((r) => [
    String(r.minute),
    String(r.turns),
    ...names.map((name) => ms(r.rssMb[name])),
    ms(r.heapMb),
    ms(r.frameToScreenMs),
    ms(r.soundBufferMs),
    r.skewMs === undefined ? '–' : r.skewMs.toFixed(0),
  ]);
  const header = [
    'minute',
    'turns',
    ...names.map((name) => `${name} MB`),
    'page heap MB',
    'frame → screen ms',
    'sound buffer ms',
    'picture − sound ms',
  ];
  process.stdout.write(`${table(header, cells)}\n`);
}

const questions = await speakAll(QUESTIONS);
const server = await BenchServer.create(values.speech === undefined ? {} : { VISAVIS_SPEECH: values.speech });
const browser = await BenchBrowser.create();
const rows: Row[] = [];
try {
  await browser.page.goto(`${server.url}?greeting=none`);
  await browser.page.getByRole('button', { name: /start/i }).first().click();
  await browser.until("window.visavis?.firstFrameMs !== undefined && visavis.microphone === 'on'", 20_000);
  await browser.evaluate(`bench.watch(${JSON.stringify(MOUTH_BOX)})`);
  const last = new Map<string, Inbound>();
  const startedAt = performance.now();
  let turns = 0;
  let unanswered = 0;
  for (let k = 0; performance.now() - startedAt < Number(values.minutes) * 60_000; k++) {
    if (await talk(browser, questions[k % questions.length] as Int16Array)) turns++;
    else unanswered++;
    await sleep(PAUSE_MS);
    if (performance.now() - startedAt < (rows.length + 1) * ROW_MS) continue;
    rows.push(await look(browser, server, rows.length + 1, turns, last));
    const row = rows.at(-1) as Row;
    process.stdout.write(`minute ${row.minute}: ${turns} turns, ${unanswered} unanswered\n`);
  }
  print(rows);
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
