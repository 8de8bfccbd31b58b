import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromSpeechWorker, ToSpeechWorker } from '../../src/worker/speech/protocol.js';

const ENTRY = fileURLToPath(new URL('../../dist/worker/speech/main.js', import.meta.url));

/** The compiled speech worker as a child process, at a socket in a folder of its own. */
export class SpeechWorkerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'visavis-speech-test-'));
  readonly socketPath = join(this.#folder, 'speech.sock');
  readonly #synthesisers: string;
  #child: ChildProcess | undefined;
  messages: FromSpeechWorker[] = [];

  /** `synthesisers`: those to load at the start, separated by commas. */
  constructor(synthesisers = '') {
    this.#synthesisers = synthesisers;
  }

  get child(): ChildProcess {
    if (!this.#child) throw new Error('the speech worker was not started');
    return this.#child;
  }

  /** Resolves when the worker is ready; rejects when it exits instead. */
  async start(): Promise<void> {
    this.messages = [];
    const child = fork(ENTRY, ['--socket', this.socketPath, '--synthesisers', this.#synthesisers], {
      serialization: 'advanced',
      env: { ...process.env, VISAVIS_LOG_LEVEL: 'silent' },
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromSpeechWorker) => {
        this.messages.push(message);
        if (message.type === 'ready') resolve();
      });
      child.once('exit', (code, signal) => reject(new Error(`speech worker exited with ${signal ?? code}`)));
    });
  }

  send(message: ToSpeechWorker): void {
    this.child.send(message);
  }

  async answer(type: FromSpeechWorker['type']): Promise<FromSpeechWorker> {
    for (;;) {
      const found = this.messages.find((message) => message.type === type);
      if (found) return found;
      await once(this.child, 'message');
    }
  }

  /** Ends the process as a crash of native code would. */
  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async close(): Promise<void> {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
