import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const RATE_HZ = 24_000;
/** Length of one utterance: whole periods, so that clicks stay at whole seconds of all speech. */
export const CLICKS_SECONDS = 10;
const CLICK_MS = 20;

/**
 * A voice that clicks at every full second, behind the real protocols of the chat and audio APIs, so that the probe reaches the
 * viewers by the same way as any speech.
 */
export class ClickServer {
  readonly #server: Server;
  readonly baseUrl: string;

  static create(): Promise<ClickServer> {
    const pcm = clicks();
    const server = createServer((request, response) => {
      request.resume();
      if (request.url?.endsWith('/audio/speech')) {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        response.end(pcm);
      } else if (request.url?.endsWith('/chat/completions')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const delta of [{ content: 'Clicks.' }, {}]) {
          const finish = 'content' in delta ? null : 'stop';
          const choices = [{ index: 0, delta, finish_reason: finish }];
          response.write(
            `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'clicks', choices })}\n\n`,
          );
        }
        response.end('data: [DONE]\n\n');
      } else response.writeHead(404).end();
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(new ClickServer(server))));
  }

  private constructor(server: Server) {
    this.#server = server;
    this.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function clicks(): Buffer {
  const samples = new Int16Array(RATE_HZ * CLICKS_SECONDS);
  for (let second = 0; second < CLICKS_SECONDS; second++) {
    for (let i = 0; i < (RATE_HZ * CLICK_MS) / 1000; i++) {
      samples[second * RATE_HZ + i] = 16_000 * Math.sin((2 * Math.PI * 1_000 * i) / RATE_HZ);
    }
  }
  return Buffer.from(samples.buffer);
}
