/** Texts of one language. Spoken ones are short, and in words that a voice reads well. */
export interface Wording {
  /** Written, one sentence: the other side is an AI; a computer makes the face and the voice. */
  readonly disclosure: string;
  /** Spoken, one short sentence: the other side is an AI. Put before a greeting that does not say so. */
  readonly spokenDisclosure: string;
  /** Drawn into the picture; at most 12 characters. */
  readonly badge: string;
  /** Spoken first: a welcome, the avatar's name, that it is an AI, and an offer to help. */
  greeting(name: string): string;
  /** Spoken after a failure that interrupted the conversation. */
  readonly apology: string;
  /** Spoken while something is looked up or done: at first, and when it takes longer. Short sentences that promise nothing. */
  readonly waiting: { readonly first: readonly string[]; readonly again: readonly string[] };
  /** Spoken about a minute before the conversation reaches its longest duration. */
  readonly minuteLeft: string;
  /** Spoken when the conversation has reached its longest duration. */
  readonly goodbye: string;
  /** Spoken when the service is about to be restarted and the conversation will end. */
  readonly maintenance: string;
  /** Spoken in place of what the operator's policy does not let the avatar say or answer. */
  readonly declined: string;
  /** Written to a visitor for whom there is no place at the moment. */
  readonly busy: string;
  /** Matches a text in which the speaker says of itself that it is an AI. Misses rather than guesses. */
  readonly admission: RegExp;
}
