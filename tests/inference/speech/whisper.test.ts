import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phraseAgain } from '../../../src/inference/speech/recognition-guard.js';
import { requireRecognisable, whisperProblem } from '../../../src/inference/speech/recognition-language.js';
import { WhisperDecoder } from '../../../src/inference/speech/whisper-decoder.js';
import { WHISPER_BANDS, whisperMel } from '../../../src/inference/speech/whisper-mel.js';
import { WhisperVocabulary } from '../../../src/inference/speech/whisper-vocabulary.js';
import { noise, SPOKEN_TEXT, silence, spokenQuestion, tone, words } from '../../support/speech-audio.js';

const column = (mel: Float32Array, frames: number, frame: number) =>
  Array.from({ length: WHISPER_BANDS }, (_, band) => mel[band * frames + frame]!);

describe('whisperMel', () => {
  it.each([
    [200, 5],
    [1_000, 25],
    [4_000, 60],
  ])('has a tone of %i Hz loudest in the band that holds it', (hz, band) => {
    const frame = column(whisperMel(tone(500, hz), 100), 100, 20);
    const loudest = frame.indexOf(Math.max(...frame));
    // Bands are 43 Hz apart up to 1 kHz, and 7.0 % above.
    expect(Math.abs(loudest - band)).toBeLessThanOrEqual(2);
  });

  it('is the same for a frame whichever of a pair it is', () => {
    const samples = noise(400, 0.2);
    const shifted = new Float32Array(samples.length + 160);
    shifted.set(samples, 160);
    const a = column(whisperMel(samples, 60), 60, 10);
    const b = column(whisperMel(shifted, 60), 60, 11);
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 3);
  });

  it('is flat where nothing is heard, 2 below what is loudest at most', () => {
    const mel = whisperMel(tone(200, 440), 60);
    const top = Math.max(...mel);
    expect(Math.min(...mel)).toBeCloseTo(top - 2, 5);
    expect(new Set(whisperMel(silence(500), 60)).size).toBe(1);
  });
});

describe('phraseAgain', () => {
  const phrase = [1, 2, 3, 4, 5, 6];

  it('keeps one of a phrase that is said again and again, however it ends', () => {
    expect(phraseAgain([9, ...phrase, ...phrase, ...phrase, 1, 2], 10)).toBe(7);
  });

  it('keeps what can be said in the time, and what does not repeat', () => {
    expect(phraseAgain([...phrase, ...phrase], 12)).toBeNull();
    expect(
      phraseAgain(
        Array.from({ length: 60 }, (_, i) => i),
        12,
      ),
    ).toBeNull();
  });
});

describe('WhisperVocabulary', () => {
  const generation = {
    lang_to_id: { '<|en|>': 12, '<|es|>': 13 },
    task_to_id: { transcribe: 15 },
    decoder_start_token_id: 11,
    eos_token_id: 10,
    no_timestamps_token_id: 17,
    suppress_tokens: [],
    begin_suppress_tokens: [],
  };
  const vocabulary = new WhisperVocabulary({ Hola: 0, Ġma: 1, Ã: 2, '±': 3, ana: 4 }, generation);

  it('puts characters together of bytes, and leaves special tokens out', () => {
    expect(vocabulary.decode([11, 13, 0, 1, 2, 3, 4, 10])).toBe('Hola mañana');
  });

  it('knows a language by its tag and refuses others', () => {
    expect(vocabulary.languageToken('es-MX')).toBe(13);
    expect(() => vocabulary.languageToken('xx')).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'language' }),
    );
  });
});

describe('requireRecognisable', () => {
  it('never refuses English, and what no model knows always', () => {
    expect(() => requireRecognisable('en-GB')).not.toThrow();
    expect(() => requireRecognisable(undefined)).not.toThrow();
    expect(() => requireRecognisable('xx')).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'language' }),
    );
  });
});

describe.skipIf(whisperProblem() !== undefined)('WhisperDecoder', () => {
  let decoder: WhisperDecoder;
  beforeAll(async () => {
    decoder = await WhisperDecoder.create({ threads: 1 });
  });
  afterAll(() => decoder?.close());

  it('hears a spoken question and in which language it is', async () => {
    const heard = await decoder.decode(spokenQuestion(), { among: ['es', 'en', 'fr'] });
    expect(heard.language).toBe('en');
    expect(words(heard.text)).toEqual(words(SPOKEN_TEXT));
  });

  it.each([
    ['silence', silence(2_000)],
    ['white noise', noise(2_000, 0.2)],
    ['a tone', tone(2_000, 440)],
  ])('gives the empty text for %s', async (_name, samples) => {
    expect((await decoder.decode(samples, { language: 'es' })).text).toBe('');
  });

  it('stops when it is told to', async () => {
    await expect(decoder.decode(spokenQuestion(), { language: 'en', signal: AbortSignal.abort() })).rejects.toThrow(
      'abort',
    );
  });
});
