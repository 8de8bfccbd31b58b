import { describe, expect, it } from 'vitest';
import { DEFAULT_TURN_SETTINGS, type TurnDecision, TurnMachine } from '../../src/agents/turn.js';
import { turnSettingsOf } from '../../src/agents/turn-modes.js';
import { TURN_TAKING, type TurnTaking } from '../../src/turn-taking.js';

const STANDARD = { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 };

describe('the settings of a mode', () => {
  it('balanced are the machine’s own, but for words that are undecided', () => {
    expect(turnSettingsOf('balanced', STANDARD)).toEqual({ ...DEFAULT_TURN_SETTINGS, openMs: 720 });
  });

  it('wait less in an eager one and longer in a patient one, at every kind of pause', () => {
    const [eager, balanced, patient] = (['eager', 'balanced', 'patient'] as const).map((mode) =>
      turnSettingsOf(mode, STANDARD),
    );
    for (const name of ['questionMs', 'completeMs', 'openMs', 'unfinishedMs', 'decideMs', 'insistMs'] as const) {
      expect(eager?.[name], name).toBeLessThan(balanced?.[name] ?? 0);
      expect(patient?.[name], name).toBeGreaterThan(balanced?.[name] ?? 0);
    }
  });

  it.each(TURN_TAKING)('follow the operator’s times and stay in order (%s)', (mode) => {
    for (const min of [100, 400, 5_000]) {
      const s = turnSettingsOf(mode, { endOfTurnMs: { min, max: Math.max(min, 1_200) }, interruptionMs: 100 });
      expect(s.questionMs).toBeLessThanOrEqual(s.completeMs);
      expect(s.completeMs).toBeLessThanOrEqual(s.openMs);
      expect(s.openMs).toBeLessThanOrEqual(s.unfinishedMs);
      expect(s.questionMs).toBeGreaterThan(s.speculateMs);
    }
  });
});

/** `s` a voiced window, `.` a silent one; `[` the key is pressed, `]` released. Decisions with the time since the beginning. */
function play(script: string, mode: TurnTaking = 'push-to-talk', audible = false): TurnDecision[] {
  const machine = new TurnMachine(turnSettingsOf(mode, STANDARD));
  let atMs = 0;
  return [...script].flatMap((token) => {
    if (token === '[' || token === ']') return machine.take({ type: 'key', atMs, pressed: token === '[', audible });
    atMs += 32;
    return machine.take({ type: 'window', atMs, probability: token === 's' ? 0.95 : 0.02, audible });
  });
}
const types = (...o: Parameters<typeof play>): string[] => play(...o).map(({ type }) => type);
const speech = (ms: number) => 's'.repeat(Math.round(ms / 32));
const silence = (ms: number) => '.'.repeat(Math.round(ms / 32));

describe('push-to-talk', () => {
  it('hears nothing without the key', () => {
    expect(types(`${speech(2_000)}${silence(2_000)}${speech(500)}`)).toEqual([]);
  });

  it('ends no turn while the key is held, however long the pause, and works in it', () => {
    expect(types(`[${speech(640)}${silence(4_000)}${speech(320)}${silence(640)}`)).toEqual([
      ...['onset', 'pause', 'continue', 'pause'],
    ]);
  });

  it('ends the turn soon after the release when the voice had ended', () => {
    const decisions = play(`[${speech(640)}${silence(320)}]${silence(640)}`);
    const end = decisions.at(-1);
    expect(end).toMatchObject({ type: 'end', lastVoicedMs: 640, overVoice: false });
    expect((end as { atMs: number }).atMs).toBe(960 + 128);
  });

  it('waits for sound that was on its way when the key was released, but not for ever', () => {
    expect(play(`[${speech(320)}]${speech(96)}${silence(640)}`).at(-1)).toMatchObject({
      type: 'end',
      lastVoicedMs: 416,
    });
    expect(play(`[${speech(320)}]${speech(3_000)}`).at(-1)).toMatchObject({ type: 'end', atMs: 640 });
  });

  it('hears a word that was so short that the key was released before it came', () => {
    expect(types(`[.]..${speech(64)}${silence(640)}`)).toEqual(['onset', 'pause', 'end']);
  });

  it('makes no turn of a press without a word', () => {
    expect(types(`[${silence(960)}]${silence(640)}`)).toEqual(['onset', 'discard']);
  });

  it('goes on with the turn when the key is pressed again at once', () => {
    expect(
      types(`[${speech(320)}].[${speech(640)}${silence(640)}]${silence(320)}`).filter((t) => t === 'end'),
    ).toHaveLength(1);
  });

  it('stops the avatar with the press, before a word is said', () => {
    expect(play('...[', 'push-to-talk', true)).toEqual([
      { type: 'onset', onsetMs: 96, overVoice: false },
      { type: 'stop', onsetMs: 96, atMs: 96 },
    ]);
  });

  it('ends by itself when the key is never released', () => {
    expect(types(`[${speech(62_000)}`).at(-1)).toBe('end');
  });

  it('does not mind keys that are pressed twice or released without being pressed', () => {
    expect(types(`]..[[${speech(320)}]]${silence(640)}]`)).toEqual(['onset', 'pause', 'end']);
  });

  it('is nothing in any other mode', () => {
    for (const mode of TURN_TAKING.filter((name) => name !== 'push-to-talk')) {
      expect(types('[....]....', mode)).toEqual([]);
    }
  });
});

describe('a visitor who was kept off the floor', () => {
  it('does not stop the avatar with one window after it', () => {
    const machine = new TurnMachine();
    machine.window(0.02, 32, true);
    machine.reset();
    const decisions = machine.window(0.95, 10_000, true);
    expect(decisions.map(({ type }) => type)).toEqual(['onset', 'duck']);
    expect(decisions[0]).toMatchObject({ onsetMs: 9_936 });
  });
});
