/**
 * `npm run bench:conversation`: scripted visitors talk with the whole service through a real Chromium, in real time.
 *
 *   --quick                  about 30 pauses instead of 340 (5 minutes instead of 50, for each voice)
 *   --parts LIST             some of turns,noise,languages,overlap,echo (all)
 *   --speech LIST            the avatar's voices, one after the other: piper, kokoro (piper)
 *   --scenes N               only the first N conversations of each part, for a look
 *   --seed N                 of the script (1); the same seed gives the same visitors, texts, pauses and rooms
 *   --out FOLDER             recordings and figures (bench-results/conversation)
 *   --json FILE              the result, to be compared with that of another commit; of several voices FILE-VOICE
 *   --compare A.json B.json  prints two results side by side; measures nothing
 *   --verify FOLDER          computes every figure again from the recordings of one voice; ends with code 1 where one differs
 *   --check                  ends with code 1 when a goal is missed
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { VisavisError } from '../errors.js';
import {
  differences,
  isMet,
  isSupported,
  parseResult,
  type Result,
  renderComparison,
  renderFigures,
} from './conversation/report.js';
import { keptResult } from './conversation/result.js';
import { runConversations } from './conversation/run.js';
import { PARTS, type Part } from './conversation/script.js';

const print = (text: string) => process.stdout.write(`${text}\n`);

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      parts: { type: 'string', default: PARTS.join(',') },
      speech: { type: 'string', default: 'piper' },
      seed: { type: 'string', default: '1' },
      scenes: { type: 'string', default: '1000' },
      out: { type: 'string', default: 'bench-results/conversation' },
      json: { type: 'string' },
      compare: { type: 'boolean', default: false },
      verify: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  });
  const list = <T extends string>(field: 'parts' | 'speech', known: readonly T[]): T[] =>
    values[field].split(',').map((name) => {
      const found = known.find((item) => item === name.trim());
      if (found !== undefined) return found;
      throw new VisavisError('bad-request', `--${field}: got "${name}", expected some of ${known.join(', ')}`, {
        field,
      });
    });
  const whole = (field: 'seed' | 'scenes', least: number) => {
    const value = Number(values[field]);
    if (Number.isInteger(value) && value >= least && value <= 1e6) return value;
    const expected = `expected a whole number from ${least} to 1000000`;
    throw new VisavisError('bad-request', `--${field}: got "${values[field]}", ${expected}`, { field });
  };
  if (values.compare ? positionals.length !== 2 : positionals.length > 0)
    throw new VisavisError(
      'bad-request',
      values.compare ? '--compare: expected two files' : `unknown argument "${positionals[0]}"`,
    );
  return {
    ...values,
    seed: whole('seed', 0),
    maxScenes: whole('scenes', 1),
    files: positionals,
    parts: list<Part>('parts', PARTS),
    speech: list('speech', ['piper', 'kokoro'] as const),
  };
}

async function main(): Promise<void> {
  const o = options();
  if (o.compare) {
    const [before, after] = o.files.map((file) => parseResult(read(file), file)) as [Result, Result];
    print(renderComparison(before, after));
    return;
  }
  if (o.verify !== undefined) {
    verify(o.verify);
    return;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let missed = 0;
  for (const speech of o.speech) {
    const folder = join(o.out, speech);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const size = o.quick ? 'quick' : 'full';
    await runConversations({
      ...{ speech, folder, clips: join(o.out, 'visitors'), seed: o.seed, size, parts: o.parts, maxScenes: o.maxScenes },
      ...{ signal: stop.signal, print, note: (text) => process.stderr.write(`${text}\n`) },
    });
    const result = keptResult(folder, { seed: o.seed, size });
    print(`\n${renderFigures(result.figures)}\n`);
    writeFileSync(join(folder, 'figures.json'), JSON.stringify(result));
    if (o.json !== undefined)
      writeFileSync(o.speech.length === 1 ? o.json : `${o.json}-${speech}`, JSON.stringify(result));
    const judgedFigures = result.figures.filter((figure) => isMet(figure) !== undefined && isSupported(figure));
    const met = judgedFigures.filter((figure) => isMet(figure) === true).length;
    missed += judgedFigures.length - met;
    print(`${met} of ${judgedFigures.length} goals met; recordings, figures and ten turns as a picture: ${folder}`);
  }
  if (o.check && missed > 0) process.exitCode = 1;
}

function verify(folder: string): void {
  const file = join(folder, 'figures.json');
  // A run that was broken off has recordings only.
  const kept = existsSync(file) ? parseResult(read(file), file) : undefined;
  const { figures } = keptResult(folder, kept ?? { seed: 0, size: 'full' });
  print(renderFigures(figures));
  if (kept === undefined) {
    print(`\n${file} does not exist: there is nothing to compare these with`);
    return;
  }
  const other = differences(kept.figures, figures);
  print(other.length === 0 ? '\nall figures are as they were kept' : `\nnot as they were kept: ${other.join(', ')}`);
  if (other.length > 0) process.exitCode = 1;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new VisavisError('not-found', `${file}: ${(cause as Error).message}`, { cause });
  }
}

main().then(
  () => process.exit(),
  (thrown: unknown) => {
    process.stderr.write(`bench:conversation: ${VisavisError.from(thrown).message}\n`);
    process.exit(1);
  },
);
