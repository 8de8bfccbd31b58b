/** `visavis turns`: looks at recorded turns. */
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { turnSettingsOf } from '../agents/turn-modes.js';
import { MAX_TRACE_BYTES, readTurnTrace, type Trace } from '../agents/turn-trace-reader.js';
import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import { TURN_TAKING, type TurnTaking } from '../turn-taking.js';
import { replayReport, replayTrace } from './replay.js';
import { drawTrace } from './svg.js';

const USAGE = `visavis turns: look at turns that were recorded (VISAVIS_TURN_TRACES)

  visavis turns replay TRACE [--json] [--turn-taking MODE]
      run the turn machine over a recording and print what it decides; ends with code 1 where that is not what was recorded.
      --turn-taking shows what another mode (${TURN_TAKING.join(', ')}) would decide, and always ends with code 0
  visavis turns draw TRACE --out FILE.svg [--from SECONDS] [--to SECONDS]
      draw it: the voice, the words as they came, the decisions, the avatar's speech

Recordings hold what people said.
`;

export interface TurnsIo {
  write(text: string): void;
  signal?: AbortSignal;
}

/** Resolves with the exit code. Throws typed errors that name the argument or the line of the recording. */
export async function turns(
  args: readonly string[],
  config: Pick<Config, 'endOfTurnMs' | 'interruptionMs'>,
  io: TurnsIo,
): Promise<number> {
  const { positionals, values } = parsed(args);
  const [command, path, ...more] = positionals;
  if (values.help === true || command === undefined) {
    io.write(USAGE);
    return 0;
  }
  if (command !== 'replay' && command !== 'draw')
    throw new VisavisError('bad-request', `unknown command "turns ${command}"\n\n${USAGE}`);
  if (path === undefined || more.length > 0)
    throw new VisavisError('bad-request', `turns ${command}: expected one TRACE\n\n${USAGE}`);
  const trace = await readTrace(path, io.signal);
  if (command === 'draw') {
    if (values.out === undefined)
      throw new VisavisError('bad-request', 'turns draw: --out FILE.svg is missing', { field: 'out' });
    const [fromS, toS] = [secondsOf('from', values.from), secondsOf('to', values.to)];
    if (fromS !== undefined && toS !== undefined && toS <= fromS) {
      throw new VisavisError('bad-request', `--to: expected more than --from ${fromS}, got ${toS}`, { field: 'to' });
    }
    await writeOwn(values.out, drawTrace(trace, basename(path), { fromS, toS }));
    return 0;
  }
  const mode = modeOf(values['turn-taking']);
  const replay = replayTrace(trace, mode && turnSettingsOf(mode, config));
  if (values.json === true) io.write(`${JSON.stringify({ header: trace.header, ...replay }, null, 2)}\n`);
  else io.write(replayReport(replay));
  return replay.differences === 0 || mode !== undefined ? 0 : 1;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        out: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        'turn-taking': { type: 'string' },
      },
    });
  } catch (cause) {
    throw new VisavisError('bad-request', `turns: ${(cause as Error).message}\n\n${USAGE}`, { cause });
  }
}

async function readTrace(path: string, signal: AbortSignal | undefined): Promise<Trace> {
  const file = await open(path).catch((cause: Error) => {
    throw new VisavisError('not-found', `${path}: ${cause.message}`, { cause });
  });
  try {
    const { size } = await file.stat();
    if (size > MAX_TRACE_BYTES) {
      throw new VisavisError(
        'too-large',
        `${path}: expected at most ${MAX_TRACE_BYTES / 1e6} MB, got ${(size / 1e6).toFixed(0)} MB`,
      );
    }
    return readTurnTrace(await file.readFile({ encoding: 'utf8', signal }), signal);
  } catch (thrown) {
    const error = VisavisError.from(thrown);
    if (error.code !== 'bad-request') throw thrown;
    throw new VisavisError('bad-request', `${path}, ${error.message}`, { cause: thrown });
  } finally {
    await file.close();
  }
}

/** A picture shows what was said: it is its owner's alone, and never half written. */
async function writeOwn(path: string, content: string): Promise<void> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  if (isFolder) throw new VisavisError('bad-request', `--out: expected a file, ${path} is a folder`, { field: 'out' });
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    await file.writeFile(content).finally(() => file.close());
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new VisavisError('bad-request', `--out: ${path} cannot be written: ${(cause as Error).message}`, {
      field: 'out',
      cause,
    });
  }
}

function secondsOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (value.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new VisavisError('bad-request', `--${name}: expected seconds from the beginning, got "${value}"`, {
    field: name,
  });
}

function modeOf(value: string | undefined): TurnTaking | undefined {
  if (value === undefined) return undefined;
  const mode = TURN_TAKING.find((name) => name === value);
  if (mode !== undefined) return mode;
  throw new VisavisError('bad-request', `--turn-taking: expected one of ${TURN_TAKING.join(', ')}, got "${value}"`, {
    field: 'turn-taking',
  });
}
