/**
 * espeak-ng as a pronouncing dictionary for languages other than English. It is GPL software: started as a process of its own and spoken to
 * over its standard input and output, never linked.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { EspeakLanguage } from './kokoro-languages.js';

/** Names of espeak-ng's voices: those with whose phonemes Kokoro's voices were trained. */
const VOICE: Readonly<Record<EspeakLanguage, string>> = { es: 'es', fr: 'fr-fr', hi: 'hi', it: 'it', pt: 'pt-br' };

/** espeak-ng reads lines of at most 999 bytes and splits longer ones anywhere (its `main`). */
const MAX_LINE_BYTES = 900;
export const MAX_LINES = 200;
const ANSWER_LIMIT_MS = 5_000;
/** A line can come back as several, or none: what follows it is known by its sound. Nobody says this. */
const SENTINEL = 'xqxqxq';

interface Pending {
  lines: number;
  answers: string[];
  /** Of the line under way. */
  parts: string[];
  resolve: (answers: string[]) => void;
  reject: (error: Error) => void;
}

/** Whether the command can be found; nothing is started. */
export function hasEspeak(path: string = process.env['PATH'] ?? ''): boolean {
  return path.split(delimiter).some((folder) => {
    if (folder === '') return false;
    try {
      accessSync(join(folder, 'espeak-ng'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * One espeak-ng of one language, started when it is first asked and again after it has died. Requests are answered in order; a request under
 * way cannot be taken back, only not be waited for.
 */
export class EspeakProcess {
  readonly #voice: string;
  readonly #command: string;
  readonly #limitMs: number;
  #child: ChildProcessWithoutNullStreams | undefined;
  #sentinel: string | undefined;
  #pending: Pending | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(language: EspeakLanguage, o: { command?: string; limitMs?: number } = {}) {
    this.#voice = VOICE[language];
    this.#command = o.command ?? 'espeak-ng';
    this.#limitMs = o.limitMs ?? ANSWER_LIMIT_MS;
  }

  /**
   * IPA of every line, with "^" between the halves of a diphthong or an affricate; empty for a line without anything to say. Rejects with
   * `unavailable` where espeak-ng is not installed, `engine-failed` when it dies or does not answer within 5 s, AbortError when aborted.
   */
  async pronounce(lines: readonly string[], o: { signal?: AbortSignal } = {}): Promise<string[]> {
    throwIfAborted(o.signal);
    if (lines.length > MAX_LINES)
      throw new VisavisError('bad-request', `expected at most ${MAX_LINES} lines to pronounce, got ${lines.length}`);
    const answer = this.#last.then(() => {
      throwIfAborted(o.signal);
      return this.#ask(lines);
    });
    this.#last = answer.catch(() => undefined);
    const answers = await answer;
    throwIfAborted(o.signal);
    return answers;
  }

  close(): void {
    this.#closed = true;
    this.#end(new VisavisError('unavailable', 'espeak-ng is closed'));
  }

  async #ask(lines: readonly string[]): Promise<string[]> {
    if (this.#closed) throw new VisavisError('unavailable', 'espeak-ng is closed');
    if (this.#child === undefined) {
      this.#start();
      // Alone, the sentinel is its own answer.
      this.#sentinel = undefined;
      const [sound] = await this.#exchange([SENTINEL], `${SENTINEL}\n`);
      if (sound === undefined || sound === '') throw this.#end(failed('espeak-ng does not pronounce anything'));
      this.#sentinel = sound;
    }
    if (lines.length === 0) return [];
    const text = lines.map((line) => `${fitLine(line)}\n${SENTINEL}\n`).join('');
    return this.#exchange(lines, text);
  }

  #exchange(lines: readonly string[], text: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#end(failed(`espeak-ng has not answered within ${this.#limitMs} ms`)),
        this.#limitMs,
      );
      this.#pending = {
        ...{ lines: lines.length, answers: [], parts: [] },
        resolve: (answers) => {
          clearTimeout(timer);
          this.#pending = undefined;
          resolve(answers);
        },
        reject: (error) => {
          clearTimeout(timer);
          this.#pending = undefined;
          reject(error);
        },
      };
      this.#child?.stdin.write(text);
    });
  }

  #start(): void {
    const child = spawn(this.#command, ['-q', '--ipa', '--tie=^', '-b', '1', '-v', this.#voice], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    const gone = (error: VisavisError) => {
      if (this.#child === child) this.#end(error);
    };
    child.on('error', (error: NodeJS.ErrnoException) =>
      gone(error.code === 'ENOENT' ? missing() : failed(error.message)),
    );
    child.on('exit', (code, signal) => gone(failed(`espeak-ng ended (${signal ?? code})`)));
    child.stdin.on('error', () => undefined);
    child.stderr.resume();
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (this.#child === child) this.#handleLine(line.trim());
    });
  }

  #handleLine(line: string): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    if (this.#sentinel === undefined) {
      pending.resolve([line]);
      return;
    }
    if (line !== this.#sentinel) {
      if (line !== '') pending.parts.push(line);
      return;
    }
    pending.answers.push(pending.parts.join(' '));
    pending.parts = [];
    if (pending.answers.length === pending.lines) pending.resolve(pending.answers);
  }

  #end(error: VisavisError): VisavisError {
    const child = this.#child;
    this.#child = undefined;
    child?.stdin.end();
    child?.kill('SIGKILL');
    this.#pending?.reject(error);
    return error;
  }
}

/** Without line ends and control characters, and without "[", because "[[" begins phonemes in espeak-ng's own notation. */
function fitLine(line: string): string {
  let text = line.replace(/[\p{Cc}[\]]/gu, ' ').replaceAll(SENTINEL, ' ');
  while (Buffer.byteLength(text) > MAX_LINE_BYTES) text = text.slice(0, Math.floor(text.length * 0.8));
  return text.toWellFormed();
}

function failed(message: string): VisavisError {
  return new VisavisError('engine-failed', message);
}

function missing(): VisavisError {
  return new VisavisError(
    'unavailable',
    'espeak-ng, which voices of other languages than English need, is not installed: run "apt-get install espeak-ng"',
    { retryable: false },
  );
}
