import OpenAI from 'openai';
import { VisavisError } from '../../errors.js';
import type { ModerationPolicy } from '../../moderation-policy.js';

/** Judges one text; resolves with the names of what it objects to, none when it is fine. Rejects when it cannot judge. */
export interface Classifier {
  judge(text: string, o: { signal: AbortSignal }): Promise<string[]>;
}

export interface OpenAiClassifierOptions {
  /** Empty for servers that want none. */
  apiKey: string;
  /** Undefined: OpenAI's own. */
  baseUrl: string | undefined;
  settings: NonNullable<ModerationPolicy['classifier']>;
  timeoutMs: number;
}

/** OpenAI's moderation endpoint, or another server that speaks it. */
export class OpenAiClassifier implements Classifier {
  readonly #client: OpenAI;
  readonly #settings: OpenAiClassifierOptions['settings'];

  constructor({ apiKey, baseUrl, settings, timeoutMs }: OpenAiClassifierOptions) {
    this.#settings = settings;
    this.#client = new OpenAI({
      apiKey: apiKey === '' ? 'none' : apiKey,
      baseURL: settings.baseUrl ?? baseUrl ?? 'https://api.openai.com/v1',
      // These must not come from the environment, which only the configuration reads.
      adminAPIKey: null,
      organization: null,
      project: null,
      // Nobody waits for a second attempt.
      maxRetries: 0,
      timeout: 2 * timeoutMs,
      logLevel: 'off',
    });
  }

  async judge(text: string, { signal }: { signal: AbortSignal }): Promise<string[]> {
    const { model, ignore, thresholds } = this.#settings;
    const { results } = await this.#client.moderations.create({ model, input: text }, { signal });
    const result = results?.[0];
    if (typeof result?.categories !== 'object' || result.categories === null) {
      throw new VisavisError('upstream-failed', 'the moderation endpoint sent no categories');
    }
    const scores: Partial<Record<string, number>> = { ...result.category_scores };
    return Object.entries(result.categories).flatMap(([category, isFlagged]) => {
      const threshold = thresholds[category];
      const isRefused = threshold === undefined ? isFlagged === true : (scores[category] ?? 0) >= threshold;
      return isRefused && !ignore.includes(category) ? [`openai:${category}`] : [];
    });
  }
}
