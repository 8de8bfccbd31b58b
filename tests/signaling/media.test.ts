import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

const VISITOR = fileURLToPath(new URL('../support/wrtc-visitor.mjs', import.meta.url));

interface Seen {
  frames: number;
  width: number;
  loudSamples: number;
}

let service: Launched;
const children: ChildProcess[] = [];
afterEach(async () => {
  // wrtc crashes when it ends by itself.
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await service.close();
});

function visit(session: CreatedSession): () => Seen {
  const child = fork(VISITOR, [service.origin, session.token], { execArgv: [] });
  children.push(child);
  let seen: Seen = { frames: 0, width: 0, loudSamples: 0 };
  let failed: string | undefined;
  child.on('message', (message: Seen & { failed?: string }) => {
    if (message.failed === undefined) seen = message;
    else failed = message.failed;
  });
  return () => {
    if (failed !== undefined) throw new Error(failed);
    return seen;
  };
}

describe('media over real WebRTC', () => {
  it('brings picture and voice to the visitor, the microphone to the worker, and greets once media flows', async () => {
    service = await launch();
    const session = await service.createSession({ greeting: 'Welcome.' });
    const watcher = await service.connect();
    await watcher.data('join', { token: (await service.seat(session.sessionId)).token });
    const seen = visit(session);
    await eventually(() => expect(seen()).toMatchObject({ width: 128 }));
    await eventually(() => expect(seen().loudSamples).toBeGreaterThan(10_000));
    const greeting = await watcher.event('utterance-end');
    expect(greeting.text).toBe('started; greeting: You are talking with an AI. Welcome.; history: 0');
    expect(await watcher.event('transcript')).toMatchObject({ text: 'heard', final: true });
  });

  it('flows again by itself after the avatar worker was replaced, both ways', async () => {
    service = await launch();
    const session = await service.createSession();
    const watcher = await service.connect();
    await watcher.data('join', { token: (await service.seat(session.sessionId)).token });
    const seen = visit(session);
    await watcher.event('transcript');
    await eventually(() => expect(seen().frames).toBeGreaterThan(10));
    await watcher.error('say', { text: 'crash' });
    await watcher.event('session-error');
    watcher.events.length = 0;
    await watcher.event('utterance-end', (e) => e.text === 'started; greeting: null; history: 1');
    const before = seen();
    await eventually(() => {
      expect(seen().frames).toBeGreaterThan(before.frames + 25);
      expect(seen().loudSamples).toBeGreaterThan(before.loudSamples + 10_000);
    });
    expect(await watcher.event('transcript')).toMatchObject({ text: 'heard' });
  });
});
