import { describe, expect, it } from 'vitest';
import { en } from '../../web-demo/src/i18n/en.js';
import {
  describeEnd,
  describeMicrophoneFailure,
  describeProblem,
  describeStartFailure,
  describeStatus,
  type StatusInput,
} from '../../web-demo/src/model/status.js';

const live: StatusInput = {
  phase: 'live',
  agentState: 'listening',
  pictureShown: true,
  pictureStalled: false,
  microphone: 'on',
};

describe('describeStatus', () => {
  it('follows the avatar once its picture is there', () => {
    expect(describeStatus(live, en).tone).toBe('listening');
    expect(describeStatus({ ...live, agentState: 'thinking' }, en).tone).toBe('thinking');
    expect(describeStatus({ ...live, agentState: 'speaking' }, en).tone).toBe('speaking');
    expect(describeStatus({ ...live, pictureShown: false }, en).tone).toBe('connecting');
  });

  it('puts a broken connection before everything else, and a picture that stands still before what is said', () => {
    const stalled = { ...live, pictureStalled: true, agentState: 'speaking' } as const;
    expect(describeStatus(stalled, en).tone).toBe('recovering');
    expect(describeStatus({ ...stalled, phase: 'reconnecting' }, en).tone).toBe('reconnecting');
  });

  it('does not claim to listen without a microphone', () => {
    expect(describeStatus({ ...live, microphone: 'muted' }, en)).toEqual({ tone: 'idle', label: en.status.muted });
    expect(describeStatus({ ...live, microphone: 'off' }, en)).toEqual({ tone: 'idle', label: en.status.ready });
  });
});

describe('describeEnd', () => {
  it('says why, also for reasons that a newer server may give', () => {
    expect(describeEnd('idle', en)).toBe(en.end.idle);
    expect(describeEnd('lost', en)).toBe(en.end.lost);
    expect(describeEnd('something-new' as 'idle', en)).toBe(en.end.other);
    expect(describeEnd('constructor' as 'idle', en)).toBe(en.end.other);
    expect(describeEnd(undefined, en)).toBe(en.end.other);
  });
});

describe('describeStartFailure', () => {
  it('tells a server that is away from a page that may not and from everything else', () => {
    expect(describeStartFailure('unreachable', en)).toBe(en.end.unreachable);
    expect(describeStartFailure('unauthorized', en)).toBe(en.end.notAllowed);
    expect(describeStartFailure('something-new', en)).toBe(en.end.notStarted);
  });
});

describe('describeProblem', () => {
  it('says whether it mends itself', () => {
    expect(describeProblem({ code: 'unavailable', retryable: true }, en)).toBe(en.problem.recovering);
    expect(describeProblem({ code: 'bad-request', retryable: false }, en)).toBe(en.problem.other);
    expect(describeProblem({ code: 'too-many-requests', retryable: true }, en)).toBe(en.problem.tooFast);
  });
});

describe('describeMicrophoneFailure', () => {
  it('blames the address of the page where browsers give no microphone because of it', () => {
    expect(describeMicrophoneFailure('absent', false, en)).toBe(en.microphoneProblem.insecure);
    expect(describeMicrophoneFailure('absent', true, en)).toBe(en.microphoneProblem.absent);
    expect(describeMicrophoneFailure('silent', true, en)).toBe(en.microphoneProblem.silent);
  });
});
