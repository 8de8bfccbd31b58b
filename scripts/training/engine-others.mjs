/** Piper (the service's own engine), and flite and festival as processes: `speak(text, { voice, speed })` → samples and timed phonemes. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PiperSynthesiser } from '../../dist/inference/speech/piper.js';
import { readWav, toMono } from '../../dist/media/wav.js';
import { runOrFail } from '../lib/process.mjs';
import { fromArpabet } from './phones.mjs';

const FLITE_TIMEOUT_MS = 60_000;

export async function openPiper(threads) {
  const piper = await PiperSynthesiser.create({ threads });
  const signal = new AbortController().signal;
  return {
    async speak(text, { voice, speed }) {
      for await (const chunk of piper.speak(text, { voice, speed, priority: 'later', signal })) return chunk;
      throw new Error(`nothing to say in ${JSON.stringify(text)}`);
    },
    close: () => piper.close(),
  };
}

/** Phones that end at the times given, `[phone, endS]`, as timed phonemes; silence is what no phoneme covers. */
function fromEnds(ends) {
  const phonemes = [];
  let startS = 0;
  for (const [phone, endS] of ends) {
    const symbol = fromArpabet(phone);
    if (symbol !== null && endS > startS) phonemes.push({ symbol, startMs: startS * 1_000, endMs: endS * 1_000 });
    startS = endS;
  }
  return phonemes;
}

function readSpeech(path) {
  const wav = readWav(path);
  return { samples: toMono(wav), sampleRateHz: wav.sampleRateHz };
}

/** flite prints `phone:end` for every phone. */
export function openFlite(folder) {
  const wav = join(folder, 'flite.wav');
  return {
    async speak(text, { voice, speed }) {
      const stretch = ['--setf', `duration_stretch=${(1 / speed).toFixed(3)}`];
      const args = ['-voice', voice, ...stretch, '-psdur', '-t', text, '-o', wav];
      const { stdout } = await runOrFail('flite', args, { timeoutMs: FLITE_TIMEOUT_MS });
      const ends = stdout
        .trim()
        .split(/\s+/)
        .map((pair) => {
          const cut = pair.lastIndexOf(':');
          return [pair.slice(0, cut), Number(pair.slice(cut + 1))];
        });
      return { ...readSpeech(wav), phonemes: fromEnds(ends) };
    },
    close: () => rm(wav, { force: true }),
  };
}

/** festival saves its segments: lines `end 100 phone` after a line `#`. */
export function openFestival(folder) {
  const [script, wav, lab] = ['scm', 'wav', 'lab'].map((suffix) => join(folder, `festival.${suffix}`));
  return {
    async speak(text, { voice, speed }) {
      const said = text.replace(/[^A-Za-z0-9 ,.?!']/g, '');
      await writeFile(
        script,
        `(voice_${voice})\n(Parameter.set 'Duration_Stretch ${(1 / speed).toFixed(3)})\n` +
          `(set! u (utt.synth (Utterance Text "${said}")))\n` +
          `(utt.save.wave u "${wav}" 'riff)\n(utt.save.segs u "${lab}")\n`,
      );
      await runOrFail('festival', ['-b', script], { timeoutMs: FLITE_TIMEOUT_MS });
      const lines = (await readFile(lab, 'utf8')).split('\n');
      const ends = lines
        .slice(lines.indexOf('#') + 1)
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields.length >= 3)
        .map(([end, , phone]) => [phone, Number(end)]);
      return { ...readSpeech(wav), phonemes: fromEnds(ends) };
    },
    close: () => Promise.all([script, wav, lab].map((path) => rm(path, { force: true }))),
  };
}
