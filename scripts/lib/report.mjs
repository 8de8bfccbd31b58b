/** What set-up and build say to the person at the terminal. */

/** A failure whose message is all the person needs; no stack is printed. */
export class SetupError extends Error {
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

export function say(step, message) {
  process.stderr.write(`[${step}] ${message}\n`);
}

/** Runs `main` and turns what it throws into an exit code and a readable message. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    const text = error instanceof SetupError ? error.message : (error?.stack ?? String(error));
    process.stderr.write(`\n${text}\n`);
    process.exitCode = 1;
  }
}

export function megabytes(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
