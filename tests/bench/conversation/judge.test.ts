import { describe, expect, it } from 'vitest';
import { figuresOf, judged, wilson } from '../../../src/bench/conversation/figures.js';
import {
  judgeScene,
  type ListenOutcome,
  type OverlapOutcome,
  type TurnOutcome,
} from '../../../src/bench/conversation/judge.js';
import { plainWords, wordErrors } from '../../../src/bench/conversation/words.js';
import { final, interruption, keptScene, turn, utterance } from './scenes.js';

const PAUSED = 'I need it | on Monday | if you can.';
const steps = [
  {
    step: turn(PAUSED),
    fromMs: 1_000,
    toMs: 4_000,
    pauses: [
      { fromMs: 1_800, toMs: 2_300 },
      { fromMs: 2_900, toMs: 3_400 },
    ],
    endMs: 7_000,
  },
];
const visitor = [
  [1_000, 1_800],
  [2_300, 2_900],
  [3_400, 4_000],
] as const;

describe('a turn with pauses', () => {
  it('that is answered at its end is timed from the last sound to the first', () => {
    const events = [final(4_400, 'I need it on Monday if you can.')];
    const [outcome] = judgeScene(keptScene({ lengthMs: 7_500, visitor, avatar: [[4_612, 6_000]], events, steps })) as [
      TurnOutcome,
    ];
    expect(outcome).toMatchObject({
      isCutOff: false,
      isSpokenInto: false,
      pauses: 2,
      wordErrors: { errors: 0, words: 8 },
    });
    expect(outcome.responseMs).toBeGreaterThanOrEqual(605);
    expect(outcome.responseMs).toBeLessThanOrEqual(615);
  });

  it('that is ended in its second pause counts two pauses, one of them cut off, and no response', () => {
    const events = [final(3_350, 'I need it on Monday.'), final(4_500, 'If you can.')];
    const [outcome] = judgeScene(keptScene({ lengthMs: 7_500, visitor, avatar: [[4_700, 6_000]], events, steps })) as [
      TurnOutcome,
    ];
    expect(outcome).toMatchObject({ isCutOff: true, pauses: 2, responseMs: undefined });
    expect(outcome.wordErrors.errors).toBe(0);
  });

  it('that was ended in its first pause says nothing about the second', () => {
    const events = [final(2_250, 'I need it.')];
    const [outcome] = judgeScene(keptScene({ lengthMs: 7_500, visitor, events, steps })) as [TurnOutcome];
    expect(outcome).toMatchObject({ isCutOff: true, pauses: 1 });
  });

  it('is not cut off by a final without words', () => {
    const [outcome] = judgeScene(keptScene({ lengthMs: 7_500, visitor, events: [final(2_250, '')], steps })) as [
      TurnOutcome,
    ];
    expect(outcome.isCutOff).toBe(false);
  });

  it('is spoken into when the avatar is heard before its end', () => {
    const [outcome] = judgeScene(keptScene({ lengthMs: 7_500, visitor, avatar: [[3_000, 3_900]], steps })) as [
      TurnOutcome,
    ];
    expect(outcome).toMatchObject({ isSpokenInto: true, responseMs: undefined });
  });

  it('has no answer when none is heard', () => {
    const [outcome] = judgeScene(keptScene({ lengthMs: 7_500, visitor, steps })) as [TurnOutcome];
    expect(outcome).toMatchObject({ answerMs: undefined, responseMs: undefined, isCutOff: false });
  });
});

describe('a sound over the voice', () => {
  const overlap = (kind: 'interruption' | 'backchannel', text: string) => [
    {
      step: { kind: 'overlap' as const, sound: utterance(kind, text), waitMs: 0 },
      fromMs: 2_000,
      toMs: 2_800,
      pauses: [],
      endMs: 4_400,
    },
  ];
  const spoken = [[2_000, 2_800]] as const;

  it('is obeyed when the voice ends soon after', () => {
    const events = [interruption(2_200, 'ducked', 90), interruption(2_500, 'stopped', 448)];
    const [outcome] = judgeScene(
      keptScene({
        lengthMs: 5_000,
        visitor: spoken,
        avatar: [[0, 2_600]],
        events,
        steps: overlap('interruption', 'Wait.'),
      }),
    ) as [OverlapOutcome];
    expect(outcome).toMatchObject({ isInterruption: true, wasSpeaking: true, isStopped: true, decidedMs: 448 });
    expect(outcome.silentMs).toBeGreaterThanOrEqual(595);
    expect(outcome.silentMs).toBeLessThanOrEqual(605);
  });

  it('is not obeyed by a pause that the avatar makes before it is told to stop', () => {
    const events = [interruption(2_900, 'stopped', 448)];
    const [outcome] = judgeScene(
      keptScene({
        lengthMs: 5_000,
        visitor: spoken,
        avatar: [
          [0, 2_100],
          [2_450, 3_000],
        ],
        events,
        steps: overlap('interruption', 'Wait.'),
      }),
    ) as [OverlapOutcome];
    expect(outcome.silentMs).toBeGreaterThanOrEqual(995);
    expect(outcome.silentMs).toBeLessThanOrEqual(1_005);
  });

  it('is ignored when the voice goes on', () => {
    const events = [interruption(2_200, 'ducked', 90), interruption(2_500, 'resumed', 448)];
    const [outcome] = judgeScene(
      keptScene({
        lengthMs: 5_000,
        visitor: spoken,
        avatar: [[0, 5_000]],
        events,
        steps: overlap('backchannel', 'Right.'),
      }),
    ) as [OverlapOutcome];
    expect(outcome).toMatchObject({ isInterruption: false, isStopped: false, silentMs: undefined, decidedMs: 448 });
  });

  it('does not count where the avatar was silent before it', () => {
    const [outcome] = judgeScene(
      keptScene({ lengthMs: 5_000, visitor: spoken, avatar: [[0, 1_000]], steps: overlap('backchannel', 'Right.') }),
    ) as [OverlapOutcome];
    expect(outcome.wasSpeaking).toBe(false);
  });
});

describe('an avatar that hears itself', () => {
  const listen = [
    { step: { kind: 'listen' as const, forMs: 4_000 }, fromMs: 500, toMs: 4_500, pauses: [], endMs: 4_500 },
  ];

  it('interrupts itself when it stops, or takes its words for a visitor', () => {
    for (const event of [interruption(1_200, 'stopped'), final(2_000, 'the house stands')]) {
      const [outcome] = judgeScene(keptScene({ lengthMs: 5_000, events: [event], steps: listen })) as [ListenOutcome];
      expect(outcome.isSelfInterrupted).toBe(true);
    }
  });

  it('does not when it is only ducked', () => {
    const [outcome] = judgeScene(
      keptScene({ lengthMs: 5_000, events: [interruption(1_200, 'ducked')], steps: listen }),
    ) as [ListenOutcome];
    expect(outcome).toMatchObject({ isSelfInterrupted: false, ducked: 1 });
  });
});

describe('the figures of a run', () => {
  const good = judged(
    keptScene({
      lengthMs: 7_500,
      visitor,
      avatar: [[4_600, 6_000]],
      events: [final(4_400, 'I need it on Monday if you can.')],
      steps,
    }),
  );
  const cut = judged(keptScene({ lengthMs: 7_500, visitor, events: [final(2_250, 'I need it.')], steps }));

  it('count cut-offs by pause and leave parts out that were not played', () => {
    const figures = figuresOf([good, good, cut]);
    const of = (goal: string) => figures.find((figure) => figure.goal === goal);
    expect(of('cut-offs')).toMatchObject({ hits: 1, count: 5, value: 20 });
    expect(of('missed-ends')).toMatchObject({ hits: 0, count: 2 });
    expect(of('response-piper')).toMatchObject({ count: 2 });
    expect(of('words-clean')).toMatchObject({ value: 0, count: 16 });
    expect(of('stopped-by-words')).toBeUndefined();
    expect(of('self-6db')).toBeUndefined();
  });

  it('say that a language is not supported when its first sentence is not understood', () => {
    const spanish = (understood: string) => {
      const scene = keptScene({
        scene: { part: 'languages', language: 'es' },
        lengthMs: 7_500,
        visitor,
        events: [final(4_400, understood)],
        steps,
      });
      return figuresOf([judged(scene)])[0];
    };
    expect(spanish('One adult care')?.note).toMatch(/^not supported \(understood "One adult care"\)/);
    expect(spanish('I need it on Monday, if you can')).toMatchObject({ goal: 'words-es', value: 0 });
  });

  it('give the interval in which a share lies', () => {
    const [low, high] = wilson(5, 100);
    expect(low).toBeCloseTo(0.0215, 3);
    expect(high).toBeCloseTo(0.1118, 3);
    expect(wilson(0, 10)[0]).toBe(0);
  });
});

describe('words', () => {
  it('are compared without case, marks, accents and sounds of thinking', () => {
    expect(wordErrors('Um, | can you, uh, tell me?', 'can you tell me')).toEqual({ errors: 0, words: 4 });
    expect(wordErrors('an e-mail about the licence', 'an email about the license').errors).toBe(0);
    expect(plainWords('¿Cuánto es, señor?')).toEqual(['cuanto', 'es', 'senor']);
  });

  it('count as wrong when they are missing, new or others', () => {
    expect(wordErrors('how much does it cost', 'how does it cast now')).toEqual({ errors: 3, words: 5 });
    expect(wordErrors('yes', '')).toEqual({ errors: 1, words: 1 });
    expect(wordErrors('', 'hello')).toEqual({ errors: 1, words: 0 });
  });
});
