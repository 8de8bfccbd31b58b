import { describe, expect, it } from 'vitest';
import {
  advance,
  type ConnectionEvent,
  type ConnectionState,
  initialConnection,
  isLive,
  nextStep,
  type Step,
  TROUBLE_LIMIT_MS,
} from '../../web-demo/src/model/connection-state.js';

const UP: ConnectionEvent = { type: 'socket', socket: 'up' };
const DOWN: ConnectionEvent = { type: 'socket', socket: 'down' };
const transports = (state: 'connecting' | 'connected' | 'disconnected' | 'failed'): ConnectionEvent => ({
  type: 'transports',
  state,
});

const run = (nowMs: number, events: ConnectionEvent[], from: ConnectionState = initialConnection(0)) =>
  events.reduce((state, event) => advance(state, event, nowMs), from);
const good = run(0, [UP, { type: 'joined', mediaKept: false }, { type: 'built' }, transports('connected')]);

const stepAt = (state: ConnectionState, nowMs: number): Step | number => {
  const next = nextStep(state, nowMs);
  return 'step' in next ? next.step : next.waitUntilMs;
};

describe('a connection in which all is well', () => {
  it('is live and asks for nothing', () => {
    expect(isLive(good)).toBe(true);
    expect(stepAt(good, 1e9)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a socket that broke', () => {
  it('is waited for, joined again, and all is well when the server kept the media', () => {
    const broken = run(1_000, [DOWN], good);
    expect(isLive(broken)).toBe(false);
    expect(stepAt(broken, 1_000)).toBe(1_000 + TROUBLE_LIMIT_MS);
    const back = run(1_300, [UP], broken);
    expect(stepAt(back, 1_300)).toBe('join');
    const joined = run(1_350, [{ type: 'joined', mediaKept: true }], back);
    expect(isLive(joined)).toBe(true);
    expect(stepAt(joined, 1_350)).toBe(Number.POSITIVE_INFINITY);
  });

  it('leads to new media when the server kept none', () => {
    const joined = run(1_000, [DOWN, UP, { type: 'joined', mediaKept: false }], good);
    expect(stepAt(joined, 1_000)).toBe('build');
    expect(isLive(run(1_100, [{ type: 'built' }], joined))).toBe(true);
  });

  it('is joined again after a pause when the server was not ready', () => {
    const refused = run(1_000, [DOWN, UP, { type: 'join-failed' }], good);
    expect(stepAt(refused, 1_000)).toBe(2_000);
    expect(stepAt(refused, 2_000)).toBe('join');
  });

  it('that does not come back is given up in the end, however often it was tried', () => {
    let state = run(1_000, [DOWN], good);
    for (let ms = 2_000; ms < 1_000 + TROUBLE_LIMIT_MS; ms += 1_000) {
      state = run(ms, [UP, DOWN], state);
      expect(stepAt(state, ms)).not.toBe('give-up');
    }
    expect(stepAt(state, 1_000 + TROUBLE_LIMIT_MS)).toBe('give-up');
  });
});

describe('media whose path breaks', () => {
  it('may come back by itself within a second, and stays live meanwhile', () => {
    const shaky = run(5_000, [transports('disconnected')], good);
    expect(isLive(shaky)).toBe(true);
    expect(stepAt(shaky, 5_000)).toBe(6_000);
    expect(stepAt(run(5_500, [transports('connected')], shaky), 9_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is mended by an ICE restart after that second, and at once when it failed', () => {
    expect(stepAt(run(5_000, [transports('disconnected')], good), 6_000)).toBe('restart-ice');
    expect(stepAt(run(5_000, [transports('failed')], good), 5_000)).toBe('restart-ice');
  });

  it('gets more time with each restart, and is built anew after the second', () => {
    let state = run(5_000, [transports('failed'), { type: 'restarted' }], good);
    expect(stepAt(state, 5_000)).toBe(8_000);
    expect(stepAt(state, 8_000)).toBe('restart-ice');
    state = run(8_000, [{ type: 'restarted' }], state);
    expect(stepAt(state, 8_000)).toBe(14_000);
    expect(stepAt(state, 14_000)).toBe('build');
  });

  it('is well again once the restart has connected, and starts counting anew', () => {
    const mended = run(5_100, [transports('failed'), { type: 'restarted' }, transports('connected')], good);
    expect(mended).toMatchObject({ media: 'good', restarts: 0, troubleSinceMs: undefined });
  });

  it('is built anew at once when the server lost it', () => {
    const lost = run(5_000, [{ type: 'media-lost' }], good);
    expect(isLive(lost)).toBe(false);
    expect(stepAt(lost, 5_000)).toBe('build');
  });

  it('is built with growing pauses while that fails', () => {
    let state = run(0, [{ type: 'media-lost' }], good);
    const pauses: number[] = [];
    for (let i = 0; i < 5; i++) {
      state = run(0, [{ type: 'build-failed' }], state);
      pauses.push(Number(stepAt(state, 0)));
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 4_000]);
  });
});

describe('a change of network', () => {
  it('restarts ICE although the old path still counts as connected', () => {
    const changed = run(5_000, [{ type: 'network-changed' }, transports('connected')], good);
    expect(stepAt(changed, 5_000)).toBe('restart-ice');
    expect(run(5_100, [{ type: 'restarted' }, transports('connected')], changed).media).toBe('good');
  });

  it('joins first when the socket went with the old network', () => {
    const changed = run(5_000, [{ type: 'network-changed' }, DOWN, UP], good);
    expect(stepAt(changed, 5_000)).toBe('join');
    expect(stepAt(run(5_000, [{ type: 'joined', mediaKept: true }], changed), 5_000)).toBe('restart-ice');
  });

  it('changes nothing while there is no media to mend', () => {
    const lost = run(5_000, [{ type: 'media-lost' }], good);
    expect(run(5_000, [{ type: 'network-changed' }], lost)).toEqual(lost);
  });
});

describe('media that never connects', () => {
  it('is built anew once more, then given up as blocked', () => {
    const starting = run(0, [UP, { type: 'joined', mediaKept: false }, { type: 'built' }]);
    expect(stepAt(starting, 5_000)).toBe(12_000);
    expect(stepAt(starting, 12_000)).toBe('build');
    const again = run(12_000, [{ type: 'built' }], starting);
    expect(stepAt(again, TROUBLE_LIMIT_MS)).toBe('give-up');
    expect(again.wasGood).toBe(false);
  });
});
