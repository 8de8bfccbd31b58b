/** Kokoro for any language: English through the service's own pronunciation, others through espeak-ng (a process of its own). */
import { readFile } from 'node:fs/promises';
import { modelFile } from '../../dist/inference/models.js';
import { createSession, exposeOutput, Tensor } from '../../dist/inference/onnx.js';
import { EnglishG2p } from '../../dist/inference/speech/g2p.js';
import { allot } from '../../dist/inference/speech/kokoro.js';
import { KOKORO_VOCABULARY } from '../../dist/inference/speech/kokoro-vocabulary.js';
import { STYLE_SIZE, VoiceStyles } from '../../dist/inference/speech/kokoro-voices.js';
import { speakWith } from '../../dist/inference/speech/phonemes-speak.js';
import { timeline } from '../../dist/inference/speech/phonemes-timing.js';
import { finishAudio } from '../../dist/inference/speech/trim.js';
import { installedKokoroVoices } from '../../dist/inference/speech/voices.js';
import { runOrFail } from '../lib/process.mjs';
import { lookalike, toKokoro } from './phones.mjs';

const RATE_HZ = 24_000;
/** As in the service's own engine. */
const SAMPLES_PER_UNIT = 600;
const DURATIONS = '/encoder/Gather_output_0';
const AUDIO_AHEAD_SAMPLES = 1320;
const MAX_UNITS = 160;
const PAUSES = ',;:.!?…—¿¡';

export async function openKokoro(threads) {
  const model = await readFile(modelFile('kokoro-v1.0.onnx'));
  const session = await createSession(exposeOutput(model, DURATIONS, 'int64'), { threads });
  const g2p = await EnglishG2p.create({});
  const styles = new VoiceStyles(installedKokoroVoices());

  async function run(utterance, voice, speed) {
    const ids = [0];
    const owners = [-1];
    utterance.units.forEach((unit, i) => {
      const id = KOKORO_VOCABULARY.get(unit.symbol);
      if (id === undefined) return;
      ids.push(id);
      owners.push(i);
    });
    ids.push(0);
    owners.push(-1);
    const style = await styles.style(voice, ids.length - 2);
    const outputs = await session.run({
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      style: new Tensor('float32', style, [1, STYLE_SIZE]),
      speed: new Tensor('float32', Float32Array.of(speed), [1]),
    });
    const durations = Array.from(outputs[DURATIONS].data, (d) => Number(d) * SAMPLES_PER_UNIT);
    const raw = allot(outputs.waveform.data, durations, owners, utterance.units.length);
    return { ...raw, audioAheadSamples: AUDIO_AHEAD_SAMPLES };
  }

  async function speakEnglish(text, { voice, speed }) {
    const plan = { g2p, sampleRateHz: RATE_HZ, maxUnits: MAX_UNITS, run: (utterance) => run(utterance, voice, speed) };
    const signal = new AbortController().signal;
    for await (const chunk of speakWith(plan, text, { priority: 'later', signal })) return chunk;
    throw new Error(`nothing to say in ${JSON.stringify(text)}`);
  }

  async function speakForeign(text, { voice, speed, espeak }) {
    const { stdout } = await runOrFail('espeak-ng', ['-q', '--ipa', '-v', espeak, text]);
    const symbols = toKokoro(stdout.replace(/\n/g, ', '), KOKORO_VOCABULARY).slice(0, MAX_UNITS * 2);
    while (symbols.length > 0 && (symbols.at(-1) === ' ' || PAUSES.includes(symbols.at(-1)))) symbols.pop();
    const units = [...symbols, '.'].map((symbol) => ({
      symbol,
      word: PAUSES.includes(symbol) || symbol === ' ' ? -1 : 0,
    }));
    const utterance = { units, words: [text], endMark: '.' };
    const raw = await run(utterance, voice, speed);
    const leadSamples = raw.leadSamples - raw.audioAheadSamples;
    const voiceBySample = leadSamples + raw.unitSamples.slice(0, 2).reduce((a, b) => a + b, 0);
    const { samples, trimmedSamples } = finishAudio(raw.samples, {
      sampleRateHz: RATE_HZ,
      endMark: '.',
      voiceBySample,
    });
    const placed = { leadSamples, trimmedSamples, totalSamples: samples.length, sampleRateHz: RATE_HZ };
    const { phonemes } = timeline(utterance, raw.unitSamples, placed);
    return { samples, sampleRateHz: RATE_HZ, phonemes: phonemes.map((p) => ({ ...p, symbol: lookalike(p.symbol) })) };
  }

  return {
    speak: (text, o) => (o.language === 'en' ? speakEnglish(text, o) : speakForeign(text, o)),
    close: () => session.release(),
  };
}
