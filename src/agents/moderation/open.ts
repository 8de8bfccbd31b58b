import type { Config } from '../../config.js';
import type { TextEmbedder } from '../../inference/engines.js';
import type { Logger } from '../../log.js';
import { AuditLog } from './audit.js';
import { OpenAiClassifier } from './classifier.js';
import { Moderation } from './moderation.js';

/** The configured policy, ready to judge; undefined where there is none. */
export function openModeration(
  { moderation, openai }: Pick<Config, 'moderation' | 'openai'>,
  embedder: TextEmbedder,
  logger: Logger,
): Moderation | undefined {
  if (moderation === null) return undefined;
  const { policy, logPath: path } = moderation;
  const { classifier: settings, timeoutMs } = policy;
  const classifier =
    settings === undefined
      ? undefined
      : new OpenAiClassifier({ apiKey: openai?.apiKey ?? '', baseUrl: openai?.baseUrl, settings, timeoutMs });
  const audit = new AuditLog({ path, maxBytes: policy.audit.maxBytes, keep: policy.audit.keep, logger });
  logger.info({ classifier: settings?.use ?? 'none', topics: policy.topics.length }, 'moderation ready');
  return new Moderation({ policy, classifier, embedder, audit });
}
