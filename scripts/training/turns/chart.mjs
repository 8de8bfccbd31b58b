/** The curve of the report as SVG: cut-offs against delay, one line a way of waiting. For light and dark by the viewer. */
const [WIDTH, HEIGHT] = [760, 440];
const PLOT = { left: 64, top: 66, right: 736, bottom: 384 };
const X = { from: 200, to: 1_200, step: 200 };
const Y = { from: 0, to: 100, step: 20 };

const LINES = [
  { name: 'silence', label: 'silence alone', tone: 'a', at: 0 },
  { name: 'words', label: 'words and silence', tone: 'b', at: 1 },
  { name: 'estimate', label: 'voice, words, question, own pauses', tone: 'c', at: undefined },
];

const STYLE = `
svg{--paper:#fff;--ink:#1b1f24;--muted:#5d6875;--line:#d6dbe1;--a:#8a94a0;--b:#b3641e;--c:#0b6e99;--goal:#2b7a3f22;background:var(--paper);
font:12px system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#14171a;--ink:#e8ecf0;--muted:#9aa6b2;--line:#39424c;--a:#9aa6b2;--b:#f0a868;--c:#5bc0eb;--goal:#7fd09533}}
.paper{fill:var(--paper)}text{fill:var(--ink)}.muted{fill:var(--muted)}.title{font-size:15px;font-weight:600}.grid{stroke:var(--line)}.goal{fill:var(--goal)}
.a,.b,.c{fill:none;stroke-width:2}.a{stroke:var(--a)}.b{stroke:var(--b)}.c{stroke:var(--c);stroke-width:2.6}.dot.a{fill:var(--a)}.dot.b{fill:var(--b)}.dot.c{fill:var(--c)}
text.a,text.b,text.c{stroke:none;font-weight:600}text.a{fill:var(--a)}text.b{fill:var(--b)}text.c{fill:var(--c)}`.replaceAll(
  '\n',
  '',
);

const round = (value) => Math.round(value * 10) / 10;
const x = (ms) => round(PLOT.left + ((ms - X.from) / (X.to - X.from)) * (PLOT.right - PLOT.left));
const y = (percent) => round(PLOT.bottom - ((percent - Y.from) / (Y.to - Y.from)) * (PLOT.bottom - PLOT.top));
const text = (left, top, content, className = '', anchor = 'start') =>
  `<text x="${left}" y="${top}" class="${className}" text-anchor="${anchor}">${content}</text>`;

export function curveOf({ curves, cutOffMs, turns, voices }) {
  const out = [];
  for (let ms = X.from; ms <= X.to; ms += X.step) {
    out.push(
      `<path class="grid" d="M${x(ms)} ${PLOT.top}V${PLOT.bottom}"/>`,
      text(x(ms), PLOT.bottom + 18, `${ms}`, 'muted', 'middle'),
    );
  }
  for (let percent = Y.from; percent <= Y.to; percent += Y.step) {
    out.push(
      `<path class="grid" d="M${PLOT.left} ${y(percent)}H${PLOT.right}"/>`,
      text(PLOT.left - 8, y(percent) + 4, `${percent} %`, 'muted', 'end'),
    );
  }
  LINES.forEach(({ name, label, tone, at = cutOffMs }, i) => {
    const points = curves[name]
      .filter(({ meanMs }) => meanMs >= X.from && meanMs <= X.to)
      .sort((a, b) => a.meanMs - b.meanMs);
    const path = points
      .map(({ meanMs, cutShare }, k) => `${k === 0 ? 'M' : 'L'}${x(meanMs)} ${y(Math.min(100, cutShare * 100))}`)
      .join('');
    out.push(`<path class="${tone}" d="${path}"/>`);
    for (const { meanMs, cutShare, setting } of points) {
      const size = setting === at ? 6 : 2.5;
      out.push(`<circle class="dot ${tone}" cx="${x(meanMs)}" cy="${y(Math.min(100, cutShare * 100))}" r="${size}"/>`);
    }
    const top = PLOT.top + 18 + i * 19;
    out.push(
      `<path class="${tone}" d="M${PLOT.right - 292} ${top - 4}h22"/>`,
      text(PLOT.right - 264, top, label, tone),
    );
  });
  const pauses = curves.estimate[0].pauses;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>Cut-offs against the delay after a turn's end</title><style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(20, 28, 'Pauses taken for the end of a turn, against the delay after a real end', 'title'),
    text(
      20,
      48,
      `${pauses} scripted pauses and ${turns.test} ends; ${voices.test} voices and all sentences unknown to the network; large dots: as configured`,
      'muted',
    ),
    ...out,
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 14, 'ms from the last sound to the decision, mean', 'muted', 'middle'),
    '</svg>\n',
  ].join('\n');
}
