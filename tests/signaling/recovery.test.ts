import { createSocket, type Socket } from 'node:dgram';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Message } from '../../src/inference/engines.js';
import type { CreatedSession } from '../../src/signaling/messages.js';
import type { Visitor } from '../../src/talk/visitor.js';
import type { ServiceEvent } from '../../src/talk/visitor-messages.js';
import { wordingOf } from '../../src/wording.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

const APOLOGY = wordingOf('en').apology;
/** From `dist`, because it forks its own compiled module. */
const VISITOR = pathToFileURL('dist/talk/visitor.js').href;

interface Watched {
  visitor: Visitor;
  session: CreatedSession;
  events: ServiceEvent[];
  frames: () => number;
  /** What was said by the avatar, as the visitor saw it. */
  said: () => string[];
}

let service: Launched;
const visitors: Visitor[] = [];
afterEach(async () => {
  await Promise.all(visitors.splice(0).map((visitor) => visitor.close()));
  await service.close();
});

async function visit(): Promise<Watched> {
  const session = await service.createSession({ greeting: null });
  const events: ServiceEvent[] = [];
  let frames = 0;
  const module = (await import(/* @vite-ignore */ VISITOR)) as typeof import('../../src/talk/visitor.js');
  const visitor = await module.Visitor.create({
    url: service.origin,
    token: session.token,
    pictureEvery: 1_000_000,
    onEvent: (event) => events.push(event),
    onAudio: () => undefined,
    onFrame: () => {
      frames++;
    },
  });
  visitors.push(visitor);
  const said = () => events.flatMap((event) => (event.name === 'utterance-end' ? [event.payload.text] : [])).slice(1);
  const watched = { visitor, session, events, frames: () => frames, said };
  await moreFrames(watched);
  return watched;
}

async function moreFrames({ frames }: Watched): Promise<void> {
  const before = frames();
  await eventually(() => expect(frames()).toBeGreaterThan(before + 25));
}

/** Of the avatar's side: what the visitor's tone is taken for may or may not have been heard by then. */
function history({ session }: Watched): readonly Message[] {
  return service.gateway.registry.get(session.sessionId).history.filter(({ role }) => role === 'assistant');
}

async function killMediaWorker(): Promise<void> {
  const before = service.gateway.mediaPids[0] as number;
  process.kill(before, 'SIGKILL');
  await eventually(() => {
    expect(service.gateway.mediaPids).toHaveLength(1);
    expect(service.gateway.mediaPids[0]).not.toBe(before);
  });
}

async function killAvatarWorker(): Promise<void> {
  const { avatar } = service.gateway.supervisor;
  const { restarts } = avatar;
  process.kill(avatar.pid as number, 'SIGKILL');
  await eventually(() => expect(avatar.restarts).toBe(restarts + 1));
}

/** A socket on this port, unless someone has it. */
function bound(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(undefined));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket));
  });
}

/** Those in use: the avatar worker's, and two of the SFU, one towards it and one for visitors. */
async function heldOf(ports: readonly number[]): Promise<number[]> {
  const held: number[] = [];
  for (const port of ports) {
    const socket = await bound(port);
    if (socket === undefined) held.push(port);
    socket?.close();
  }
  expect(held).toHaveLength(3);
  return held;
}

/** Retried while the successor takes over. */
const say = (watched: Watched, text: string) => eventually(() => watched.visitor.send('say', text));

/** Until all its words were heard: only those outlive the worker that says them. */
async function linger(watched: Watched): Promise<void> {
  await say(watched, 'linger on these words');
  const words = () => watched.events.flatMap((event) => (event.name === 'caption' ? [event.payload.word] : []));
  await eventually(() => expect(words().at(-1)).toBe('words'));
}

describe('after the death of the media worker', () => {
  it('picture and microphone come back on the same seat, and nothing is said about it to someone who was idle', async () => {
    service = await launch();
    const watched = await visit();
    const heard = () => watched.events.filter((event) => event.name === 'transcript').length;
    await eventually(() => expect(heard()).toBe(1));
    await killMediaWorker();
    await moreFrames(watched);
    await eventually(() => expect(heard()).toBe(2));
    await say(watched, 'and on');
    await eventually(() => expect(watched.said()).toEqual(['and on']));
    expect(watched.visitor.ended).toBeUndefined();
  });

  it('whose port towards the avatar worker someone else took meanwhile, voice and picture come by another one', async () => {
    const first = 48_000 + Math.floor(Math.random() * 900);
    const ports = Array.from({ length: 8 }, (_, i) => first + i);
    service = await launch({ VISAVIS_LINK_PORTS: `${first}-${first + 7}`, VISAVIS_MAX_SESSIONS: '1' });
    const watched = await visit();
    const held = await heldOf(ports);
    process.kill(service.gateway.mediaPids[0] as number, 'SIGKILL');
    const thieves = new Map<number, Socket>();
    while (thieves.size < 2) {
      for (const port of held) {
        const socket = thieves.has(port) ? undefined : await bound(port);
        if (socket !== undefined) thieves.set(port, socket);
      }
    }
    await moreFrames(watched);
    await say(watched, 'and on');
    await eventually(() => expect(watched.said()).toEqual(['and on']));
    for (const thief of thieves.values()) thief.close();
  });

  it('in mid-sentence, the avatar stops, apologises once, and remembers what was heard', async () => {
    service = await launch();
    const watched = await visit();
    await linger(watched);
    await killMediaWorker();
    await eventually(() => expect(watched.said()).toEqual(['linger on these words', APOLOGY]));
    await moreFrames(watched);
    await killMediaWorker();
    await moreFrames(watched);
    await say(watched, 'the end');
    await eventually(() => expect(watched.said()).toEqual(['linger on these words', APOLOGY, 'the end']));
    expect(history(watched)).toEqual([
      { role: 'assistant', text: 'linger on these words', interrupted: true },
      { role: 'assistant', text: 'the end' },
    ]);
  });
});

describe('after the death of the avatar worker', () => {
  it('in mid-sentence, its successor apologises once, and the words heard are remembered', async () => {
    service = await launch();
    const watched = await visit();
    await linger(watched);
    await killAvatarWorker();
    await eventually(() => expect(watched.said().filter((text) => text === APOLOGY)).toHaveLength(1));
    await moreFrames(watched);
    await killAvatarWorker();
    await moreFrames(watched);
    await say(watched, 'the end');
    await eventually(() => expect(watched.said().at(-1)).toBe('the end'));
    expect(watched.said().filter((text) => text === APOLOGY)).toHaveLength(1);
    expect(history(watched).map(({ text }) => text)).toEqual(['linger on these words', 'the end']);
  });

  it('whose port someone else took meanwhile, voice and picture come by another one', async () => {
    const first = 49_000 + Math.floor(Math.random() * 900);
    service = await launch({ VISAVIS_LINK_PORTS: `${first}-${first + 7}`, VISAVIS_MAX_SESSIONS: '1' });
    const watched = await visit();
    await say(watched, 'before');
    await eventually(() => expect(history(watched)).toHaveLength(1));
    const pid = service.gateway.supervisor.avatar.pid as number;
    const held = await heldOf(Array.from({ length: 8 }, (_, i) => first + i));
    const { restarts } = service.gateway.supervisor.avatar;
    process.kill(pid, 'SIGKILL');
    let thief: Socket | undefined;
    for (let i = 0; thief === undefined; i++) thief = await bound(held[i % held.length] as number);
    await eventually(() => expect(service.gateway.supervisor.avatar.restarts).toBe(restarts + 1));
    await moreFrames(watched);
    await say(watched, 'after');
    await eventually(() => expect(history(watched).map(({ text }) => text)).toEqual(['before', 'after']));
    expect(watched.visitor.ended).toBeUndefined();
    thief.close();
  });

  it('and of its successors while they take over, and of the media worker in between, the conversation goes on', async () => {
    service = await launch({ VISAVIS_STANDBY: 'on' });
    const watched = await visit();
    await say(watched, 'before');
    await eventually(() => expect(history(watched)).toHaveLength(1));
    await eventually(() => expect(service.gateway.supervisor.avatar.sparePid).toBeDefined());
    await killAvatarWorker();
    await Promise.all([killAvatarWorker(), killMediaWorker()]);
    await killAvatarWorker();
    await moreFrames(watched);
    await say(watched, 'after');
    await eventually(() => expect(history(watched).map(({ text }) => text)).toEqual(['before', 'after']));
    expect(watched.visitor.ended).toBeUndefined();
  });
});
