import { parseTalkArguments, USAGE } from './arguments.js';
import { Talk } from './talk.js';

/**
 * `visavis talk`: see `USAGE`. Sets the exit code to 1 when not every reply was heard or no picture came; rejects with a typed
 * error when the conversation does not come about.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const options = parseTalkArguments(argv);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const print = (text: string) => (options.json ? process.stderr : process.stdout).write(text);
  const report = await new Talk(options, print).run();
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  const { frames, voicedMs, problem, outWav, outFrames } = report;
  print(`\n${frames} frames, ${(voicedMs / 1000).toFixed(1)} s of voice\n`);
  if (outWav !== undefined) print(`voice: ${outWav}\n`);
  if (options.outFrames !== undefined) print(`${outFrames} pictures: ${options.outFrames}\n`);
  if (report.ok) return;
  process.stderr.write(`visavis: ${problem ?? 'no answer was heard'}\n`);
  process.exitCode = 1;
}
