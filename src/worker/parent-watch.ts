/**
 * Imported for its effect, before anything else of a worker's entry: the process ends when its supervisor is gone, also while it
 * still loads, and also when its own way of ending hangs.
 */

/** The entry's own, orderly end goes first. */
const LIMIT_MS = 1_200;

function endSoon(): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LIMIT_MS);
}

if (process.send !== undefined) {
  // A supervisor that died while the modules were loaded has left a closed channel and no event to come.
  if (process.connected) process.once('disconnect', endSoon);
  else endSoon();
}
