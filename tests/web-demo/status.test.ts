import { describe, expect, it } from 'vitest';
import { describeStartFailure, describeStatus, type StatusInput } from '../../web-demo/src/model/status.js';

const live: StatusInput = { phase: 'live', agentState: 'listening', pictureShown: true, microphone: 'on' };

describe('describeStatus', () => {
  it('follows the avatar once its picture is there', () => {
    expect(describeStatus(live).tone).toBe('listening');
    expect(describeStatus({ ...live, agentState: 'thinking' }).tone).toBe('thinking');
    expect(describeStatus({ ...live, agentState: 'speaking' }).tone).toBe('speaking');
    expect(describeStatus({ ...live, pictureShown: false }).tone).toBe('connecting');
  });

  it('puts a broken connection before everything else', () => {
    const broken = describeStatus({ ...live, phase: 'reconnecting', agentState: 'speaking', pictureShown: false });
    expect(broken.tone).toBe('reconnecting');
  });

  it('does not claim to listen without a microphone', () => {
    expect(describeStatus({ ...live, microphone: 'muted' })).toEqual({ tone: 'idle', label: 'Microphone muted' });
    expect(describeStatus({ ...live, microphone: 'off' })).toEqual({ tone: 'idle', label: 'Ready' });
  });
});

describe('describeStartFailure', () => {
  it('tells a full server from one that is away', () => {
    expect(describeStartFailure('unavailable')).toMatch(/taken/);
    expect(describeStartFailure('unreachable')).toMatch(/does not answer/);
    expect(describeStartFailure('something-new')).toMatch(/try again/);
  });
});
