/**
 * Entry of the speech worker: recognition, synthesis and embeddings for every avatar worker of this machine, over a Unix
 * socket. The IPC channel carries only its life: `progress` while models load, `ready`, and the supervisor's `shutdown`;
 * it ends when that channel closes.
 */
import '../parent-watch.js';
import { availableParallelism, getPriority, setPriority } from 'node:os';
import { loadConfig } from '../../config.js';
import { VisavisError } from '../../errors.js';
import { createLogger } from '../../log.js';
import { parseArguments } from './arguments.js';
import { SpeechEngines } from './engines.js';
import type { FromSpeechWorker, SynthesiserName, ToSpeechWorker } from './protocol.js';
import { SpeechServer } from './server.js';
import { chooseStandardVoice } from './standard-voice.js';

/** Below the avatar worker's pacer. Threads inherit it, so it is set before there are any. */
const NICE = 10;
const SHUTDOWN_LIMIT_MS = 1_000;
/** A model's first run takes longer than all others, and no visitor should wait for it. */
const WARM_UP = 'Sure, I can help.';

const log = createLogger('speech-worker');

function send(message: FromSpeechWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function main(): Promise<void> {
  // A spare starts at an even higher value, and its supervisor gives this one back.
  setPriority(Math.max(NICE, getPriority()));
  const { speech, engines: chosen } = loadConfig(process.env);
  const preload: SynthesiserName[] =
    speech === 'openai' || speech === 'custom' ? [] : [speech === 'auto' ? 'kokoro' : speech];
  const args = parseArguments(process.argv.slice(2), { preload, cores: availableParallelism() });
  const engines = await SpeechEngines.create({
    ...args,
    languages: chosen.languages.filter((language) => language !== 'en'),
    log,
    onProgress: (loading) => send({ type: 'progress', loading }),
  });
  const measured = speech === 'auto' && args.preload.includes('kokoro') && args.standardVoice === undefined;
  const voice = measured ? await chooseStandardVoice(timed(engines)) : args.standardVoice;
  if (!measured) for (const engine of args.preload) await timed(engines)(engine, WARM_UP);
  const server = await SpeechServer.listen({ socketPath: args.socketPath, engines, log });

  const shutdown = () => {
    setTimeout(() => process.exit(0), SHUTDOWN_LIMIT_MS);
    void Promise.allSettled([server.close(), engines.close()]).then(() => process.exit(0));
  };
  process.on('message', (message: ToSpeechWorker) => {
    if (message.type === 'shutdown') return shutdown();
    const rssBytes = process.memoryUsage.rss();
    send({ type: 'pong', id: message.id, stats: { clients: server.clientCount, rssBytes, threads: engines.stats } });
  });
  process.on('disconnect', shutdown);
  process.on('SIGTERM', shutdown);
  if (process.send === undefined) process.on('SIGINT', shutdown);
  // A supervisor that died while the models were loading has left a closed channel and no event to come.
  if (process.send !== undefined && !process.connected) return shutdown();
  send({ type: 'ready', synthesisers: engines.synthesisers, ...voice });
}

/** Speaks into nothing and tells how long that took. */
function timed(engines: SpeechEngines): (engine: SynthesiserName, text: string) => Promise<number> {
  const { signal } = new AbortController();
  return async (engine, text) => {
    const onEvent = engines.handleSynthesisEvent.bind(engines);
    const task = { engine, text, priority: 'first' as const };
    return (await engines.synthesis.submit(task, { owner: 'start', priority: 0, signal, onEvent })).computeMs;
  };
}

// The supervisor decides when to stop; a Ctrl-C in the terminal reaches every process of the group.
if (process.send !== undefined) process.on('SIGINT', () => undefined);
main().catch((thrown: unknown) => {
  const error = VisavisError.from(thrown, 'engine-failed');
  log.fatal({ err: error }, 'speech worker could not start');
  send({ type: 'failed', error: error.toBody() });
  setTimeout(() => process.exit(1), 50);
});
