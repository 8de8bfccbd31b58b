/** Scripted visitors' voices, made before anything is measured by the service's own synthesisers, and kept in a folder. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { SpeechSynthesiser } from '../../inference/engines.js';
import { KokoroSynthesiser } from '../../inference/speech/kokoro.js';
import { PiperSynthesiser } from '../../inference/speech/piper.js';
import { resample } from '../../media/resample.js';
import { encodeWav, readWav, toMono } from '../../media/wav.js';
import { assemble, CLIP_RATE_HZ, type Clip, cutAt } from './clips.js';
import type { Utterance } from './script.js';

const run = promisify(execFile);
const THREADS = 2;
const ESPEAK_LIMIT_MS = 20_000;
/** Part of every clip's name: another way of making them must not find the old ones. */
const VERSION = 1;

interface Speech {
  samples: Float32Array;
  sampleRateHz: number;
  /** Where each phrase but the last ends, in ms. */
  endsMs: number[];
}

/**
 * Each utterance is synthesised in one breath and cut at the scripted pauses, so that the melody before a pause is that of a sentence which
 * goes on. The synthesisers draw noise of their own: only the kept clips make two runs the same to the sample.
 */
export class Visitors {
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #engines = new Map<'piper' | 'kokoro', Promise<SpeechSynthesiser>>();

  constructor(folder: string, signal: AbortSignal) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#signal = signal;
  }

  /** At 48 kHz. Rejects with `unavailable` when the voice's program is not installed. */
  async clip(utterance: Utterance): Promise<Clip> {
    throwIfAborted(this.#signal);
    const speech = this.#kept(utterance) ?? this.#keep(utterance, await this.#speak(utterance));
    const pieces = cutAt(speech.samples, speech.sampleRateHz, speech.endsMs);
    return assemble(
      pieces.map((piece) => resample(piece, speech.sampleRateHz, CLIP_RATE_HZ)),
      utterance.pausesMs,
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines.values()].map(async (engine) => (await engine).close()));
    this.#engines.clear();
  }

  #path({ voice, phrases }: Utterance): string {
    const key = createHash('sha256')
      .update(JSON.stringify([VERSION, voice, phrases]))
      .digest('hex')
      .slice(0, 24);
    return join(this.#folder, key);
  }

  #kept(utterance: Utterance): Speech | undefined {
    const path = this.#path(utterance);
    if (!existsSync(`${path}.json`)) return undefined;
    const wav = readWav(`${path}.wav`);
    const { endsMs } = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as { endsMs: number[] };
    return { samples: toMono(wav), sampleRateHz: wav.sampleRateHz, endsMs };
  }

  #keep(utterance: Utterance, speech: Speech): Speech {
    const path = this.#path(utterance);
    const channels = [Float32Array.from(speech.samples)];
    writeFileSync(`${path}.wav`, encodeWav({ sampleRateHz: speech.sampleRateHz, channels }));
    // Written last, and in one step: a clip counts from then on.
    writeFileSync(
      `${path}.part`,
      JSON.stringify({ endsMs: speech.endsMs, voice: utterance.voice, phrases: utterance.phrases }),
    );
    renameSync(`${path}.part`, `${path}.json`);
    return speech;
  }

  async #speak({ voice, phrases }: Utterance): Promise<Speech> {
    if (voice.engine === 'espeak')
      return joined(await Promise.all(phrases.map((text) => this.#espeak(text, voice.name))));
    const engine = await this.#engine(voice.engine);
    const whole = await this.#synthesise(engine, phrases.join(' '), voice.name);
    const ends = phraseEnds(phrases, whole.words);
    if (ends !== undefined) return { ...whole, endsMs: ends };
    const pieces: Speech[] = [];
    for (const phrase of phrases) pieces.push({ ...(await this.#synthesise(engine, phrase, voice.name)), endsMs: [] });
    return joined(pieces);
  }

  async #synthesise(engine: SpeechSynthesiser, text: string, voice: string) {
    const parts: Float32Array[] = [];
    const words: { startMs: number; endMs: number }[] = [];
    let length = 0;
    for await (const chunk of engine.speak(text, { voice, priority: 'later', signal: this.#signal })) {
      const fromMs = (length * 1000) / engine.sampleRateHz;
      words.push(...chunk.words.map(({ startMs, endMs }) => ({ startMs: fromMs + startMs, endMs: fromMs + endMs })));
      parts.push(chunk.samples);
      length += chunk.samples.length;
    }
    return { samples: joinedSamples(parts), sampleRateHz: engine.sampleRateHz, words };
  }

  #engine(name: 'piper' | 'kokoro'): Promise<SpeechSynthesiser> {
    let engine = this.#engines.get(name);
    if (engine === undefined) {
      engine = (name === 'kokoro' ? KokoroSynthesiser : PiperSynthesiser).create({ threads: THREADS });
      this.#engines.set(name, engine);
    }
    return engine;
  }

  async #espeak(text: string, voice: string): Promise<Speech> {
    const file = join(
      this.#folder,
      `espeak-${process.pid}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.wav`,
    );
    try {
      await run('espeak-ng', ['-v', voice, '-w', file, '--', text], { timeout: ESPEAK_LIMIT_MS, signal: this.#signal });
      const wav = readWav(file);
      return { samples: toMono(wav), sampleRateHz: wav.sampleRateHz, endsMs: [] };
    } catch (cause) {
      throwIfAborted(this.#signal);
      const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      const why = isMissing ? 'espeak-ng is not installed' : `espeak-ng: ${(cause as Error).message}`;
      throw new VisavisError('unavailable', why, { cause });
    } finally {
      rmSync(file, { force: true });
    }
  }
}

/** Where the phrases but the last end: half way between two words. Undefined where the words are not those of the phrases. */
export function phraseEnds(
  phrases: readonly string[],
  words: readonly { startMs: number; endMs: number }[],
): number[] | undefined {
  const counts = phrases.map((phrase) => phrase.split(/\s+/).filter((word) => word !== '').length);
  if (counts.reduce((sum, n) => sum + n, 0) !== words.length) return undefined;
  let at = 0;
  return counts.slice(0, -1).map((count) => {
    at += count;
    return (words[at - 1]!.endMs + words[at]!.startMs) / 2;
  });
}

function joined(pieces: readonly Speech[]): Speech {
  const sampleRateHz = pieces[0]?.sampleRateHz ?? CLIP_RATE_HZ;
  let length = 0;
  const endsMs = pieces.slice(0, -1).map(({ samples }) => {
    length += samples.length;
    return (length * 1000) / sampleRateHz;
  });
  return { samples: joinedSamples(pieces.map(({ samples }) => samples)), sampleRateHz, endsMs };
}

function joinedSamples(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
