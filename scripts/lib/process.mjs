/** Child processes with bounded, readable failures. */
import { spawn } from 'node:child_process';
import { SetupError } from './report.mjs';

const KEPT_CHARACTERS = 20_000;

/**
 * Runs a program and resolves with its exit code and output (the last `keptCharacters`, 20 000 by default). Never rejects for a non-zero code;
 * a program that is not there gives code 127. `onOutput` gets the output as it comes.
 */
export function run(program, args, options = {}) {
  const { onOutput, timeoutMs, keptCharacters = KEPT_CHARACTERS, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, ...rest });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout = (stdout + text).slice(-keptCharacters);
      output = (output + text).slice(-keptCharacters);
      onOutput?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-keptCharacters);
      onOutput?.(text);
    });
    child.once('error', (error) => {
      if (error.code === 'ENOENT') resolve({ code: 127, stdout: '', output: `${program}: not found` });
      else reject(error);
    });
    child.once('close', (code, signal) => resolve({ code: code ?? 128, signal, stdout, output }));
  });
}

/** The first and the last lines: some programs say what is wrong first, some last. */
function excerpt(output) {
  const lines = output.trim().split('\n');
  return (lines.length <= 50 ? lines : [...lines.slice(0, 15), '  …', ...lines.slice(-35)]).join('\n');
}

/** As `run`, but a non-zero code is a `SetupError` that ends with the program's own last words. */
export async function runOrFail(program, args, options = {}) {
  const result = await run(program, args, options);
  if (result.code !== 0) {
    throw new SetupError(
      `"${[program, ...args].join(' ')}" ended with ${result.signal ?? `code ${result.code}`}\n${excerpt(result.output)}`,
    );
  }
  return result;
}
