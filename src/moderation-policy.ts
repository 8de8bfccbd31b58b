/** The moderation policy: a JSON file of the operator, as VISAVIS_MODERATION names it. `docs/moderation.md` describes it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LANGUAGES, type Language } from './languages.js';

/** Whose words: a visitor's before the agent answers them, the avatar's before it says them. */
export const MODERATED_SIDES = ['visitor', 'avatar'] as const;
export type ModeratedSide = (typeof MODERATED_SIDES)[number];

/**
 * `masked`: personal data was taken out of a visitor's words. `refused`: not answered or not said. `passed-unchecked`, `refused-unchecked`:
 * what the policy lets happen to a text that could not be judged in time.
 */
export const MODERATION_ACTIONS = ['masked', 'refused', 'passed-unchecked', 'refused-unchecked'] as const;
export type ModerationAction = (typeof MODERATION_ACTIONS)[number];

export const PERSONAL_DATA_KINDS = ['card', 'iban', 'email', 'phone'] as const;
export type PersonalDataKind = (typeof PERSONAL_DATA_KINDS)[number];

const MAX_FILE_BYTES = 1_000_000;
const MAX_GAPS = 3;
/** Of 22 sentences on four topics, told by four to six examples each, 17 reach it, and none of 194 on others (MiniLM, English). */
const STANDARD_THRESHOLD = 0.4;

const id = z.string().regex(/^[\w-]{1,40}$/, 'expected 1 to 40 letters, digits, "_" or "-"');
const words = z
  .string()
  .trim()
  .max(200)
  .regex(/[\p{L}\p{N}]/u, 'expected at least one letter or digit');
const phrase = words.refine(
  (text) => text.split(/\s+/).filter((word) => word === '*').length <= MAX_GAPS,
  `expected at most ${MAX_GAPS} "*" that stand for words`,
);
const phrases = z.array(phrase).min(1).max(5_000);
const sides = z
  .array(z.enum(MODERATED_SIDES))
  .min(1)
  .default([...MODERATED_SIDES]);
const sentence = z.string().trim().min(1).max(300);
/** One text for all languages, or one for each that is needed. */
const localised = z.union([sentence, z.partialRecord(z.enum(LANGUAGES), sentence)]);

const schema = z.strictObject({
  version: z.literal(1),
  /** Words and phrases that refuse what they stand in; a `*` at the end of a word stands for any ending, one alone for up to five words. */
  words: z
    .array(z.strictObject({ id, any: phrases, sides }))
    .max(200)
    .default([]),
  /** What the avatar must not assert: phrases as above; one of `unless` in the same sentence lets it pass. */
  claims: z
    .array(z.strictObject({ id, any: phrases, unless: z.array(phrase).max(200).default([]) }))
    .max(200)
    .default([]),
  /** Subjects, told by examples: what means nearly the same as one of them is refused. */
  topics: z
    .array(
      z.strictObject({
        id,
        examples: z.array(words).min(2).max(50),
        threshold: z.number().gt(0).lt(1).default(STANDARD_THRESHOLD),
        sides,
      }),
    )
    .max(50)
    .default([]),
  personalData: z
    .strictObject({
      visitor: z.partialRecord(z.enum(PERSONAL_DATA_KINDS), z.enum(['mask', 'refuse'])).default({}),
      avatar: z.partialRecord(z.enum(PERSONAL_DATA_KINDS), z.enum(['refuse'])).default({}),
      /** Addresses and numbers of the operator's own, which are nobody's secret. */
      allow: z.array(words).max(200).default([]),
    })
    .default({ visitor: {}, avatar: {}, allow: [] }),
  classifier: z
    .strictObject({
      use: z.literal('openai'),
      model: z.string().min(1).max(100).default('omni-moderation-latest'),
      /** Another server than that of the language model; undefined: the same. */
      baseUrl: z.url({ protocol: /^https?$/ }).optional(),
      sides,
      /** Categories whose flags do not count. */
      ignore: z.array(z.string().max(100)).max(100).default([]),
      /** Categories that are refused from this score on, whatever the flag says. */
      thresholds: z.record(z.string().max(100), z.number().min(0).max(1)).default({}),
    })
    .optional(),
  /** Of the classifier and of topics, for one text. */
  timeoutMs: z.int().min(50).max(10_000).default(1_000),
  /** What happens to a text that could not be judged in time. */
  onFailure: z.enum(['pass', 'refuse']).optional(),
  /** After a sentence that is not said: nothing more of the reply, or what follows it. */
  afterRefusal: z.enum(['stop', 'continue']).default('stop'),
  sentences: z
    .strictObject({
      /** Answers a visitor whose words are refused. */
      visitor: localised.optional(),
      /** Is said in place of a sentence of the avatar. */
      avatar: localised.optional(),
      /** Is said in place of either where it could not be judged. */
      unavailable: localised.optional(),
    })
    .default({}),
  audit: z
    .strictObject({
      /** Write the refused and masked texts themselves. */
      texts: z.boolean().default(false),
      /** Of the file, before it is put aside and a new one begun. */
      maxBytes: z.int().min(10_000).max(1_000_000_000).default(10_000_000),
      /** Files that were put aside and are kept. */
      keep: z.int().min(0).max(100).default(5),
    })
    .default({ texts: false, maxBytes: 10_000_000, keep: 5 }),
});

export type ModerationPolicy = z.output<typeof schema>;

/** Every problem of a policy, each with the field it is in; never repeats what stands there. */
export function parsePolicy(value: unknown): { policy: ModerationPolicy } | { problems: string[] } {
  const result = schema.safeParse(value);
  if (!result.success) {
    return { problems: result.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`) };
  }
  const policy = result.data;
  const ids = [...policy.words, ...policy.claims, ...policy.topics].map((rule) => rule.id);
  const problems = ids
    .filter((name, index) => ids.indexOf(name) !== index)
    .map((name) => `id "${name}" is there twice`);
  const canFail = policy.classifier !== undefined || policy.topics.length > 0;
  if (canFail && policy.onFailure === undefined) {
    problems.push('onFailure: expected "pass" or "refuse": classifiers and topics can fail to judge in time');
  }
  return problems.length > 0 ? { problems } : { policy };
}

/** Reads a policy file; problems instead of it when it is missing, too large, not JSON or not a policy. */
export function readPolicyFile(path: string): { policy: ModerationPolicy } | { problems: string[] } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    return { problems: [`${path} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown error'})`] };
  }
  if (text.length > MAX_FILE_BYTES) return { problems: [`${path} is larger than ${MAX_FILE_BYTES} bytes`] };
  try {
    return parsePolicy(JSON.parse(text));
  } catch (thrown) {
    const where = /position \d+|line \d+ column \d+/.exec(String(thrown))?.[0];
    return { problems: [`${path} is not JSON${where === undefined ? '' : ` (at ${where})`}`] };
  }
}

/** The text of `language`, where there is one, else that of English or of all languages. */
export function localisedText(
  text: string | Partial<Record<Language, string>> | undefined,
  language: Language,
): string | undefined {
  return typeof text === 'object' ? (text[language] ?? text.en) : text;
}
