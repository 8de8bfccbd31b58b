import { describe, expect, it } from 'vitest';
import { SENTENCES, soundsOf } from '../../../src/bench/face/script.js';
import { EnglishG2p } from '../../../src/inference/speech/g2p.js';
import { PHONEME_SYMBOLS } from '../../../src/inference/speech/g2p-arpabet.js';
import { normalise } from '../../../src/inference/speech/normalise.js';
import { utterances } from '../../../src/inference/speech/phonemes.js';
import { placeScenes } from '../../../src/worker/avatar/performance.js';
import type { Recital } from '../../../src/worker/avatar/recital.js';

describe('the sentences of bench:face', () => {
  it('hold every sound that the pronunciation knows', async () => {
    const g2p = await EnglishG2p.create();
    const said = new Set<string>();
    for (const text of SENTENCES) {
      const words = normalise(text, { isWord: (word) => g2p.isWord(word) });
      for (const { units } of utterances(words, g2p, 400)) for (const { symbol } of units) said.add(symbol);
    }
    expect(PHONEME_SYMBOLS.filter((symbol) => !said.has(symbol))).toEqual([]);
  });
});

describe('soundsOf', () => {
  const recital: Recital = {
    text: 'Mama.',
    parts: [
      {
        startMs: 100,
        speech: {
          durationMs: 300,
          loudness: new Float32Array(30),
          phonemes: [
            { symbol: 'm', startMs: 20, endMs: 80 },
            { symbol: 'ɑ', startMs: 80, endMs: 200 },
          ],
        },
        words: [{ text: 'Mama.', startMs: 20, endMs: 200 }],
      },
    ],
    durationMs: 400,
    samples: new Float32Array(19_200),
  };

  it('puts each sound on the clock of the whole performance, with its word', () => {
    const placed = placeScenes(
      [
        { kind: 'silence', state: 'idle', durationMs: 1_000 },
        { kind: 'speech', recital },
      ],
      25,
    );
    expect(soundsOf(placed, 25)).toEqual([
      { symbol: 'm', startMs: 1_120, endMs: 1_180, word: 'Mama.' },
      { symbol: 'ɑ', startMs: 1_180, endMs: 1_300, word: 'Mama.' },
    ]);
  });

  it('leaves out speech that is broken off', () => {
    expect(soundsOf(placeScenes([{ kind: 'speech', recital, interruptAtMs: 150 }], 25), 25)).toEqual([]);
  });
});
