import { describe, expect, it } from 'vitest';
import { readTurnTrace, type Trace } from '../../src/agents/turn-trace-reader.js';
import { placeLabels, textWidth } from '../../src/turns/labels.js';
import { drawTrace } from '../../src/turns/svg.js';
import { timelineOf } from '../../src/turns/timeline.js';
import { sampleConversation } from '../support/recorded-conversation.js';

const sample = async (): Promise<Trace> => readTurnTrace((await sampleConversation()).sink.text);

/** Texts of the picture, entities resolved. */
const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>(?:<title>.*?<\/title>)?(.*?)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );

describe('the timeline of a conversation', () => {
  it('has its turns, the words as they came, what was ducked and what was heard of the avatar', async () => {
    const timeline = timelineOf(await sample());
    expect(timeline.turns.map(({ isTurn }) => isTurn)).toEqual([true, false, true, false]);
    expect(timeline.words.filter(({ isFinal }) => isFinal).map(({ text }) => text)).toEqual([
      'What does it cost in a year?',
      'Wait, what about the voices?',
    ]);
    expect(timeline.words.filter(({ isFinal }) => !isFinal).length).toBeGreaterThan(4);
    expect(timeline.ducked.length).toBeGreaterThanOrEqual(2);
    for (const { fromMs, toMs } of [...timeline.ducked, ...timeline.turns, ...timeline.speech]) {
      expect(toMs).toBeGreaterThanOrEqual(fromMs);
    }
    const cut = timeline.speech.filter(({ toMs, heardToMs }) => heardToMs < toMs);
    expect(cut.length).toBeGreaterThan(0);
    expect(timeline.speech.at(-1)).toMatchObject({ text: 'of them.' });
    expect(timeline.speech.at(-1)?.heardToMs).toBe(timeline.speech.at(-1)?.toMs);
  });
});

describe('the picture of a trace', () => {
  it('is well-formed, holds for light and dark, and says what was decided', async () => {
    const svg = drawTrace(await sample(), 'a <b> & "c"\u0007');
    expect(svg).toMatch(/^<svg xmlns=.*<\/svg>\n$/s);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).not.toContain('\u0007');
    const opened = [...svg.matchAll(/<(\w+)[^>]*[^/]>|<(\w+)>/g)].length;
    expect(opened).toBe([...svg.matchAll(/<\/\w+>/g)].length);
    const texts = textsOf(svg);
    expect(texts[0]).toBe('a <b> & "c" ');
    for (const label of ['onset', 'pause', 'goes on', 'duck']) expect(texts).toContain(label);
    expect(texts.some((text) => text.startsWith('stop '))).toBe(true);
    expect(texts.some((text) => text.startsWith('resume'))).toBe(true);
  });

  it('is one line where nobody speaks, and bounded in rows', async () => {
    const { header } = await sample();
    const line = (o: object) => `${JSON.stringify(o)}\n`;
    let text = line(header);
    for (let ms = 32; ms < 200_000; ms += 32)
      text += line({ type: 'window', atMs: ms, probability: 0.1, audible: false });
    expect(textsOf(drawTrace(readTurnTrace(text), 't')).filter((t) => t.includes('nobody speaks'))).toHaveLength(1);
    for (let ms = 200_000; ms < 1_200_000; ms += 5_000)
      text += line({ type: 'transcript', atMs: ms, text: `${ms} yes.`, audible: false });
    const svg = drawTrace(readTurnTrace(text), 't');
    expect(textsOf(svg).some((t) => t.includes('--from goes on'))).toBe(true);
  });

  it('shows the part that is asked for', async () => {
    const texts = textsOf(drawTrace(await sample(), 't', { fromS: 2, toS: 3 }));
    expect(texts).toContain('2 s');
    expect(texts).not.toContain('1 s');
  });
});

describe('labels', () => {
  it('never run into each other, nor over the edge', () => {
    let seed = 5;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let run = 0; run < 300; run++) {
      const items = Array.from({ length: 20 }, () => ({
        x: random() * 800,
        text: 'words and more'.slice(0, 2 + random() * 12),
      }));
      items.sort((a, b) => a.x - b.x);
      const placed = placeLabels(items, 3, 820);
      expect(placed).toHaveLength(20);
      for (let lane = 0; lane < 3; lane++) {
        const shown = placed.filter((p) => p.lane === lane && p.text !== '');
        for (const [i, { x, text }] of shown.entries()) {
          const end = x + textWidth(text);
          expect(end).toBeLessThanOrEqual(Math.min(821, shown[i + 1]?.x ?? 821));
        }
      }
    }
  });
});
