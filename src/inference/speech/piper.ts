import { readFile } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import type { SpeakOptions, SpeechChunk, SpeechSynthesiser } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, exposeOutput, type OnnxSession, Tensor } from '../onnx.js';
import { englishUtterances } from './english.js';
import { EnglishG2p } from './g2p.js';
import { allot } from './kokoro.js';
import type { Utterance } from './phonemes.js';
import { checkedSpeed, type RawSpeech, speakWith } from './phonemes-speak.js';
import { toEspeak } from './piper-symbols.js';
import { PIPER_SPEAKERS, piperSpeaker, voiceProblem } from './voices.js';

const SAMPLE_RATE_HZ = 22_050;
/** Hop of the vocoder: one unit of a predicted duration. */
const SAMPLES_PER_UNIT = 256;
/** The audio is ahead of the predicted durations by about 22 ms (the same correlation as for Kokoro; −20 and −25 ms). */
const AUDIO_AHEAD_SAMPLES = 485;
/** The inner tensor with the duration of every input id, f32 [1,1,N]. */
const DURATIONS = '/Ceil_output_0';
const MAX_UNITS = 240;
const DEFAULT_VOICE = 'libritts-680';
/** Noise of the flow and of the duration predictor; Piper's defaults are 0.667 and 0.8, lower is steadier. */
const NOISE_SCALE = 0.4;
const DURATION_NOISE_SCALE = 0.4;

/**
 * Piper's VITS model of LibriTTS-R (904 speakers, CC BY 4.0), 22.05 kHz: about six times as fast as Kokoro, less natural.
 * Voices are `libritts-0` … `libritts-903`. Phoneme times come from the model; symbols are Kokoro's.
 */
export class PiperSynthesiser implements SpeechSynthesiser {
  readonly sampleRateHz = SAMPLE_RATE_HZ;
  readonly voices: readonly string[] = Array.from({ length: PIPER_SPEAKERS }, (_, i) => `libritts-${i}`);
  readonly #session: OnnxSession;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #g2p: EnglishG2p;
  readonly #defaultVoice: string;

  private constructor(session: OnnxSession, ids: ReadonlyMap<string, number>, g2p: EnglishG2p, defaultVoice: string) {
    this.#session = session;
    this.#ids = ids;
    this.#g2p = g2p;
    this.#defaultVoice = defaultVoice;
  }

  /** `lexicon`: lower-case words with their pronunciation in Kokoro's symbols. Rejects with `bad-request` for an unknown default voice. */
  static async create(o: {
    threads: number;
    defaultVoice?: string;
    lexicon?: Readonly<Record<string, string>>;
  }): Promise<PiperSynthesiser> {
    if (o.defaultVoice !== undefined) speakerOf(o.defaultVoice);
    const [model, tokens, g2p] = await Promise.all([
      readFile(modelFile('piper-libritts.onnx')),
      readFile(modelFile('piper-libritts-tokens.txt'), 'utf8'),
      EnglishG2p.create({ lexicon: o.lexicon }),
    ]);
    const session = await createSession(exposeOutput(model, DURATIONS, 'float32'), { threads: o.threads });
    return new PiperSynthesiser(session, parseTokens(tokens), g2p, o.defaultVoice ?? DEFAULT_VOICE);
  }

  async *speak(segment: string, o: SpeakOptions): AsyncGenerator<SpeechChunk> {
    const speaker = speakerOf(o.voice ?? this.#defaultVoice);
    const speed = checkedSpeed(o.speed);
    yield* speakWith(
      {
        utterances: (text) => englishUtterances(text, this.#g2p, MAX_UNITS),
        sampleRateHz: SAMPLE_RATE_HZ,
        run: (utterance) => this.#run(utterance, speaker, speed),
      },
      segment,
      o,
    );
  }

  async #run(utterance: Utterance, speaker: number, speed: number): Promise<RawSpeech> {
    const { ids, owners } = this.#encode(utterance);
    const feeds = {
      input: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      input_lengths: new Tensor('int64', BigInt64Array.of(BigInt(ids.length)), [1]),
      scales: new Tensor('float32', Float32Array.of(NOISE_SCALE, 1 / speed, DURATION_NOISE_SCALE), [3]),
      sid: new Tensor('int64', BigInt64Array.of(BigInt(speaker)), [1]),
    };
    const outputs = await this.#session.run(feeds).catch((thrown: unknown) => {
      throw VisavisError.from(thrown, 'engine-failed');
    });
    const samples = outputs['output']!.data as Float32Array;
    const durations = Array.from(outputs[DURATIONS]!.data as Float32Array, (d) => Math.round(d) * SAMPLES_PER_UNIT);
    return { ...allot(samples, durations, owners, utterance.units.length), audioAheadSamples: AUDIO_AHEAD_SAMPLES };
  }

  /** ^ symbols $ with a blank between any two; a blank belongs to the unit before it. */
  #encode(utterance: Utterance): { ids: number[]; owners: number[] } {
    const blank = this.#ids.get('_')!;
    const ids = [this.#ids.get('^')!];
    const owners = [-1];
    toEspeak(utterance.units).forEach((symbols, unit) => {
      for (const symbol of symbols.normalize('NFD')) {
        const id = this.#ids.get(symbol);
        if (id === undefined) continue;
        ids.push(blank, id);
        owners.push(owners.at(-1)!, unit);
      }
    });
    ids.push(blank, this.#ids.get('$')!);
    owners.push(owners.at(-1)!, -1);
    return { ids, owners };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

/** Speaker number of a voice name; throws `bad-request` naming the field `voice` for anything else. */
function speakerOf(voice: string): number {
  const problem = voiceProblem('piper', voice);
  if (problem !== undefined) throw problem;
  return piperSpeaker(voice)!;
}

/** Lines of "SYMBOL ID"; the symbol may itself be a blank. */
function parseTokens(text: string): Map<string, number> {
  const ids = new Map<string, number>();
  for (const line of text.split('\n')) {
    const cut = line.lastIndexOf(' ');
    if (cut > 0) ids.set(line.slice(0, cut), Number(line.slice(cut + 1)));
  }
  if (!ids.has('^') || !ids.has('_') || !ids.has('$'))
    throw new VisavisError('unavailable', 'the token table of Piper is damaged');
  return ids;
}
