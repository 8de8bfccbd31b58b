import type { ServerResponse } from 'node:http';

/** What `/v1/audio/speech` makes of one text. */
export type Speaking =
  | { kind: 'tone' }
  | { kind: 'error'; status: number }
  /** The connection breaks after half of the sound. */
  | { kind: 'break-off' }
  | { kind: 'hang' };

const RATE_HZ = 24_000;
const MS_PER_CHARACTER = 60;

/** The part of the OpenAI stand-in that speaks: a tone as long as the text, as raw PCM. */
export class VoiceStandIn {
  readonly spoken: string[] = [];
  speak: (text: string) => Speaking = () => ({ kind: 'tone' });

  async answer(body: unknown, response: ServerResponse): Promise<void> {
    const { input } = body as { input: string };
    this.spoken.push(input);
    const speaking = this.speak(input);
    if (speaking.kind === 'hang') return;
    if (speaking.kind === 'error') {
      response.writeHead(speaking.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'Scripted.', type: 'server_error', param: null, code: null } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    const count = Math.round((input.length * MS_PER_CHARACTER * RATE_HZ) / 1000);
    const pcm = Buffer.alloc(count * 2);
    for (let i = 0; i < count; i++) pcm.writeInt16LE(Math.round(8_000 * Math.sin((i * 1_256) / RATE_HZ)), i * 2);
    const end = speaking.kind === 'break-off' ? pcm.length / 2 : pcm.length;
    // Odd pieces: samples are cut in two.
    for (let at = 0; at < end && !response.destroyed; at += 4_801) {
      await new Promise((resolve) => response.write(pcm.subarray(at, Math.min(end, at + 4_801)), resolve));
    }
    if (speaking.kind === 'break-off') response.socket?.destroy();
    else response.end();
  }
}
