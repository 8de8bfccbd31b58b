/** The report beside the network, from what `evaluate` found. */
const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)} %`;
const ms = (value) => `${Math.round(value)} ms`;

/** The point of a curve whose mean delay is nearest to `delayMs`. */
const nearest = (curve, delayMs) =>
  curve.reduce((best, point) => (Math.abs(point.meanMs - delayMs) < Math.abs(best.meanMs - delayMs) ? point : best));

const row = (name, { p50Ms, p90Ms, meanMs, cuts, pauses, cutShare }) =>
  `| ${name} | ${ms(p50Ms)} | ${ms(meanMs)} | ${ms(p90Ms)} | ${percent(cutShare)} (${cuts} of ${pauses}) |`;

export function reportOf(result, { seed, bytes }) {
  const { curves, cutOffMs, turns, voices, trainedPauses, auc, kinds, calibration, lateText } = result;
  const configured = curves.estimate.find(({ setting }) => setting === cutOffMs);
  const rule = curves.words.find(({ setting }) => setting === 1);
  const same = (name) => curves[name].find(({ setting }) => setting === cutOffMs);
  const HEAD = '| | delay p50 | mean | p90 | cut-offs |\n|---|---|---|---|---|';
  return `# The end-of-turn estimate

\`end-of-turn.json\` (${Math.round(bytes / 1_000)} kB) says how likely a pause is the end of a turn, from how the voice came to it, from the words so far and from what the avatar had asked. How it
is used: [docs/turns.md](../../docs/turns.md#end-of-turn). Made, and this page written, by

\`\`\`sh
node scripts/training/end-of-turn.mjs --seed ${seed}
\`\`\`

Debian 12, Node 20, the service's own models and nothing else. A run that is stopped goes on where it was.

## What it is
Five networks of six hidden units whose logits are averaged, over the features of \`src/agents/end-of-turn/\`: pitch (YIN, de Cheveigné and Kawahara 2002), loudness, length and spacing of the last syllables, against the same speaker's own;
the last words, marks, numbers, letters, addresses and lists; the kind of question before. Plain JavaScript, nothing to load.

## What it was made with
Speech that was written (\`scripts/training/turns/phrases-train.mjs\`, \`phrases-more.mjs\`), spoken by Piper's en_US-libritts_r (CC BY 4.0) in ${voices.train} voices, ${turns.train} turns with ${trainedPauses} pauses inside them: after a comma, in the middle of a
phrase, after "um", and after whole sentences. Each turn is spoken in one go, cut where the synthesiser pauses, and put together again with pauses of a log-normal length (median 520 ms, for each speaker another; 200 ms at least). Where the synthesiser runs
through a comma the voice is made to die away as it does at the ends of turns, so that nothing is learnt from the cut. The words are what the service's recogniser understood of the turn up to there (and, once in three, what was really said).

## What it is worth
Judged by ${turns.test} turns of other sentences in ${voices.test} other voices, with ${configured.pauses} scripted pauses. The delay counts from the last sound of the turn to the decision, with the service's own voice activity detector and words that are known 235 ms after the last
voice. A cut-off is a pause that was taken for an end.

${HEAD}
${row(
  'silence alone, 700 ms',
  curves.silence.find(({ setting }) => setting === 700),
)}
${row('words and silence, as configured without the estimate', rule)}
${row('**the estimate, as configured**', configured)}

At about the same mean delay (most waits after an estimate are either short or long, so the median alone would flatter it):

| mean delay | silence | words and silence | the estimate |
|---|---|---|---|
${[300, 400, 500, 600, 700, 800, 900]
  .map((delay) => {
    const cell = (name) => {
      const point = nearest(curves[name], delay);
      return Math.abs(point.meanMs - delay) > 60 ? '–' : `${percent(point.cutShare)} at ${ms(point.meanMs)}`;
    };
    return `| ${delay} ms | ${cell('silence')} | ${cell('words')} | ${cell('estimate')} |`;
  })
  .join('\n')}

The whole curve, by what a cut-off is taken to cost:

| a cut-off is as bad as | delay p50 | mean | p90 | cut-offs |
|---|---|---|---|---|
${curves.estimate.map((point) => row(`${point.setting} ms of waiting`, point)).join('\n')}

What each part contributes, as configured (AUC: how often an end is given more than a pause):

| | AUC | delay p50 | mean | p90 | cut-offs |
|---|---|---|---|---|---|
${[
  ['all of it', auc.estimate, configured],
  ['words alone', auc.wordsOnly, same('wordsOnly')],
  ['without the question before', auc.unasked, same('unasked')],
  ['voice alone, from the beginning of the pause', auc.voiceOnly, same('voiceOnly')],
]
  .map(([name, area, point]) => row(`${name} | ${area.toFixed(3)}`, point))
  .join('\n')}

With what was really said instead of the recogniser's text: ${percent(same('written').cutShare)} cut off at ${ms(same('written').p50Ms)} (mean ${ms(same('written').meanMs)}). With words that are known only after 320 ms: ${percent(lateText.cutShare)} at ${ms(lateText.p50Ms)}. On its own
training turns the AUC is ${auc.train.toFixed(3)}.

By kind of turn:

| | words and silence | the estimate |
|---|---|---|
${kinds
  .map(
    ({ name, rule: before, estimate }) =>
      `| ${name} | ${percent(before.cutShare)} of ${before.pauses}, ${ms(before.p50Ms)} | ${percent(estimate.cutShare)} of ${estimate.pauses}, ${ms(estimate.p50Ms)} |`,
  )
  .join('\n')}

Of the pauses that were given … they were ends:

| ${calibration.bins.map((_, i) => `${i * 10}–${i * 10 + 10} %`).join(' | ')} |
|${calibration.bins.map(() => '---').join('|')}|
| ${calibration.bins.map(({ count, ends }) => (count === 0 ? '–' : `${percent(ends / count, 0)} of ${count}`)).join(' | ')} |

## What it does not do
English only. No speech of people was learnt from: synthetic voices hesitate less, and their pitch says less about what follows, than people's do. A pause after a whole sentence that could have been all is heard as an end by people as well.
`;
}
