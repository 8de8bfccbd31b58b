/** Everything the knowledge agent says that is not in its knowledge. */

export const NOT_HEARD = [
  'Sorry, I did not catch that. Could you say it again?',
  'I am afraid I missed that. Once more, please?',
];

export const UNKNOWN = [
  'I am sorry, I do not know that.',
  'That is not something I know about, I am afraid.',
  'I have no information on that.',
];

/** In front of an answer that may miss the question. */
export const UNSURE = [
  'I am not quite sure, but this may help.',
  'I do not know exactly, but I can tell you this.',
  'I hope I got that right.',
];

export const REPEATED = ['Once more, gladly.', 'As I said before.'];
export const OFFER = ['Would you like to know more?', 'Shall I tell you more?'];
export const NO_MORE = ['That is all I know about it.', 'I am afraid I know no more than that.'];
export const NOTHING_SAID = ['I have not said anything yet. What would you like to know?'];
export const FINE = ['Alright. Just ask if there is anything else.', 'Okay. I am here if you need me.'];
export const ASK_AWAY = ['What would you like to know?', 'What can I tell you?'];
export const REPHRASE = [
  'Sorry about that. Could you ask in other words?',
  'I am sorry, I may have misunderstood. Could you put it differently?',
];
export const CALLING = 'One moment, I am calling someone.';
export const EMPTY = 'I have not been given any knowledge yet, so I cannot answer questions.';

/** "a, b and c" */
export function enumerate(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
