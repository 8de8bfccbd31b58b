import type { ListenerEvent } from '../listener.js';
import type { ConversationModeration } from './moderation.js';

/** What a listener heard, without the personal data that the policy masks: nobody else learns of it. */
export function permittedEvent(event: ListenerEvent, moderation: ConversationModeration): ListenerEvent {
  if (event.type === 'partial') return { ...event, text: moderation.visitorText(event.text, 'so-far') };
  if (event.type !== 'candidate' && event.type !== 'turn-end') return event;
  const text = moderation.visitorText(event.transcript.text, event.type === 'turn-end' ? 'final' : 'supposed');
  return { ...event, transcript: { ...event.transcript, text } };
}
