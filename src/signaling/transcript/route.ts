import { type Request, type RequestHandler, Router } from 'express';
import { VisavisError } from '../../errors.js';
import type { Transcript } from './transcript.js';
import { toWebVtt } from './webvtt.js';

const TYPES = { json: 'application/json', vtt: 'text/vtt' } as const;
type Format = keyof typeof TYPES;

/** `GET /sessions/:id/transcript`, of sessions under way and of those that ended a while ago: JSON, or WebVTT where that is asked for. */
export function transcriptRoute(find: (sessionId: string) => Promise<Transcript>): Router {
  const answer: RequestHandler = async (request, response) => {
    const format = formatOf(request);
    const transcript = await find(String(request.params['id']));
    response.vary('Accept');
    if (format === 'json') response.json(transcript);
    else response.type('text/vtt; charset=utf-8').send(toWebVtt(transcript));
  };
  return Router({ caseSensitive: true }).get('/sessions/:id/transcript', answer);
}

/** What the address asks for comes before what the header does; a client that takes neither gets JSON. */
function formatOf(request: Request): Format {
  const { format } = request.query;
  if (format === 'json' || format === 'vtt') return format;
  if (format !== undefined) {
    const got = String(format).slice(0, 40);
    throw new VisavisError('bad-request', `format: expected json or vtt, got "${got}"`, { field: 'format' });
  }
  return request.accepts(Object.values(TYPES)) === TYPES.vtt ? 'vtt' : 'json';
}
