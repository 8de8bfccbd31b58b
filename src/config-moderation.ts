import { type ModerationPolicy, readPolicyFile } from './moderation-policy.js';

export interface ModerationConfig {
  /** Where the policy was read from. */
  path: string;
  policy: ModerationPolicy;
  /** What became of moderated texts is written there. */
  logPath: string;
}

interface ModerationValues {
  VISAVIS_MODERATION: string | undefined;
  VISAVIS_MODERATION_LOG: string;
  OPENAI_API_KEY: string | undefined;
  OPENAI_BASE_URL: string | undefined;
}

/** Null where no policy is set; what is wrong with one is added to `problems`. */
export function moderationConfig(v: ModerationValues, problems: string[]): ModerationConfig | null {
  const path = v.VISAVIS_MODERATION;
  if (path === undefined) return null;
  const read = readPolicyFile(path);
  if ('problems' in read) {
    problems.push(...read.problems.map((problem) => `VISAVIS_MODERATION: ${problem}`));
    return null;
  }
  const { classifier } = read.policy;
  const hasServer = classifier?.baseUrl ?? v.OPENAI_API_KEY ?? v.OPENAI_BASE_URL;
  if (classifier !== undefined && hasServer === undefined) {
    problems.push('VISAVIS_MODERATION: classifier: needs OPENAI_API_KEY or OPENAI_BASE_URL, or a baseUrl of its own');
  }
  return { path, policy: read.policy, logPath: v.VISAVIS_MODERATION_LOG };
}

/** What is in force, without the words themselves. */
export function describeModeration(config: ModerationConfig | null): Record<string, unknown> | null {
  if (config === null) return null;
  const { path, logPath, policy } = config;
  const idsOf = (rules: readonly { id: string }[]) => rules.map(({ id }) => id);
  const { classifier, personalData, onFailure, timeoutMs } = policy;
  return {
    ...{ path, logPath, words: idsOf(policy.words), claims: idsOf(policy.claims), topics: idsOf(policy.topics) },
    ...{ personalData: { visitor: personalData.visitor, avatar: personalData.avatar } },
    ...{ classifier: classifier?.use ?? null, onFailure: onFailure ?? null, timeoutMs },
  };
}
