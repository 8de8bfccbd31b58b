/** The training report, `assets/motion/README.md`, from what was measured. */

const percent = (part, whole) => (whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`);
const fixed = (value) => value.toFixed(2);

/** The language is the one spoken; rows are groups of voices that the network never heard. */
const GROUPS = [
  ['Kokoro, English (4 speakers)', (v) => v.engine === 'kokoro' && v.language === 'en'],
  ['Kokoro, Spanish', (v) => v.language === 'es'],
  ['Kokoro, Italian', (v) => v.language === 'it'],
  ['Kokoro, Portuguese', (v) => v.language === 'pt'],
  ['Kokoro, Hindi', (v) => v.language === 'hi'],
  ['Kokoro, French (a language never heard)', (v) => v.language === 'fr'],
  ['Piper, English (16 speakers)', (v) => v.engine === 'piper'],
  ['flite, English (slt)', (v) => v.engine === 'flite'],
  ['festival, English (an engine never heard)', (v) => v.engine === 'festival'],
];
const WAY_TITLES = {
  live: 'the motion, live: 60 ms are heard ahead',
  ahead: 'the motion when speech comes faster than it is spoken',
  positions: 'its positions alone',
  decoded: 'its classes decoded, moved by the articulation',
  loudness: 'loudness (no network)',
};

function pooled(voices, way) {
  const records = voices.map((voice) => ({ ...voice.ways[way], seconds: voice.seconds }));
  const sum = (name) => records.reduce((total, record) => total + record[name], 0);
  const seconds = sum('seconds');
  const mean = (name) => records.reduce((total, record) => total + record[name] * record.seconds, 0) / seconds;
  const measures = Object.fromEntries(['opening', 'jaw', 'pucker', 'stretch'].map((name) => [name, mean(name)]));
  return { seconds, wanted: sum('wanted'), found: sum('found'), made: sum('made'), right: sum('right'), ...measures };
}

function row(title, r) {
  const cells = [title, `${Math.round(r.seconds)}`, fixed(r.opening), fixed(r.jaw), fixed(r.pucker), fixed(r.stretch)];
  return `| ${[...cells, `${percent(r.found, r.wanted)} of ${r.wanted}`, percent(r.right, r.made)].join(' | ')} |`;
}

const HEAD = `| | s | opening | jaw | pucker | stretch | closures found | closures right |
|---|---|---|---|---|---|---|---|`;

export function reportOf({ voices, costMs, bytes, minutes, steps, seed, cast, training }) {
  const groups = GROUPS.map(([title, holds]) => [title, voices.filter(holds)]).filter(([, group]) => group.length > 0);
  const trained = (engine) => cast.filter((job) => job.engine === engine && job.split === 'train').length;
  const perGroup = groups.map(([title, group]) => row(title, pooled(group, 'live'))).join('\n');
  const perWay = Object.entries(WAY_TITLES)
    .map(([way, title]) => row(title, pooled(voices, way)))
    .join('\n');
  return `# The mouth from audio alone
\`audio-motion.onnx\` (${(bytes / 1e6).toFixed(1)} MB, our own, Apache-2.0) moves the mouth for speech that comes without phoneme times: a remote voice, a speech-to-speech model, a human.
It hears 64 log-mel bands every 10 ms and answers with the articulators' positions (\`src/inference/avatar/motion/visemes.ts\`) and with which of 26 classes of
sounds is heard; \`src/inference/avatar/motion/audio-motion.ts\` runs it. Pauses are told by level (\`pauses.ts\`), and the lower lip is kept to the speed of lips (\`heard-track.ts\`). This page is written by the command that makes it,

\`\`\`sh
node scripts/training/audio-motion.mjs --minutes ${minutes} --steps ${steps} --seed ${seed}
\`\`\`

which needs Debian's \`python3-torch python3-onnx python3-scipy flite festival festvox-kdlpc16k festvox-us-slt-hts espeak-ng\`, all voices (\`node scripts/setup.mjs --with voices\`, \`--with
piper\`) and about an hour on two free cores. A run that is stopped goes on where it was.

## What it is
Causal convolutions: one over 40 ms in steps of 20 ms, eight over three steps that lie 1, 2, 4, 8, 1, 2, 4, 8 steps apart, residual, 128 channels; 0.5 M parameters. It remembers 1.2 s. The moment that is answered
for lies 50 or 60 ms before the newest audio, never more. Trained with cross-entropy on the classes (lips' contacts count double) and on the positions (three times as much where lips touch).

## What it was trained on
${minutes} minutes of synthetic speech with the synthesisers' own phoneme times, of sentences and random words of our own making (\`scripts/training/phrases.mjs\`), and the positions that the phoneme-timed motion has for them:
Kokoro-82M (${trained('kokoro')} voices; Apache-2.0) in English, Spanish, Italian, Portuguese and Hindi; Piper's en_US-libritts_r (${trained('piper')} of 904 speakers; CC BY 4.0, trained on LibriTTS-R, Koizumi et al. 2023, CC BY 4.0); flite (kal16, awb, rms; Carnegie Mellon
University, BSD-like). Every utterance is heard once clean and in two other versions: 0.85 to 1.17 times the speed and pitch, in rooms, in noise, under other voices, through telephone bands, µ-law and (a quarter of them) Opus at 12 to 24
kbps; and always with other vocal tracts, levels and tilts. ${training}

## Voices that it never heard
Each figure compares the motion at 25 frames a second with the phoneme-timed motion of the same audio. Correlations: opening between the lips, \`jawOpen\`, \`mouthPucker\`, \`mouthStretch\`, mean over the voices by their length.
Closures: of all /p b m/, those with a frame of closed lips (0.8 or more) within the sound, 20 ms before it or 20 ms after it (Spanish /b/ left out: it may stay open); and of all closures that were made outside of pauses, those within 40 ms of a true one. Live: every
frame is made when 60 ms beyond it have been heard.

${HEAD}
${perGroup}

All of them together, by the way the mouth is moved:

${HEAD}
${perWay}

## Cost
One frame's 40 ms of audio, features and network, on one core: ${fixed(costMs[0])} ms p50, ${fixed(costMs[1])} ms p95.

## What it does not do
No speech of people was trained on or measured: there are no recordings with exact phoneme times that are free to use here. Two were looked at frame by frame (an old address with room noise, an audiobook): /p b m/ close, the mouth rests in
pauses, but /f/ and the silent closures of /k t d/ are often taken for /p b m/. Stress and sentence rhythm are not heard; the head nods by itself. Singing, whispering, and children's voices were not tried.
`;
}
