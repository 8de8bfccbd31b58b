import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { VisavisError } from '../errors.js';
import { describeType } from './validate.js';

export const MAX_BODY_BYTES = 64 * 1024;

/**
 * Puts the parsed JSON body into `request.body`; no body stands for `{}`. What is too large is refused as soon as that is known,
 * and the connection closed, whatever else is still being sent on it.
 */
export const jsonBody: RequestHandler = async (request, response, next) => {
  try {
    request.body = parse(await read(request));
  } catch (thrown) {
    if (VisavisError.from(thrown).code === 'too-large') response.set('Connection', 'close');
    throw thrown;
  }
  next();
};

async function read(request: IncomingMessage): Promise<string> {
  const { headers } = request;
  const length = Number(headers['content-length'] ?? 0);
  if (length > MAX_BODY_BYTES) throw tooLarge();
  if (length === 0 && headers['transfer-encoding'] === undefined) return '';
  if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new VisavisError('bad-request', 'expected a body of type application/json');
  }
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? '')) {
    throw new VisavisError('bad-request', 'expected a body without content-encoding');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The request must outlive the loop, or its answer could not be sent.
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof VisavisError) throw thrown;
    throw new VisavisError('bad-request', 'the request broke off', { cause: thrown });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VisavisError('bad-request', 'the body is not valid JSON');
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new VisavisError('bad-request', `expected a JSON object, got ${describeType(value)}`);
}

function tooLarge(): VisavisError {
  return new VisavisError('too-large', `the body is larger than ${MAX_BODY_BYTES / 1024} kB`);
}
