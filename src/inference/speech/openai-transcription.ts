import { VisavisError } from '../../errors.js';

/** More than anybody says in 15 s; what exceeds it is no answer. */
const MAX_BYTES = 1 << 20;

/**
 * The text of an answer of `/audio/transcriptions`: server-sent events (`transcript.text.delta`, `transcript.text.done`) where the
 * server streams, else one JSON object (servers and models that do not stream leave `stream` aside). The text is trimmed.
 * Rejects with `upstream-failed` for anything else, and for more than 1 MB.
 */
export async function readTranscription(response: Response): Promise<string> {
  const body = await readText(response);
  const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
  return (isStream ? textOfEvents(body) : textOf(parse(body))).trim();
}

function textOfEvents(body: string): string {
  let deltas = '';
  for (const block of body.split(/\r?\n\r?\n/)) {
    const data = block
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).trimStart())
      .join('\n');
    if (data === '' || data === '[DONE]') continue;
    const event = parse(data) as { type?: unknown; delta?: unknown; error?: unknown };
    if (event.error !== undefined || event.type === 'error') {
      throw new VisavisError('upstream-failed', 'the speech recognition API reported an error');
    }
    if (event.type === 'transcript.text.done') return textOf(event);
    if (event.type === 'transcript.text.delta' && typeof event.delta === 'string') deltas += event.delta;
  }
  throw new VisavisError('upstream-failed', 'the speech recognition API ended before its text was complete', {
    cause: { characters: deltas.length },
  });
}

function textOf(value: unknown): string {
  const { text } = (value ?? {}) as { text?: unknown };
  if (typeof text === 'string') return text;
  throw malformed();
}

function parse(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw malformed(cause);
  }
  throw malformed();
}

function malformed(cause?: unknown): VisavisError {
  return new VisavisError('upstream-failed', 'the speech recognition API sent something else than a text', { cause });
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const body = response.body as unknown as AsyncIterable<Uint8Array> | null;
  if (body === null) throw malformed();
  for await (const part of body) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new VisavisError('upstream-failed', 'the speech recognition API sent too much');
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
