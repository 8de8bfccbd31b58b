import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { VisavisError } from '../../errors.js';
import type { GuardedHttp } from '../tools/guarded-http.js';

/**
 * A `fetch` for the MCP client that goes to allowed addresses only and ends answers above `maxBytes`. Redirects are left to the
 * client, which follows them within one origin. `onTooLarge`: called once, because the client itself would wait for the rest.
 *
 * A name is looked up here and again by `fetch` itself: whoever owns an allowed name can still lead it to a private address in between.
 */
export function guardedFetch(
  http: GuardedHttp,
  maxBytes: number,
  onTooLarge: (error: VisavisError) => void,
): FetchLike {
  return async (address, init) => {
    await http.checkReachable(String(address));
    const response = await fetch(address, init);
    if (response.body === null) return response;
    let bytes = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        bytes += part.byteLength;
        if (bytes > maxBytes) {
          const error = new VisavisError('too-large', `the answer has more than ${maxBytes} bytes`);
          controller.error(error);
          onTooLarge(error);
        } else controller.enqueue(part);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(limit), { status, statusText, headers });
  };
}
