import type { ConversationEvent } from '../client/events.js';

/** What stands below the picture: the present utterance of either side. */
export interface Caption {
  speaker: 'visitor' | 'avatar' | 'none';
  /** Names the utterance; a new one starts on an empty line. */
  key: string;
  words: readonly string[];
  status: 'growing' | 'final' | 'interrupted';
}

export const NO_CAPTION: Caption = { speaker: 'none', key: '', words: [], status: 'final' };

/** The avatar's words as they are heard, and the visitor's as they are understood, whoever spoke last. */
export function reduceCaption(caption: Caption, event: ConversationEvent): Caption {
  switch (event.type) {
    case 'caption': {
      const key = `avatar-${event.utteranceId}`;
      if (caption.key !== key) return { speaker: 'avatar', key, words: [event.word], status: 'growing' };
      if (caption.status !== 'growing') return caption;
      return { ...caption, words: [...caption.words, event.word] };
    }
    case 'utterance-end': {
      if (caption.key !== `avatar-${event.utteranceId}`) return caption;
      const words = splitWords(event.text);
      if (words.length === 0) return NO_CAPTION;
      return { ...caption, words, status: event.interrupted ? 'interrupted' : 'final' };
    }
    case 'transcript': {
      // While the avatar is heard, its own words stay: the visitor's sound may yet be a mere "mm-hm".
      if (caption.speaker === 'avatar' && caption.status === 'growing') return caption;
      const words = splitWords(event.text);
      const key = `visitor-${event.turnId}`;
      if (words.length === 0) return caption.key === key ? NO_CAPTION : caption;
      return { speaker: 'visitor', key, words, status: event.final ? 'final' : 'growing' };
    }
    case 'asked':
      return { speaker: 'visitor', key: `asked-${event.text}`, words: splitWords(event.text), status: 'final' };
    case 'phase':
      return event.phase === 'over' ? NO_CAPTION : caption;
    default:
      return caption;
  }
}

/** The sentences of a growing utterance that have been completed since `from` words were announced, for a screen reader. */
export function completedSentences(
  words: readonly string[],
  from: number,
  ended: boolean,
): { text: string; upTo: number } {
  const upTo = ended ? words.length : words.findLastIndex((word) => /[.!?…]["'”’)]*$/.test(word)) + 1;
  return upTo > from ? { text: words.slice(from, upTo).join(' '), upTo } : { text: '', upTo: from };
}

function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
