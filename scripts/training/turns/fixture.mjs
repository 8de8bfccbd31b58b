/** Some of the turns that the network is judged by, for a test: voice and words before each pause, and nothing of the sound. */
const EVERY = 12;

export function fixtureOf(turns) {
  const test = turns.filter(({ split }) => split === 'test').filter((_, i) => i % EVERY === 0);
  const rows = test.map(({ asked, parts, pauses }) => ({
    asked,
    pauses: pauses
      .filter(({ part }) => part >= 0)
      .map(({ part, prosody, lastVoicedMs, resumedMs }) => ({
        text: parts[part].text,
        isEnd: parts[part].nextMs === null,
        silenceMs: resumedMs === null ? null : resumedMs - lastVoicedMs,
        prosody: prosody.map((value) => Math.round(value * 1e3) / 1e3),
      })),
  }));
  return `[\n${rows.map((turn) => JSON.stringify(turn)).join(',\n')}\n]\n`;
}
