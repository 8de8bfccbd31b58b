/**
 * Speech with phoneme times to train on: `node scripts/training/synthesise.mjs FOLDER JOBS.json ENGINE…`; `ENGINE:1/3` is
 * the second third of an engine's voices. Every utterance becomes
 * `ENGINE/VOICE-N.wav` (16 kHz) and `.json` (phonemes, split). What is there already is left alone, so a run that was
 * stopped goes on where it was.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../dist/inference/avatar/motion/random.js';
import { isPhoneme } from '../../dist/inference/speech/phonemes.js';
import { OpusDecoder, OpusEncoder } from '../../dist/media/codecs.js';
import { floatToInt16, resample } from '../../dist/media/resample.js';
import { encodeWav } from '../../dist/media/wav.js';
import { runMain, say } from '../lib/report.mjs';
import { openKokoro } from './engine-kokoro.mjs';
import { openFestival, openFlite, openPiper } from './engine-others.mjs';
import { dictionaryWords, Sentences } from './sentences.mjs';

const RATE_HZ = 16_000;
/** An utterance longer than this is left out: the duration predictors hurry then. */
const LONGEST_MS = 14_000;
/** Share of the training utterances that pass through Opus once, and at which rates. */
const CODED_SHARE = 0.25;
const CODED_KBPS = [12, 16, 24];
/** Opus's look-ahead at 16 kHz (RFC 6716: 6.5 ms) is taken off, so that times stay right. */
const OPUS_DELAY_SAMPLES = 104;
const OPUS_FRAME = 320;

const OPEN = {
  kokoro: openKokoro,
  piper: openPiper,
  flite: (_, folder) => openFlite(folder),
  festival: (_, folder) => openFestival(folder),
};

function throughOpus(samples, kbps) {
  const encoder = new OpusEncoder(RATE_HZ, 1, { bitrateKbps: kbps });
  const decoder = new OpusDecoder(RATE_HZ, 1);
  const frames = Math.ceil((samples.length + OPUS_DELAY_SAMPLES) / OPUS_FRAME);
  const input = new Int16Array(frames * OPUS_FRAME);
  input.set(floatToInt16(samples));
  const output = new Float32Array(frames * OPUS_FRAME);
  for (let i = 0; i < frames; i++) {
    const decoded = decoder.decode(encoder.encode(input.subarray(i * OPUS_FRAME, (i + 1) * OPUS_FRAME)));
    output.set(
      Float32Array.from(decoded, (value) => value / 32_768),
      i * OPUS_FRAME,
    );
  }
  encoder.close();
  decoder.close();
  return output.slice(OPUS_DELAY_SAMPLES, OPUS_DELAY_SAMPLES + samples.length);
}

async function speakJob(engine, job, folder, words) {
  const sentences = new Sentences(job.language, job.seed, job.language === 'en' ? words : undefined);
  const random = new Random(job.seed + 1);
  let seconds = 0;
  for (let n = 0; seconds < job.seconds; n++) {
    const text = sentences.next();
    const speed = random.between(0.85, 1.2);
    const coded = random.uniform() < CODED_SHARE && job.split === 'train';
    const kbps = CODED_KBPS[Math.floor(random.uniform() * CODED_KBPS.length)];
    const name = join(folder, `${job.voice}-${n}`);
    if (!existsSync(`${name}.json`)) {
      const speech = await engine.speak(text, { ...job, speed });
      let samples = resample(speech.samples, speech.sampleRateHz, RATE_HZ);
      if (coded) samples = throughOpus(samples, kbps);
      const { voice, language, split } = job;
      const about = {
        engine: job.engine,
        voice,
        language,
        split,
        text,
        samples: samples.length,
        phonemes: soundsOf(speech.phonemes),
      };
      await writeFile(`${name}.wav`, encodeWav({ sampleRateHz: RATE_HZ, channels: [samples] }));
      await writeFile(`${name}.json.part`, JSON.stringify(about));
      await rename(`${name}.json.part`, `${name}.json`);
    }
    const { samples } = JSON.parse(await readFile(`${name}.json`, 'utf8'));
    if (samples / RATE_HZ > LONGEST_MS / 1_000) continue;
    seconds += samples / RATE_HZ;
  }
  return seconds;
}

/** Neither stress nor pauses are looked for in the audio: what is no sound is a gap. */
function soundsOf(phonemes) {
  return phonemes
    .filter(({ symbol }) => isPhoneme(symbol))
    .map(({ symbol, startMs, endMs }) => ({ symbol, startMs, endMs }));
}

await runMain(async () => {
  const [folder, jobsFile, ...engines] = process.argv.slice(2);
  const jobs = JSON.parse(await readFile(jobsFile, 'utf8'));
  const words = dictionaryWords();
  for (const share of engines) {
    const [name, part = '0/1'] = share.split(':');
    const [index, parts] = part.split('/').map(Number);
    const target = join(folder, name);
    await mkdir(target, { recursive: true });
    const engine = await OPEN[name](1, target);
    let total = 0;
    const mine = jobs.filter((job) => job.engine === name).filter((_, i) => i % parts === index);
    for (const [i, job] of mine.entries()) {
      total += await speakJob(engine, job, target, words);
      say('synthesise', `${name} ${i + 1}/${mine.length} ${job.voice}: ${(total / 60).toFixed(1)} min`);
    }
    await engine.close();
  }
});
