import { readFile } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import type { SpeakOptions, SpeechChunk, SpeechSynthesiser } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, exposeOutput, type OnnxSession, Tensor } from '../onnx.js';
import { englishUtterances } from './english.js';
import { pronounceForeign } from './espeak-g2p.js';
import { EspeakProcess } from './espeak-process.js';
import { foreignWords } from './espeak-text.js';
import { EnglishG2p } from './g2p.js';
import { type EspeakLanguage, type KokoroLanguage, voiceLanguage } from './kokoro-languages.js';
import { KOKORO_VOCABULARY } from './kokoro-vocabulary.js';
import { STYLE_SIZE, VoiceStyles } from './kokoro-voices.js';
import { type Utterance, utterancesOf } from './phonemes.js';
import { checkedSpeed, type RawSpeech, speakWith } from './phonemes-speak.js';
import { installedKokoroVoices, unknownVoice } from './voices.js';

const SAMPLE_RATE_HZ = 24_000;
/** One unit of a predicted duration (the generator's hop × its upsampling): 600 samples, 25 ms. */
const SAMPLES_PER_UNIT = 600;
/** The inner tensor with the duration of every input symbol, int64 [N]. */
const DURATIONS = '/encoder/Gather_output_0';
/**
 * The audio is ahead of the predicted durations by this much: the lag at which loudness expected from the phonemes
 * correlates best with the audio is 55–60 ms for every voice tried, and the closures of stops agree (−46 … −58 ms).
 */
const AUDIO_AHEAD_SAMPLES = 1320;
const PAD_ID = 0;
/** About ten seconds of speech. The model takes 510, but a run blocks its thread, and long ones hurry. */
const MAX_UNITS = 160;
const DEFAULT_VOICE = 'af_heart';

/** Ids of an utterance with the pads around it, and the unit that each id belongs to (−1: none). */
function encode(utterance: Utterance, vocabulary: ReadonlyMap<string, number>): { ids: number[]; owners: number[] } {
  const ids = [PAD_ID];
  const owners = [-1];
  utterance.units.forEach((unit, i) => {
    const id = vocabulary.get(unit.symbol);
    if (id === undefined) return;
    ids.push(id);
    owners.push(i);
  });
  return { ids: [...ids, PAD_ID], owners: [...owners, -1] };
}

/**
 * Kokoro-82M v1.0 in fp32 (Apache-2.0), 24 kHz, with exact times from the model's own duration predictor. The voice decides the
 * language: English goes through `normalise` and `EnglishG2p`, others through espeak-ng, which must be installed for them (`unavailable`
 * otherwise). fp16 exports of this model yield NaN and are not accepted.
 */
export class KokoroSynthesiser implements SpeechSynthesiser {
  readonly sampleRateHz = SAMPLE_RATE_HZ;
  readonly voices: readonly string[];
  readonly #session: OnnxSession;
  readonly #g2p: EnglishG2p;
  readonly #styles: VoiceStyles;
  readonly #defaultVoice: string;
  readonly #espeaks = new Map<EspeakLanguage, EspeakProcess>();

  private constructor(session: OnnxSession, g2p: EnglishG2p, styles: VoiceStyles, defaultVoice: string) {
    this.#session = session;
    this.#g2p = g2p;
    this.#styles = styles;
    this.#defaultVoice = defaultVoice;
    this.voices = styles.names;
  }

  /** `lexicon`: lower-case words with their pronunciation in Kokoro's symbols. Rejects with `bad-request` for an unknown default voice. */
  static async create(o: {
    threads: number;
    defaultVoice?: string;
    lexicon?: Readonly<Record<string, string>>;
  }): Promise<KokoroSynthesiser> {
    const path = modelFile('kokoro-v1.0.onnx');
    const voices = installedKokoroVoices();
    const defaultVoice = o.defaultVoice ?? (voices.includes(DEFAULT_VOICE) ? DEFAULT_VOICE : voices[0]);
    if (defaultVoice === undefined || !voices.includes(defaultVoice))
      throw unknownVoice(defaultVoice ?? DEFAULT_VOICE, voices);
    const [model, g2p] = await Promise.all([readFile(path), EnglishG2p.create({ lexicon: o.lexicon })]);
    const session = await createSession(exposeOutput(model, DURATIONS, 'int64'), { threads: o.threads });
    return new KokoroSynthesiser(session, g2p, new VoiceStyles(voices), defaultVoice);
  }

  async *speak(segment: string, o: SpeakOptions): AsyncGenerator<SpeechChunk> {
    const voice = o.voice ?? this.#defaultVoice;
    const speed = checkedSpeed(o.speed);
    if (!this.voices.includes(voice)) throw unknownVoice(voice, this.voices);
    yield* speakWith(
      {
        utterances: (text, { signal }) => this.#utterances(text, voiceLanguage(voice), signal),
        sampleRateHz: SAMPLE_RATE_HZ,
        run: (utterance) => this.#run(utterance, voice, speed),
      },
      segment,
      o,
    );
  }

  #utterances(
    text: string,
    language: KokoroLanguage,
    signal: AbortSignal,
  ): Iterable<Utterance> | AsyncIterable<Utterance> {
    if (language === 'en') return englishUtterances(text, this.#g2p, MAX_UNITS);
    const espeak = this.#espeaks.get(language) ?? new EspeakProcess(language);
    this.#espeaks.set(language, espeak);
    return utterancesOf(pronounceForeign(foreignWords(text, language), espeak, { signal }), MAX_UNITS);
  }

  async #run(utterance: Utterance, voice: string, speed: number): Promise<RawSpeech> {
    const { ids, owners } = encode(utterance, KOKORO_VOCABULARY);
    const style = await this.#styles.style(voice, ids.length - 2);
    const feeds = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      style: new Tensor('float32', style, [1, STYLE_SIZE]),
      speed: new Tensor('float32', Float32Array.of(speed), [1]),
    };
    const outputs = await this.#session.run(feeds).catch((thrown: unknown) => {
      throw VisavisError.from(thrown, 'engine-failed');
    });
    const samples = outputs['waveform']!.data as Float32Array;
    const durations = Array.from(outputs[DURATIONS]!.data as BigInt64Array, (d) => Number(d) * SAMPLES_PER_UNIT);
    return { ...allot(samples, durations, owners, utterance.units.length), audioAheadSamples: AUDIO_AHEAD_SAMPLES };
  }

  async close(): Promise<void> {
    for (const espeak of this.#espeaks.values()) espeak.close();
    await this.#session.release();
  }
}

/**
 * Samples per unit from samples per id. The durations must account for every sample of the audio, or the times would be
 * wrong: anything else is `engine-failed`.
 */
export function allot(
  samples: Float32Array,
  durations: readonly number[],
  owners: readonly number[],
  units: number,
): Omit<RawSpeech, 'audioAheadSamples'> {
  const total = durations.reduce((a, b) => a + b, 0);
  if (durations.length !== owners.length || total !== samples.length) {
    throw new VisavisError(
      'engine-failed',
      `durations of ${total} samples do not match ${samples.length} samples of audio`,
    );
  }
  const unitSamples = new Array<number>(units).fill(0);
  let leadSamples = 0;
  let last = -1;
  owners.forEach((owner, i) => {
    if (owner >= 0) last = owner;
    if (owner < 0 && last < 0) leadSamples += durations[i]!;
    else if (owner >= 0) unitSamples[owner]! += durations[i]!;
  });
  return { samples, unitSamples, leadSamples };
}
