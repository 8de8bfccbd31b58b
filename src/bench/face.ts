/**
 * `npm run bench:face`: what a stranger would see in an avatar's face, measured on rendered frames, every figure beside its goal.
 *
 *   --avatar FOLDER_OR_ID  which avatar (may be given more than once; default: all stock avatars)
 *   --frames FOLDER        instead: frames that somebody else drew, in the order of the numbers in their names (may be given more than once)
 *   --fps N                how many of those a second (25)
 *   --speech NAME          piper (default) or kokoro
 *   --idle SECONDS         how long the avatar is silent (60)
 *   --sentences N          only the first N sentences, for a quick look (6)
 *   --out FOLDER           where pictures and figures are kept (bench-results/face)
 *   --check                exit 1 when a goal is missed
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, STOCK_AVATARS } from '../config.js';
import { VisavisError } from '../errors.js';
import { avatarFolder } from '../inference/avatar/folders.js';
import { FRAME_RATE } from '../inference/avatar/motion-frame.js';
import { type AvatarPackage, loadAvatarPackage } from '../inference/avatar/package.js';
import type { SpeechSynthesiser } from '../inference/engines.js';
import { KokoroSynthesiser } from '../inference/speech/kokoro.js';
import { PiperSynthesiser } from '../inference/speech/piper.js';
import { sizeName, sizesOf } from '../picture-size.js';
import { drawingTimes } from './face/drawing-time.js';
import { judgeFrames } from './face/frames-folder.js';
import { type FaceFigure, judge } from './face/judge.js';
import { observe } from './face/observe.js';
import { isMet, renderFigures } from './face/report.js';
import { SENTENCES, writeScript } from './face/script.js';
import { drawStrips } from './face/strip.js';
import { openBenchVision, type Vision } from './face/watcher.js';
import { quantile } from './figures.js';

const SIDE = 512;
const LARGER_SIDE = 768;
const WIDE = { width: 1024, height: 576 };
const THREADS = 2;

const print = (text: string) => process.stdout.write(`${text}\n`);

function options() {
  const { values } = parseArgs({
    options: {
      avatar: { type: 'string', multiple: true, default: [] },
      frames: { type: 'string', multiple: true, default: [] },
      fps: { type: 'string', default: '25' },
      speech: { type: 'string', default: 'piper' },
      idle: { type: 'string', default: '60' },
      sentences: { type: 'string', default: String(SENTENCES.length) },
      out: { type: 'string', default: 'bench-results/face' },
      check: { type: 'boolean', default: false },
    },
  });
  const number = (field: 'fps' | 'idle' | 'sentences', least: number, most: number) => {
    const value = Number(values[field]);
    if (value >= least && value <= most) return value;
    const expected = `expected a number from ${least} to ${most}`;
    throw new VisavisError('bad-request', `--${field}: got "${values[field]}", ${expected}`, { field });
  };
  const { speech } = values;
  if (speech !== 'kokoro' && speech !== 'piper')
    throw new VisavisError('bad-request', `--speech: got "${speech}", expected kokoro or piper`, { field: 'speech' });
  const sentences = Math.round(number('sentences', 1, SENTENCES.length));
  return { ...values, speech, sentences, fps: number('fps', 1, 120), idleMs: number('idle', 2, 600) * 1_000 } as const;
}

async function main(): Promise<void> {
  const o = options();
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  const vision = await openBenchVision();
  mkdirSync(o.out, { recursive: true });
  let missed = 0;
  const keep = (name: string, figures: readonly FaceFigure[], pictures: Record<string, Buffer>) => {
    print(`\n${name}\n${renderFigures(figures)}`);
    for (const [kind, picture] of Object.entries(pictures)) writeFileSync(join(o.out, `${name}-${kind}.png`), picture);
    missed += figures.filter((figure) => !isMet(figure)).length;
  };
  for (const folder of o.frames) {
    const name = basename(resolve(folder));
    const { figures, blind } = await judgeFrames(folder, vision, {
      ...{ frameRate: o.fps, signal: stop.signal, onProgress: progress(name) },
    });
    keep(name, figures, { blind });
    writeFileSync(join(o.out, `${name}.json`), JSON.stringify({ figures }));
  }
  for (const folder of o.frames.length > 0 && o.avatar.length === 0 ? [] : await foldersOf(o.avatar)) {
    const avatar = await loadAvatarPackage(folder, { size: { width: SIDE, height: SIDE } });
    if (avatar.manifest.renderer === 'probe') continue;
    const { figures, pictures, tracks } = await measure(avatar, vision, { ...o, signal: stop.signal });
    keep(avatar.manifest.id, figures, pictures);
    writeFileSync(join(o.out, `${avatar.manifest.id}.json`), JSON.stringify({ figures, ...tracks }));
  }
  print(`\npictures and figures: ${o.out}; ${missed} goal(s) missed`);
  if (o.check && missed > 0) process.exitCode = 1;
}

async function measure(
  avatar: AvatarPackage,
  vision: Vision,
  o: { speech: 'piper' | 'kokoro'; idleMs: number; sentences: number; signal: AbortSignal },
) {
  const voice = avatar.manifest.voices[o.speech];
  const synthesiser: SpeechSynthesiser = await (o.speech === 'kokoro' ? KokoroSynthesiser : PiperSynthesiser).create({
    ...{ threads: THREADS, defaultVoice: voice },
  });
  const script = await writeScript(synthesiser, {
    ...{ ...o, voice, frameRate: FRAME_RATE },
    speed: avatar.manifest.manner?.pace,
  });
  await synthesiser.close();
  const onProgress = progress(avatar.manifest.id);
  const observed = await observe(avatar, script, vision, { side: SIDE, signal: o.signal, onProgress });
  const { figures, details } = judge(observed, script);
  const pictures = await drawStrips(avatar, script, observed, details, { signal: o.signal });
  for (const [goal, size] of [
    ['render-512', { width: SIDE, height: SIDE }],
    ['render-768', { width: LARGER_SIDE, height: LARGER_SIDE }],
    ['render-wide', WIDE],
  ] as const) {
    if (goal === 'render-wide' && !sizesOf(avatar.manifest).some((size) => sizeName(size) === sizeName(WIDE))) continue;
    const drawn = goal === 'render-wide' ? await loadAvatarPackage(avatar.folder, { size: WIDE }) : avatar;
    const { wallMs, cpuMs } = await drawingTimes(drawn, script.placed, size);
    const note = `p95 ${quantile(wallMs, 0.95).toFixed(2)} ms, processor time ${cpuMs.toFixed(2)} ms`;
    figures.push({ goal, value: quantile(wallMs, 0.5), note });
  }
  const { lips, closedLimit, closures, openings } = details;
  const tracks = {
    frameRate: FRAME_RATE,
    ...{ closedLimit, closures, openings, sounds: script.sounds },
    gap: rounded(lips.gap),
    width: rounded(lips.width),
    asked: rounded(observed.asked),
    stepsDrawn: details.drawnSteps.map(({ percent }) => Number(percent.toFixed(2))),
    stepsSeen: details.seenSteps.map(({ percent }) => Number(percent.toFixed(2))),
  };
  return { figures, pictures, tracks };
}

function rounded(values: Float32Array): number[] {
  return [...values].map((value) => Number(value.toFixed(3)));
}

async function foldersOf(given: readonly string[]): Promise<string[]> {
  const { avatarFolders } = loadConfig(process.env);
  if (given.length > 0)
    return given.map((name) => (isAbsolute(name) || /[/\\.]/.test(name) ? name : avatarFolder(avatarFolders, name)));
  const found = await readdir(STOCK_AVATARS, { withFileTypes: true });
  return found.filter((entry) => entry.isDirectory()).map(({ name }) => join(STOCK_AVATARS, name));
}

function progress(name: string): (share: number) => void {
  let shown = 0;
  return (share) => {
    if (Math.floor(share * 10) === shown) return;
    shown = Math.floor(share * 10);
    process.stderr.write(`${name}: ${shown * 10} % seen\n`);
  };
}

main().then(
  () => process.exit(),
  (thrown: unknown) => {
    process.stderr.write(`bench:face: ${VisavisError.from(thrown).message}\n`);
    process.exit(1);
  },
);
