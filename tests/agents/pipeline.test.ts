import { beforeEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { History } from '../../src/agents/history.js';
import { Listener } from '../../src/agents/listener.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { Pipeline } from '../../src/agents/pipeline.js';
import { Voice } from '../../src/agents/voice.js';
import { VisavisError } from '../../src/errors.js';
import {
  ScriptedAgent,
  ScriptedFace,
  ScriptedOutput,
  ScriptedRecognition,
  ScriptedSynthesiser,
  ScriptedVad,
} from '../support/scripted-engines.js';

const LEDGER_MARKS = [
  'speculationMs',
  'turnEndMs',
  'transcriptMs',
  'firstTextMs',
  'firstSegmentMs',
  'firstAudioMs',
  'firstSentMs',
] as const;
const APOLOGY = 'Sorry, please go on.';

class Bench {
  readonly events: ConversationEvent[] = [];
  readonly agent = new ScriptedAgent();
  readonly synthesiser = new ScriptedSynthesiser();
  readonly output = new ScriptedOutput();
  readonly face = new ScriptedFace();
  readonly history = new History();
  readonly recognition = new ScriptedRecognition();
  readonly voice: Voice = new Voice(this.output, this.face, (event) => this.pipeline.handleVoice(event));
  readonly pipeline: Pipeline = new Pipeline({
    agent: this.agent,
    synthesiser: this.synthesiser,
    pace: new SynthesisPace(),
    history: this.history,
    voice: this.voice,
    apology: APOLOGY,
    speechRate: 0.95,
    onState: (state) => this.face.setState(state),
    onVisitorPause: () => this.face.visitorPaused(),
    emit: (event) => this.events.push(event),
  });
  readonly listener = this.listen('ann', this.recognition);

  listen(participantId: string, recognition: ScriptedRecognition): Listener {
    return new Listener({
      vad: new ScriptedVad(),
      recognition,
      avatarAudible: () => this.pipeline.hasFloor,
      mayBegin: () => this.pipeline.mayBegin(participantId),
      onEvent: (event) => this.pipeline.handleListener(participantId, event),
    });
  }

  async hear(windows: number, probability: number, listener = this.listener): Promise<void> {
    for (let i = 0; i < windows; i++) {
      listener.push(new Float32Array(512).fill(probability));
      await settle();
    }
  }
  speech = (ms: number) => this.hear(Math.round(ms / 32), 0.95);
  silence = (ms: number) => this.hear(Math.round(ms / 32), 0);

  /** A whole turn: half a second of speech, then silence until its end. */
  async turn(text: string): Promise<void> {
    this.recognition.text = text;
    await this.speech(512);
    await this.silence(640);
  }
  play(maxWords?: number): void {
    for (const event of this.output.play(maxWords)) this.voice.handlePacer(event);
  }
  of<T extends ConversationEvent['type']>(type: T) {
    return this.events.filter((event): event is Extract<ConversationEvent, { type: T }> => event.type === type);
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('a turn', () => {
  it('speaks at the pace that the session asks for', async () => {
    const bench = new Bench();
    await bench.turn('Can you help me?');
    expect(bench.synthesiser.speeds.length).toBeGreaterThan(0);
    expect(new Set(bench.synthesiser.speeds)).toEqual(new Set([0.95]));
  });

  it('is transcribed once, answered, heard and remembered', async () => {
    bench.agent.answer = () => 'It costs nothing at all.';
    await bench.turn('What does it cost?');
    bench.play();
    await settle();
    expect(bench.of('transcript').filter((e) => e.final)).toMatchObject([
      { text: 'What does it cost?', participantId: 'ann' },
    ]);
    expect(bench.of('caption').map((e) => e.word)).toEqual(['It', 'costs', 'nothing', 'at', 'all.']);
    expect(bench.of('utterance-end')).toMatchObject([{ text: 'It costs nothing at all.', interrupted: false }]);
    expect(bench.history.messages).toEqual([
      { role: 'user', text: 'What does it cost?' },
      { role: 'assistant', text: 'It costs nothing at all.' },
    ]);
    expect(bench.face.states).toEqual(['listening', 'thinking', 'speaking', 'idle']);
  });

  it('is prepared during the silence, and not heard before the decision', async () => {
    bench.recognition.text = 'What does it cost?';
    await bench.speech(512);
    await bench.silence(160);
    expect(bench.synthesiser.spoken).toHaveLength(1);
    expect(bench.output.segments).toHaveLength(0);
    expect(bench.history.messages).toHaveLength(0);
    await bench.silence(512);
    expect(bench.output.segments).toHaveLength(1);
    expect(bench.agent.asked).toHaveLength(1);
    bench.play();
    expect(bench.of('latency')[0]?.latency.speculationUsed).toBe(true);
    const [event] = bench.of('latency');
    expect(event).toMatchObject({ turnId: 1, participantId: 'ann' });
    for (const name of LEDGER_MARKS) expect(event?.latency[name], name).toBeTypeOf('number');
  });

  it('throws the prepared reply away without trace when the speaker goes on', async () => {
    bench.recognition.text = 'What does it';
    await bench.speech(512);
    await bench.silence(160);
    bench.recognition.text = 'What does it cost in euros?';
    await bench.speech(512);
    expect(bench.agent.aborted).toBe(1);
    await bench.silence(640);
    expect(bench.agent.asked.at(-1)).toEqual([{ role: 'user', text: 'What does it cost in euros?' }]);
    bench.play();
    expect(bench.history.messages).toHaveLength(2);
    expect(bench.of('utterance-end')).toHaveLength(1);
  });

  it('in which nothing was understood leaves no message and no reply', async () => {
    await bench.turn('');
    expect(bench.agent.asked).toHaveLength(0);
    expect(bench.history.messages).toHaveLength(0);
    expect(bench.pipeline.state).toBe('idle');
  });
});

describe('barge-in', () => {
  const long = 'This answer has a good many words so that one can break into the middle of it.';

  it('stops the voice, keeps what was heard and answers the new question', async () => {
    bench.agent.answer = () => long;
    await bench.turn('Tell me all about it.');
    bench.play(4);
    bench.agent.answer = () => 'Nothing.';
    await bench.turn('Wait, what does it cost?');
    expect(bench.of('interruption').map((e) => e.phase)).toEqual(['ducked', 'stopped']);
    expect(bench.output.cleared).toBe(1);
    expect(bench.face.interrupts).toBe(1);
    expect(bench.history.messages.slice(0, 3)).toEqual([
      { role: 'user', text: 'Tell me all about it.' },
      { role: 'assistant', text: 'This answer has a', interrupted: true },
      { role: 'user', text: 'Wait, what does it cost?' },
    ]);
    bench.play();
    expect(bench.of('utterance-end').at(-1)).toMatchObject({ text: 'Nothing.', interrupted: false });
  });

  it('ducks for a backchannel and goes on with nothing lost', async () => {
    bench.agent.answer = () => long;
    await bench.turn('Tell me all about it.');
    bench.play(4);
    bench.recognition.text = 'Mm-hmm.';
    await bench.speech(256);
    await bench.silence(640);
    expect(bench.of('interruption').map((e) => e.phase)).toEqual(['ducked', 'resumed']);
    expect(bench.output.gains.at(-1)).toBe(1);
    expect(bench.output.cleared).toBe(0);
    expect(bench.agent.asked).toHaveLength(1);
    expect(bench.history.messages.filter((m) => m.role === 'user')).toHaveLength(1);
  });

  it('by the button stops at once', async () => {
    bench.agent.answer = () => long;
    await bench.turn('Tell me all about it.');
    bench.play(2);
    bench.pipeline.interrupt();
    expect(bench.of('utterance-end')).toMatchObject([{ text: 'This answer', interrupted: true }]);
    expect(bench.pipeline.state).toBe('idle');
  });
});

describe('texts', () => {
  it('are spoken word for word, one after the other, and are bounded', async () => {
    bench.pipeline.say('One two.');
    bench.pipeline.say('Three.');
    await settle();
    bench.play();
    await settle();
    bench.play();
    expect(bench.of('utterance-end').map((e) => e.text)).toEqual(['One two.', 'Three.']);
    for (let i = 0; i < 9; i++) bench.pipeline.say('More.');
    expect(bench.pipeline.say('Too much.')).toBe(false);
  });

  it('that are asked make a turn like spoken ones and interrupt what is said', async () => {
    bench.pipeline.say('One two three four.');
    await settle();
    bench.play(1);
    bench.pipeline.ask('ann', 'What is this?');
    await settle();
    bench.play();
    expect(bench.history.messages.map((m) => m.text)).toEqual(['One', 'What is this?', 'Of course.']);
  });
});

describe('failures', () => {
  it('of the agent are reported and apologised for, and the next turn works', async () => {
    bench.agent.answer = () => new VisavisError('upstream-failed', 'the language API refused');
    await bench.turn('What does it cost?');
    bench.play();
    expect(bench.of('error')).toMatchObject([{ error: { code: 'upstream-failed' } }]);
    expect(bench.of('utterance-end')[0]?.text.length).toBeGreaterThan(10);
    bench.agent.answer = () => 'Nothing.';
    await bench.turn('And what does it cost now?');
    bench.play();
    expect(bench.of('utterance-end').at(-1)?.text).toBe('Nothing.');
  });

  it('of the voice are reported, and the conversation goes back to idle', async () => {
    bench.synthesiser.fail = true;
    await bench.turn('What does it cost?');
    expect(bench.of('error')).toMatchObject([{ error: { code: 'engine-failed' } }]);
    expect(bench.pipeline.state).toBe('idle');
  });
});

describe('the floor', () => {
  it('belongs to the first speaker until their turn ends', async () => {
    const other = new ScriptedRecognition();
    const second = bench.listen('bob', other);
    bench.recognition.text = 'What does it cost?';
    await bench.speech(256);
    await bench.hear(20, 0.95, second);
    expect(other.pushed).toBe(0);
    await bench.silence(640);
    bench.play();
    expect(bench.of('transcript').map((e) => e.participantId)).not.toContain('bob');
  });
});

describe('an apology', () => {
  const heard = () => bench.of('utterance-end').map(({ text }) => text);

  it('is spoken with captions that are marked as an aside, and does not become part of the history', async () => {
    bench.pipeline.apologise();
    await settle();
    bench.play();
    expect(heard()).toEqual([APOLOGY]);
    expect(bench.of('caption').every(({ aside }) => aside === true)).toBe(true);
    expect(bench.of('history')).toEqual([]);
    expect(bench.pipeline.state).toBe('idle');
  });

  it('is not made for a failure that the rest of the turn made good', async () => {
    bench.pipeline.handleListener('ann', { type: 'onset', overVoice: false });
    bench.pipeline.handleListener('ann', { type: 'failed', error: new VisavisError('unavailable', 'not connected') });
    const transcript = { text: 'What does it cost?', audioMs: 900, computeMs: 40 };
    bench.pipeline.handleListener('ann', {
      type: 'turn-end',
      transcript,
      lastVoicedAtMs: 0,
      marks: {},
      overVoice: false,
    });
    await settle();
    bench.play();
    await settle();
    bench.play();
    expect(heard()).toEqual(['Of course.']);
  });

  it('is left out while someone has the floor', async () => {
    await bench.speech(512);
    bench.pipeline.apologise();
    await settle();
    expect(bench.synthesiser.spoken).toEqual([]);
    bench.recognition.text = 'What does it cost?';
    await bench.silence(640);
    bench.pipeline.apologise();
    await settle();
    bench.play();
    expect(heard()).not.toContain(APOLOGY);
  });

  it('follows a turn that could not be recognised', async () => {
    bench.recognition.gate = Promise.reject(new VisavisError('unavailable', 'the speech worker is not connected'));
    bench.recognition.gate.catch(() => undefined);
    await bench.speech(512);
    await bench.silence(1_500);
    await settle();
    bench.play();
    expect(bench.of('error')).not.toEqual([]);
    expect(heard()).toEqual([APOLOGY]);
  });

  it('follows a reply that could not be spoken, and is not tried without end when it cannot be spoken either', async () => {
    bench.synthesiser.fail = true;
    await bench.turn('What does it cost?');
    await settle();
    expect(bench.of('error')).toHaveLength(1);
    bench.synthesiser.fail = false;
    await settle();
    bench.play();
    expect(heard()).not.toContain(APOLOGY);
    expect(bench.pipeline.state).toBe('idle');
  });

  it('does not follow a prepared reply that could not be spoken and was not wanted in the end', async () => {
    bench.synthesiser.fail = true;
    bench.recognition.text = 'What does it';
    await bench.speech(512);
    await bench.silence(160);
    bench.synthesiser.fail = false;
    bench.recognition.text = 'What does it cost in euros?';
    await bench.speech(512);
    await bench.silence(640);
    bench.play();
    await settle();
    expect(heard()).toHaveLength(1);
    expect(heard()).not.toContain(APOLOGY);
  });
});
