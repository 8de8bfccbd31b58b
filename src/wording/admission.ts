export interface AdmissionPhrases {
  /** How a speaker begins to say who it is ("I am"), or to whom one talks ("you are talking with"). */
  subjects: readonly string[];
  /** What it then calls itself, article included ("an AI assistant"). Fragments of regular expressions. */
  kinds: readonly string[];
  /** Words that may follow without changing the meaning ("and", "from"). */
  links: readonly string[];
}

/** Up to three words of a name and a comma: "I am Mara, an AI". */
const NAME =
  "(?:\\s+(?!(?:not|kein|keine|nicht|pas|no|non|não|niet|geen|nie)\\s)[\\p{L}'’.-]+(?:\\s+[\\p{L}'’.-]+){0,2}\\s*,)?";

/**
 * A pattern of sentences such as "I am Mara, an AI": subject, perhaps a name, kind, and then an end or a linking word, so that
 * "I am an AI researcher", "I am not an AI" and "I am here to talk about an AI" do not count.
 */
export function admissionPattern({ subjects, kinds, links }: AdmissionPhrases): RegExp {
  const any = (items: readonly string[]) => `(?:${items.join('|').replaceAll(' ', '\\s+')})`;
  const end = `(?=\\s*(?:$|[.,;:!?…()]|[–—])|\\s+${any(links)}(?!\\p{L}))`;
  return new RegExp(`(?<!\\p{L})${any(subjects)}${NAME}\\s+${any(kinds)}${end}`, 'iu');
}
