/**
 * What of the OpenAI Realtime protocol's server events matters here. Both generations of names are understood: `response.output_audio.*`
 * (2025-08) and `response.audio.*` (the beta, which many servers of others still speak).
 */
import { z } from 'zod';

/** Audio of the protocol, both ways: 24 kHz, 16 bit, little endian, mono. */
export const REALTIME_RATE_HZ = 24_000;

export type RealtimeEvent =
  | { type: 'session-created' }
  | { type: 'session-updated' }
  | { type: 'committed'; itemId: string }
  /** What the server's transcription makes of a visitor's item. */
  | { type: 'transcribed'; itemId: string; text: string }
  | { type: 'transcription-failed'; itemId: string }
  | { type: 'response-created'; responseId: string }
  | { type: 'output-item'; responseId: string; itemId: string }
  | { type: 'audio'; responseId: string; itemId: string; samples: Int16Array }
  | { type: 'words'; responseId: string; text: string }
  | { type: 'response-done'; responseId: string; status: string; code: string | undefined }
  /** `eventId`: of the client's event that is to blame. */
  | { type: 'error'; code: string | undefined; eventId: string | undefined };

const named = z.object({ type: z.string() });
const id = z.string().max(200);
const optional = z.string().nullish();

const ofItem = z.object({ item_id: id });
const transcription = z.object({ item_id: id, transcript: z.string() });
const created = z.object({ response: z.object({ id }) });
const outputItem = z.object({ response_id: id, item: z.object({ id, type: optional }) });
const delta = z.object({ response_id: id, item_id: id, delta: z.string() });
const details = z.object({ reason: optional, error: z.object({ code: optional, type: optional }).nullish() });
const done = z.object({ response: z.object({ id, status: z.string(), status_details: details.nullish() }) });
const failure = z.object({ error: z.object({ code: optional, type: optional, event_id: optional }) });

/** The event in a message; undefined for one that does not matter here. Throws for what is no event of the protocol. */
export function parseEvent(message: string): RealtimeEvent | undefined {
  const value: unknown = JSON.parse(message);
  const { type } = named.parse(value);
  switch (type) {
    case 'session.created':
      return { type: 'session-created' };
    case 'session.updated':
      return { type: 'session-updated' };
    case 'input_audio_buffer.committed':
      return { type: 'committed', itemId: ofItem.parse(value).item_id };
    case 'conversation.item.input_audio_transcription.completed': {
      const { item_id: itemId, transcript } = transcription.parse(value);
      return { type: 'transcribed', itemId, text: transcript.trim() };
    }
    case 'conversation.item.input_audio_transcription.failed':
      return { type: 'transcription-failed', itemId: ofItem.parse(value).item_id };
    case 'response.created':
      return { type: 'response-created', responseId: created.parse(value).response.id };
    case 'response.output_item.added': {
      const { response_id: responseId, item } = outputItem.parse(value);
      return { type: 'output-item', responseId, itemId: item.id };
    }
    case 'response.output_audio.delta':
    case 'response.audio.delta': {
      const { response_id: responseId, item_id: itemId, delta: audio } = delta.parse(value);
      return { type: 'audio', responseId, itemId, samples: samplesOf(audio) };
    }
    case 'response.output_audio_transcript.delta':
    case 'response.audio_transcript.delta': {
      const { response_id: responseId, delta: text } = delta.parse(value);
      return { type: 'words', responseId, text };
    }
    case 'response.done': {
      const { id: responseId, status, status_details } = done.parse(value).response;
      const { error, reason } = status_details ?? {};
      return { type: 'response-done', responseId, status, code: error?.code ?? error?.type ?? reason ?? undefined };
    }
    case 'error': {
      const { code, type: kind, event_id: eventId } = failure.parse(value).error;
      return { type: 'error', code: code ?? kind ?? undefined, eventId: eventId ?? undefined };
    }
    default:
      return undefined;
  }
}

function samplesOf(base64: string): Int16Array {
  const bytes = Buffer.from(base64, 'base64');
  const samples = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(i * 2);
  return samples;
}

/** 16-bit samples as the protocol carries them. */
export function base64Of(samples: Int16Array): string {
  const bytes = Buffer.alloc(samples.length * 2);
  for (const [i, sample] of samples.entries()) bytes.writeInt16LE(sample, i * 2);
  return bytes.toString('base64');
}
