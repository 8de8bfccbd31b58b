import { describe, expect, it } from 'vitest';
import type { Ack } from '../../src/signaling/messages.js';
import { type ConversationSocket, request } from '../../web-demo/src/client/request.js';

type Acknowledge = (failure: Error | null, answer?: Ack<unknown>) => void;

/** A socket whose server answers every message with `answer`. */
function socketAnswering(answer: (acknowledge: Acknowledge) => void, sent: unknown[] = []): ConversationSocket {
  const emitter = {
    emit(name: string, payload: unknown, acknowledge: Acknowledge) {
      sent.push([name, payload]);
      answer(acknowledge);
    },
  };
  return { timeout: () => emitter, ...emitter } as unknown as ConversationSocket;
}

describe('request', () => {
  it('sends the message and resolves with the data of its answer', async () => {
    const sent: unknown[] = [];
    const socket = socketAnswering((acknowledge) => acknowledge(null, { ok: true, data: { producerId: 'p' } }), sent);
    const answer = await request(socket, 'produce', { transportId: 't', kind: 'audio', rtpParameters: {} });
    expect(answer).toEqual({ producerId: 'p' });
    expect(sent).toEqual([['produce', { transportId: 't', kind: 'audio', rtpParameters: {} }]]);
  });

  it('rejects with the server’s own error', async () => {
    const error = { code: 'unauthorized', message: 'the token has expired', retryable: false } as const;
    const socket = socketAnswering((acknowledge) => acknowledge(null, { ok: false, error }));
    await expect(request(socket, 'join', { token: 'x' })).rejects.toMatchObject(error);
  });

  it('rejects as unreachable, and worth another try, when no answer comes', async () => {
    const socket = socketAnswering((acknowledge) => acknowledge(new Error('operation has timed out')));
    await expect(request(socket, 'interrupt', {})).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  });
});
