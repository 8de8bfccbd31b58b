/**
 * Who speaks how long, and whom the network never hears. `test` voices are not trained on: neither these speakers nor, for festival, anything
 * that its engine made, nor, for French, anything in that language.
 */
import { Random } from '../../dist/inference/avatar/motion/random.js';
import { installedKokoroVoices, PIPER_SPEAKERS } from '../../dist/inference/speech/voices.js';

const KOKORO_TEST = new Set([
  ...['af_sarah', 'am_eric', 'bf_emma', 'bm_lewis'],
  ...['ef_dora', 'if_sara', 'pf_dora', 'ff_siwis', 'hf_beta'],
]);
/** Language by a Kokoro voice's first letter; Japanese and Chinese voices are left out: nothing here pronounces their languages for them. */
const KOKORO_LANGUAGE = { a: 'en', b: 'en', e: 'es', f: 'fr', h: 'hi', i: 'it', p: 'pt' };
const ESPEAK_VOICE = { es: 'es', fr: 'fr-fr', hi: 'hi', it: 'it', pt: 'pt-br' };
const PIPER_TRAINED = 140;
const PIPER_TESTED = 16;

/** Shares of the time that all trained voices speak. */
const SHARES = { kokoro: 0.15, piper: 0.7, flite: 0.15 };

/**
 * Jobs `{ engine, voice, language, espeak, split, seconds, seed }`: together `minutes` of speech to train on, and `testSeconds` of every
 * voice that is not.
 */
export function castVoices({ minutes, testSeconds, seed }) {
  const random = new Random(seed);
  const kokoro = installedKokoroVoices().map((voice) => {
    const language = KOKORO_LANGUAGE[voice[0]];
    const split = KOKORO_TEST.has(voice) ? 'test' : 'train';
    return { engine: 'kokoro', voice, language, espeak: ESPEAK_VOICE[language], split };
  });
  const speakers = Array.from({ length: PIPER_SPEAKERS }, (_, i) => ({ i, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ i }) => `libritts-${i}`);
  const piper = speakers.slice(0, PIPER_TRAINED + PIPER_TESTED).map((voice, i) => ({
    engine: 'piper',
    voice,
    language: 'en',
    split: i < PIPER_TRAINED ? 'train' : 'test',
  }));
  const flite = ['kal16', 'awb', 'rms', 'slt'].map((voice) => ({
    engine: 'flite',
    voice,
    language: 'en',
    split: voice === 'slt' ? 'test' : 'train',
  }));
  const festival = ['ked_diphone', 'cmu_us_slt_arctic_hts'].map((voice) => ({
    engine: 'festival',
    voice,
    language: 'en',
    split: 'test',
  }));
  const cast = [...kokoro, ...piper, ...flite, ...festival]
    .map((job, i) => ({ ...job, seed: seed * 10_007 + i }))
    .filter(({ language }) => language !== undefined);
  const count = (engine) => cast.filter((job) => job.engine === engine && job.split === 'train').length;
  return cast.map((job) => ({
    ...job,
    seconds: job.split === 'test' ? testSeconds : (minutes * 60 * SHARES[job.engine]) / count(job.engine),
  }));
}
