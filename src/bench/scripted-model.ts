import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChatTurn {
  role: 'user' | 'assistant';
  content: string;
}

const MAX_BODY_BYTES = 1_000_000;
/** About six seconds of speech: long enough to be cut off by something. */
const ANSWER = [
  'That is a good question, and I like to answer it.',
  'The house opens at nine in the morning, and it closes at six in the evening.',
];

/**
 * A language model over HTTP whose answers are known and which keeps every conversation that it is asked to go on with: what a service
 * still knows after a failure can be read from it. Conversations are told apart by a mark in the system prompt, `[name]`.
 */
export class ScriptedModel {
  /** Per conversation: the turns of each request, in order. */
  readonly requests = new Map<string, ChatTurn[][]>();
  readonly #server: Server;
  readonly #sentences: readonly string[];

  /** `answer`: the sentences of every answer. */
  static async create(answer: readonly string[] = ANSWER): Promise<ScriptedModel> {
    const model = new ScriptedModel(answer);
    await new Promise<void>((resolve, reject) => {
      model.#server.once('error', reject);
      model.#server.listen(0, '127.0.0.1', resolve);
    });
    return model;
  }

  private constructor(answer: readonly string[]) {
    this.#sentences = answer;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { messages } = JSON.parse(await bodyOf(request)) as { messages: { role: string; content: string }[] };
    const name = /\[([\w-]+)\]/.exec(messages.find(({ role }) => role === 'system')?.content ?? '')?.[1] ?? '';
    const turns = messages.filter(({ role }) => role !== 'system') as ChatTurn[];
    const requests = this.requests.get(name) ?? [];
    requests.push(turns);
    this.requests.set(name, requests);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = `${this.#sentences.join(' ')} This was answer number ${requests.length}.`;
    for (const token of text.match(/\s*\S+/gu) ?? []) response.write(event({ delta: { content: token } }));
    response.write(event({ delta: {}, finish_reason: 'stop' }));
    response.end('data: [DONE]\n\n');
  }
}

function event(choice: object): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
