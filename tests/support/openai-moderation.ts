import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the endpoint makes of one text. */
export type Judgement =
  /** Category → score; from 0.5 on it is flagged. */
  | { kind: 'scores'; scores: Record<string, number>; afterMs?: number }
  | { kind: 'error'; status: number }
  /** Answers with JSON of another shape. */
  | { kind: 'malformed' }
  /** Accepted and never answered. */
  | { kind: 'hang' };

const CATEGORIES = ['hate', 'harassment', 'violence', 'self-harm', 'sexual', 'illicit'];

/** The part of the OpenAI stand-in that is `/v1/moderations`. */
export class ModerationStandIn {
  /** Texts that were sent, in their order. */
  readonly judged: string[] = [];
  /** Requests that wait for their answer, and the most there ever were. */
  open = 0;
  mostOpen = 0;
  judge: (text: string) => Judgement = () => ({ kind: 'scores', scores: {} });
}

/** Answers one request as OpenAI does. */
export async function moderate(standIn: ModerationStandIn, body: unknown, response: ServerResponse): Promise<void> {
  const { input, model } = body as { input: string; model: string };
  standIn.judged.push(input);
  standIn.mostOpen = Math.max(standIn.mostOpen, ++standIn.open);
  response.on('close', () => standIn.open--);
  const judgement = standIn.judge(input);
  const answer = (status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (judgement.kind === 'hang') return;
  if (judgement.kind === 'malformed') return void answer(200, { id: 'modr-1', model, results: [{}] });
  if (judgement.kind === 'error')
    return void answer(judgement.status, { error: { message: 'Scripted.', type: 'server_error' } });
  if (judgement.afterMs !== undefined) await sleep(judgement.afterMs);
  const scores = { ...Object.fromEntries(CATEGORIES.map((name) => [name, 0.001])), ...judgement.scores };
  const categories = Object.fromEntries(Object.entries(scores).map(([name, score]) => [name, score >= 0.5]));
  const flagged = Object.values(categories).includes(true);
  answer(200, { id: 'modr-1', model, results: [{ flagged, categories, category_scores: scores }] });
}
