const LOOK_EVERY_MS = 1_000;
/** A timer that comes this late was asleep, with the machine. */
const ASLEEP_MS = 5_000;

/** What Chromium on phones tells of the present network; elsewhere `type` is missing. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Calls `onChange` when the machine has come back to a network, changed the kind of network or woken up: the paths of before may lead
 * nowhere, long before the browser finds out. Returns the function that ends it.
 */
export function watchNetwork(onChange: () => void): () => void {
  const end = new AbortController();
  const { signal } = end;
  window.addEventListener('online', onChange, { signal });
  const connection = (navigator as { connection?: NetworkInformation }).connection;
  let type = connection?.type;
  // The event also comes for every new estimate of the bandwidth.
  const handleConnection = (): void => {
    if (connection?.type === type) return;
    type = connection?.type;
    if (type !== 'none') onChange();
  };
  connection?.addEventListener('change', handleConnection, { signal });
  // The wall clock: the other one may stand still while the machine sleeps.
  let lastMs = Date.now();
  const timer = setInterval(() => {
    const nowMs = Date.now();
    if (nowMs - lastMs > ASLEEP_MS) onChange();
    lastMs = nowMs;
  }, LOOK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  return () => end.abort();
}
