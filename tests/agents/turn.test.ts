import { describe, expect, it } from 'vitest';
import { DEFAULT_TURN_SETTINGS, type TurnDecision, TurnMachine } from '../../src/agents/turn.js';

/** Plays a script into a machine: `s` a voiced window, `.` a silent one, 32 ms each. Text in braces arrives as a transcript. */
function play(
  script: string,
  o: { audible?: boolean | ((ms: number) => boolean) } = {},
): { decisions: TurnDecision[]; machine: TurnMachine } {
  const machine = new TurnMachine();
  const decisions: TurnDecision[] = [];
  let ms = 0;
  const audible = () => (typeof o.audible === 'function' ? o.audible(ms) : (o.audible ?? false));
  for (const [token] of script.matchAll(/\{[^}]*\}|[s.]/g)) {
    if (token.startsWith('{')) decisions.push(...machine.transcript(token.slice(1, -1), ms, audible()));
    else {
      ms += 32;
      decisions.push(...machine.window(token === 's' ? 0.95 : 0.02, ms, audible()));
    }
  }
  return { decisions, machine };
}

const types = (script: string, o: { audible?: boolean | ((ms: number) => boolean) } = {}) =>
  play(script, o).decisions.map((d) => d.type);
const speech = (ms: number) => 's'.repeat(Math.round(ms / 32));
const silence = (ms: number) => '.'.repeat(Math.round(ms / 32));

describe('an ordinary turn', () => {
  it('begins after two voiced windows, dated back to the first', () => {
    const { decisions } = play(`${silence(96)}ss`);
    expect(decisions).toEqual([{ type: 'onset', onsetMs: 96, overVoice: false }]);
  });

  it('ignores a single voiced window', () => {
    expect(types('..s....s...')).toEqual([]);
  });

  it('starts working 64 ms into the silence and ends after the time for finished words', () => {
    const { decisions } = play(`${speech(960)}..{What does it cost?}${silence(640)}`);
    expect(decisions.map((d) => d.type)).toEqual(['onset', 'pause', 'end']);
    const end = decisions.at(-1);
    expect(end).toMatchObject({ lastVoicedMs: 960 });
    expect((end as { atMs: number }).atMs - 960).toBeGreaterThanOrEqual(DEFAULT_TURN_SETTINGS.completeMs);
    expect((end as { atMs: number }).atMs - 960).toBeLessThan(DEFAULT_TURN_SETTINGS.completeMs + 64);
  });

  it('waits longer for words that sound unfinished', () => {
    expect(types(`${speech(960)}..{I would like to book a}${silence(960)}`)).toEqual(['onset', 'pause']);
    expect(types(`${speech(960)}..{I would like to book a}${silence(1300)}`)).toEqual(['onset', 'pause', 'end']);
  });

  it('voids what was begun when the speaker goes on, and begins again at the next pause', () => {
    const script = `${speech(640)}${silence(256)}${speech(640)}..{Yes.}${silence(640)}`;
    expect(types(script)).toEqual(['onset', 'pause', 'continue', 'pause', 'end']);
  });

  it('does not take a click in the silence for going on', () => {
    expect(types(`${speech(640)}..{Yes.}....s${silence(640)}`)).toEqual(['onset', 'pause', 'end']);
  });

  it('gives a speaker who pauses long within a turn that time again', () => {
    const { machine } = play(`${speech(640)}${silence(640)}${speech(640)}..{Yes.}`);
    expect(machine.requiredSilenceMs()).toBeGreaterThan(DEFAULT_TURN_SETTINGS.completeMs);
    expect(machine.requiredSilenceMs()).toBeLessThanOrEqual(DEFAULT_TURN_SETTINGS.unfinishedMs);
  });

  it('discards a sound in which no words were found', () => {
    expect(types(`${speech(320)}..{}${silence(640)}`)).toEqual(['onset', 'pause', 'discard']);
  });

  it('is not discarded for a cough before it whose words were asked for first', () => {
    const script = `${speech(160)}..{}${silence(64)}${speech(960)}..${silence(1300)}`;
    expect(types(script)).toEqual(['onset', 'pause', 'continue', 'pause', 'end']);
  });

  it('is ready for the next turn after each end', () => {
    const turn = `${speech(640)}..{Yes.}${silence(640)}`;
    expect(types(turn + turn)).toEqual(['onset', 'pause', 'end', 'onset', 'pause', 'end']);
  });
});

describe('speech into the avatar’s voice', () => {
  const over = { audible: true };

  it('ducks at the onset, within 200 ms', () => {
    const { decisions } = play('sss', over);
    const duck = decisions.find((d) => d.type === 'duck') as { atMs: number; onsetMs: number };
    expect(duck.atMs - duck.onsetMs).toBeLessThanOrEqual(200);
  });

  it('ducks for a single window that is surely speech, and goes on when nothing follows', () => {
    const list = types(`s${silence(320)}`, over);
    expect(list.filter((t) => t !== 'pause')).toEqual(['onset', 'duck', 'resume']);
  });

  it('stops for a question as soon as its words are known', () => {
    const list = types(`${speech(320)}{But what does it}`, over);
    expect([...new Set(list)]).toEqual(['onset', 'duck', 'classify', 'stop']);
  });

  it('stops within 500 ms for insistent speech without known words', () => {
    const { decisions } = play(speech(640), over);
    const stop = decisions.find((d) => d.type === 'stop') as { atMs: number; onsetMs: number };
    expect(stop.atMs - stop.onsetMs).toBeLessThanOrEqual(500);
  });

  it('goes on after a backchannel and makes no turn of it', () => {
    const list = types(`${speech(320)}{Mm-hmm.}${silence(960)}`, over);
    expect(list).toContain('resume');
    expect(list).not.toContain('stop');
    expect(list.at(-1)).toBe('discard');
    expect(list).not.toContain('end');
  });

  it('does not stop for one word misheard in its beginning', () => {
    const list = types(`${speech(224)}{Rye.}${speech(128)}{Right.}${silence(960)}`, over);
    expect(list).toContain('resume');
    expect(list).not.toContain('stop');
  });

  it('stops for three words at once, and for two that are heard again', () => {
    expect(types(`${speech(256)}{What does it cost}`, over).at(-1)).toBe('stop');
    expect(types(`${speech(256)}{The price}`, over)).not.toContain('stop');
    expect(types(`${speech(256)}{The price}${speech(96)}{The price}`, over)).toContain('stop');
  });

  it('waits for the text of a word that has just ended', () => {
    const list = types(`${speech(352)}......{Right.}${silence(640)}`, { audible: true });
    expect(list).not.toContain('stop');
  });

  it('goes on after a cough within 500 ms of its onset', () => {
    const { decisions } = play(`${speech(128)}${silence(960)}`, over);
    const resume = decisions.find((d) => d.type === 'resume') as { atMs: number; onsetMs: number };
    expect(resume.atMs - resume.onsetMs).toBeLessThanOrEqual(500);
    expect(decisions.some((d) => d.type === 'stop')).toBe(false);
  });

  it('still stops when a tolerated backchannel grows into a question', () => {
    const list = types(`${speech(320)}{Yeah.}${speech(320)}{Yeah, but what about the price}`, over);
    expect(list).toContain('resume');
    expect(list.at(-1)).toBe('stop');
  });

  it('stops at once for "wait", however short', () => {
    expect(types(`${speech(128)}{Wait.}`, over)).toContain('stop');
  });

  it('waits after a bare "wait" for what it was said for', () => {
    const call = (text: string) => types(`${speech(128)}{${text}}${silence(64)}{${text}}${silence(800)}`, over);
    expect(call('Wait.')).not.toContain('end');
    expect(call('Wait a minute please.').at(-1)).toBe('end');
    expect(types(`${speech(128)}{Wait.}${silence(64)}{Wait.}${silence(1_300)}`, over).at(-1)).toBe('end');
  });

  it('keeps what was said while the avatar went on, for words that come late to decide on', () => {
    const { decisions } = play(`${speech(256)}${silence(960)}`, over);
    expect(decisions.map(({ type }) => type)).toContain('resume');
    expect(decisions.at(-1)).toMatchObject({ type: 'end', overVoice: true, doubtful: true });
    expect(types(`${speech(256)}..{}${silence(960)}`, over).at(-1)).toBe('discard');
  });

  it('makes an ordinary turn of it when the avatar finished meanwhile', () => {
    const list = types(`${speech(960)}..{What does it cost?}${silence(640)}`, { audible: (ms) => ms < 200 });
    expect(list.at(-1)).toBe('end');
    expect(list).not.toContain('stop');
  });

  it('ends the turn after an interruption like any other', () => {
    const list = types(`${speech(320)}{Stop it please}${speech(640)}..{Stop it please.}${silence(640)}`, {
      audible: (ms) => ms < 400,
    });
    expect(list.filter((t) => t === 'stop')).toHaveLength(1);
    expect(list.at(-1)).toBe('end');
  });
});

describe('any sequence of windows', () => {
  it('alternates onset and end or discard, and never decides an overlap twice', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let run = 0; run < 200; run++) {
      const machine = new TurnMachine();
      let open = false;
      let stops = 0;
      let level = 0;
      for (let ms = 32; ms < 20_000; ms += 32) {
        if (random() < 0.12) level = random() < 0.5 ? 0.95 : 0.05;
        const decisions = machine.window(level, ms, random() < 0.5);
        if (random() < 0.03)
          decisions.push(...machine.transcript(random() < 0.5 ? 'Mm-hmm.' : 'What is that?', ms, true));
        for (const decision of decisions) {
          if (decision.type === 'onset') {
            expect(open).toBe(false);
            open = true;
            stops = 0;
          } else expect(open).toBe(true);
          if (decision.type === 'stop') expect(++stops).toBe(1);
          if (decision.type === 'end' || decision.type === 'discard') open = false;
        }
      }
    }
  });
});
