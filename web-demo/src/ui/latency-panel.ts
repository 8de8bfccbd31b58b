import { formatMs, medianHeardMs, partsOf, type TurnTiming } from '../model/latency.js';
import type { StreamStats } from '../model/stream-stats.js';
import { h, setText } from './dom.js';

export interface LatencyPanel {
  element: HTMLDetailsElement;
  update(timings: readonly TurnTiming[]): void;
  setStats(stats: StreamStats | undefined): void;
}

const SHOWN_TURNS = 6;
/** The scale of the bars never shrinks below this, so that turns can be compared by eye. */
const LEAST_SCALE_MS = 1_000;

/** Where the time between question and answer goes: parts end to end, which add up to the silence that was heard. Closed by default; draws only while open. */
export function createLatencyPanel(title: string): LatencyPanel {
  const median = h('span', { class: 'latency__median' });
  const turns = h('ol', { class: 'latency__turns' });
  const cells = new Map<string, HTMLElement>();
  const facts = h('dl', { class: 'latency__facts' });
  for (const name of ['Frames', 'Bitrate', 'Round trip', 'Jitter', 'Buffered', 'Lost']) {
    const value = h('dd', {}, '–');
    cells.set(name, value);
    facts.append(h('div', {}, h('dt', {}, name), value));
  }
  const element = h(
    'details',
    // Figures for developers, in English like the server's own.
    { class: 'latency' },
    h('summary', {}, h('span', {}, title), median),
    h('div', { class: 'latency__body', lang: 'en' }, facts, turns),
  );
  let timings: readonly TurnTiming[] = [];

  const draw = (): void => {
    const heard = medianHeardMs(timings);
    setText(median, heard === undefined ? '' : formatMs(heard));
    if (!element.open) return;
    const recent = timings.slice(-SHOWN_TURNS).reverse();
    const none = h('li', { class: 'latency__none' }, 'Figures appear with the first answer.');
    turns.replaceChildren(...(recent.length > 0 ? recent.map(drawTurn) : [none]));
  };
  element.addEventListener('toggle', draw);

  return {
    element,
    update(next) {
      if (next === timings) return;
      timings = next;
      draw();
    },
    setStats(stats) {
      const set = (name: string, text: string): void => {
        const cell = cells.get(name);
        if (cell) setText(cell, text);
      };
      if (!stats) return;
      set('Frames', `${stats.framesPerSecond.toFixed(0)} /s`);
      set('Bitrate', `${stats.bitrateKbps.toFixed(0)} kbps`);
      set('Round trip', stats.roundTripMs === undefined ? '–' : formatMs(stats.roundTripMs));
      set('Jitter', formatMs(stats.jitterMs));
      set('Buffered', stats.jitterBufferMs === undefined ? '–' : formatMs(stats.jitterBufferMs));
      set('Lost', String(stats.packetsLost));
    },
  };
}

function drawTurn(timing: TurnTiming): HTMLLIElement {
  const ledger = partsOf(timing);
  const totalMs = ledger?.totalMs ?? timing.heardMs;
  const scaleMs = Math.max(LEAST_SCALE_MS, totalMs ?? 0);
  const rows = (ledger?.parts ?? []).map(({ label, fromMs, ms }) => {
    const bar = h('span', { class: 'latency__bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--from', (fromMs / scaleMs).toFixed(3));
    bar.style.setProperty('--part', (ms / scaleMs).toFixed(3));
    return h(
      'li',
      {},
      h('span', { class: 'latency__label' }, label),
      bar,
      h('span', { class: 'latency__ms' }, formatMs(ms)),
    );
  });
  const name = timing.turnId === undefined ? 'Turn' : `Turn ${timing.turnId}`;
  const total = totalMs === undefined ? '' : `${ledger?.isEstimate === true ? '≈ ' : ''}${formatMs(totalMs)}`;
  return h(
    'li',
    { class: 'latency__turn' },
    h('p', {}, h('span', {}, name), h('strong', {}, total)),
    h('ul', {}, ...rows),
  );
}
