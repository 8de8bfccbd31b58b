import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeWav } from '../../src/media/wav.js';

/** What the endpoint makes of one request. */
export type Hearing =
  /** As events where the client asks for them and the server streams. */
  | { kind: 'text'; text: string; afterMs?: number }
  | { kind: 'error'; status: number; message?: string; retryAfterS?: number }
  /** The answer as it is. */
  | { kind: 'raw'; type: 'application/json' | 'text/event-stream'; body: string }
  /** The socket is destroyed after the headers. */
  | { kind: 'break-off' }
  /** Accepted and never answered. */
  | { kind: 'hang' };

export interface HeardRequest {
  samples: Float32Array;
  sampleRateHz: number;
  model: string;
  language: string | null;
  /** The client hung up before it was answered. */
  aborted: boolean;
}

/** The part of the OpenAI stand-in that is `/v1/audio/transcriptions`. */
export class TranscriptionStandIn {
  readonly heard: HeardRequest[] = [];
  /** Whether this server knows `stream`; those that do not answer with one JSON object. */
  streams = true;
  readonly #scripts: Hearing[] = [];
  otherwise: (request: HeardRequest) => Hearing = () => ({ kind: 'text', text: 'Hello there.' });

  script(...hearings: Hearing[]): this {
    this.#scripts.push(...hearings);
    return this;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const type = request.headers['content-type'] ?? '';
    const form = await new Response(Buffer.concat(parts), { headers: { 'content-type': type } }).formData();
    const file = form.get('file') as File;
    const { channels, sampleRateHz } = decodeWav(Buffer.from(await file.arrayBuffer()), file.name);
    const heard: HeardRequest = {
      ...{ samples: channels[0] ?? new Float32Array(0), sampleRateHz, aborted: false },
      ...{ model: String(form.get('model')), language: form.get('language') as string | null },
    };
    this.heard.push(heard);
    response.on('close', () => {
      heard.aborted = !response.writableFinished;
    });
    const hearing = this.#scripts.shift() ?? this.otherwise(heard);
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (hearing.kind === 'hang') return;
    if (hearing.kind === 'error') {
      if (hearing.retryAfterS !== undefined) response.setHeader('retry-after', String(hearing.retryAfterS));
      const message = hearing.message ?? 'Scripted.';
      json(hearing.status, { error: { message, type: 'server_error', param: null, code: null } });
    } else if (hearing.kind === 'raw') {
      response.writeHead(200, { 'content-type': hearing.type }).end(hearing.body);
    } else if (hearing.kind === 'break-off') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      await new Promise((resolve) => response.write(': \n\n', resolve));
      response.socket?.destroy();
    } else {
      if (hearing.afterMs !== undefined) await sleep(hearing.afterMs);
      const { text } = hearing;
      if (!this.streams || form.get('stream') !== 'true') return void json(200, { text });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const send = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
      for (const delta of text.match(/\s*\S+/g) ?? []) send({ type: 'transcript.text.delta', delta });
      send({ type: 'transcript.text.done', text });
      response.end();
    }
  }
}
