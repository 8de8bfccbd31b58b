/**
 * The pacer thread's entry: all sockets and the output clock of an avatar worker. It does nothing else, so that nothing
 * makes it late.
 */
import { parentPort } from 'node:worker_threads';
import { VisavisError } from '../errors.js';
import { FRAME_LEAD_MS, FRAME_MS, type FromPacer, type ToPacer } from './output-protocol.js';
import { PacedConversation } from './paced-conversation.js';
import { PacerCounters } from './pacer-counters.js';
import { raisePacerThread } from './pacer-priority.js';
import { PreciseTimer } from './precise-timer.js';
import { openLinkSocket } from './socket.js';

/** Successive conversations start this share of a frame apart (the golden ratio: any number of them spreads evenly). */
const PHASE_STEP = (Math.sqrt(5) - 1) / 2;

if (parentPort === null) throw new Error('pacer-thread is the entry of a worker thread');
const port = parentPort;
const conversations = new Map<string, PacedConversation>();
const opening = new Set<string>();
const counters = new PacerCounters();
let opened = 0;

const now = (): number => performance.timeOrigin + performance.now();
const post = (message: FromPacer, transfer?: ArrayBuffer[]): void => port.postMessage(message, transfer);

const timer = new PreciseTimer({
  now,
  nextMs: () => {
    let next = Number.POSITIVE_INFINITY;
    for (const conversation of conversations.values()) next = Math.min(next, conversation.nextEventMs);
    return next;
  },
  run: (nowMs) => {
    for (const [conversationId, conversation] of conversations) {
      if (conversation.nextEventMs > nowMs) continue;
      try {
        conversation.run(nowMs);
      } catch {
        // One conversation's failure must not silence the others; its owner sees it closed without having asked.
        close(conversationId);
      }
    }
  },
});

/** The next instant of this conversation's phase that leaves time to ask for the first frame. */
function startOf(ordinal: number): number {
  const earliest = now() + FRAME_LEAD_MS;
  const phase = ((ordinal * PHASE_STEP) % 1) * FRAME_MS;
  return Math.ceil((earliest - phase) / FRAME_MS) * FRAME_MS + phase;
}

async function open(message: Extract<ToPacer, { type: 'open' }>): Promise<void> {
  const { conversationId, link, framePort } = message;
  try {
    if (conversations.has(conversationId) || opening.has(conversationId)) {
      throw new VisavisError('conflict', 'the conversation is open already', { field: 'conversationId' });
    }
    opening.add(conversationId);
    const socket = await openLinkSocket(link).catch((thrown: unknown) => {
      opening.delete(conversationId);
      throw thrown;
    });
    if (!opening.delete(conversationId)) {
      socket.close();
      throw new VisavisError('conflict', 'the conversation was closed while it was opened');
    }
    const startMs = startOf(opened++);
    const edges = { counters, now, random: Math.random, post, wake: () => timer.wake() };
    const conversation = new PacedConversation({ conversationId, link, socket, framePort, startMs, ...edges });
    conversations.set(conversationId, conversation);
    post({ type: 'opened', conversationId });
    timer.wake();
  } catch (thrown) {
    const error = VisavisError.from(thrown);
    framePort.close();
    post({ type: 'open-failed', conversationId, code: error.code, message: error.message });
  }
}

function speak(message: Extract<ToPacer, { type: 'speech' }>): void {
  const { conversationId, segment } = message;
  try {
    const conversation = conversations.get(conversationId);
    if (conversation === undefined) throw new VisavisError('not-found', 'the conversation is not open');
    conversation.addSpeech(segment);
  } catch (thrown) {
    const { segmentId, utteranceId } = segment;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    post({ type: 'speech-refused', conversationId, segmentId, utteranceId, message: reason });
  }
}

function close(conversationId: string): void {
  opening.delete(conversationId);
  conversations.get(conversationId)?.close();
  conversations.delete(conversationId);
  post({ type: 'closed', conversationId });
}

function handle(message: ToPacer): void {
  if (message.type === 'stats') post({ type: 'stats', stats: counters.take() });
  else if (message.type === 'open') void open(message);
  else if (message.type === 'speech') speak(message);
  else if (message.type === 'close') close(message.conversationId);
  else steer(message);
}

/** What concerns an open conversation; for one that is not, everything is cleared already. */
function steer(message: Exclude<ToPacer, { type: 'stats' | 'open' | 'speech' | 'close' }>): void {
  const { conversationId } = message;
  const conversation = conversations.get(conversationId);
  if (conversation === undefined) {
    if (message.type === 'clear') post({ type: 'cleared', conversationId, position: null, atMs: now() });
  } else if (message.type === 'utterance-complete') conversation.completeUtterance(message.utteranceId);
  else if (message.type === 'gain') conversation.setGain(message.gain, message.rampMs);
  else if (message.type === 'clear') conversation.clear(message.fadeMs);
  else if (message.type === 'voice-loss') conversation.setVoiceLoss(message.percent);
  else if (message.type === 'relink') conversation.relink(message.remotePort);
  else if (message.type === 'microphone-added') {
    conversation.addMicrophone(message.participantId, message.ssrc, message.payloadType);
  } else conversation.removeMicrophone(message.participantId);
}

raisePacerThread();
port.on('message', handle);
