/** One MCP server: started or connected to, asked for its tools, and brought back when it is lost. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  ErrorCode,
  McpError,
  type Tool as McpTool,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { abortError } from '../../abort.js';
import type { McpServerEntry } from '../../agent-file-schema.js';
import { isAbort, VisavisError } from '../../errors.js';
import type { GuardedHttp } from '../tools/guarded-http.js';
import type { Tool } from '../tools/tool.js';
import { guardedFetch } from './guarded-fetch.js';
import { MAX_SERVER_TOOLS, toolsOf } from './tools.js';

/** Of one message of a server; its connection is closed above that. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 15_000;
const MAX_PAGES = 8;

export interface Backoff {
  first: number;
  last: number;
  /** Whoever has been up for this long begins anew. */
  stableMs: number;
}

const BACKOFF: Backoff = { first: 500, last: 60_000, stableMs: 60_000 };

/** For the log; nothing of what was said. */
export type McpReport =
  | { type: 'up'; server: string; tools: number; skipped: readonly string[] }
  | { type: 'down'; server: string; error: VisavisError; retryInMs: number };

export interface McpConnectionOptions {
  name: string;
  entry: McpServerEntry;
  /** Says which addresses may be connected to. */
  http: GuardedHttp;
  onReport?: ((report: McpReport) => void) | undefined;
  backoff?: Backoff | undefined;
}

export class McpConnection {
  /** Resolves when the first attempt has succeeded or failed. Never rejects. */
  readonly tried: Promise<void>;
  readonly #o: McpConnectionOptions;
  readonly #backoff: Backoff;
  #client: Client | undefined;
  #tools: readonly Tool[] = [];
  #failures = 0;
  #upSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: McpConnectionOptions) {
    this.#o = options;
    this.#backoff = options.backoff ?? BACKOFF;
    this.tried = this.#attempt();
  }

  /** None while the server is away. */
  get tools(): readonly Tool[] {
    return this.#tools;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    this.#tools = [];
    await client?.close().catch(() => {});
  }

  async #attempt(): Promise<void> {
    // Nothing of this service is offered to the server: no sampling, no roots, no questions to the visitor.
    const client = new Client({ name: 'visavis', version: '1' }, { capabilities: {} });
    try {
      this.#client = client;
      client.onclose = () => this.#lose(client, new VisavisError('unavailable', 'the server ended the connection'));
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.#list(client).catch(() => {}));
      await client.connect(this.#transport(client), { timeout: CONNECT_TIMEOUT_MS });
      await this.#list(client);
      this.#upSinceMs = performance.now();
    } catch (thrown) {
      this.#lose(client, typed(thrown));
    }
  }

  #transport(client: Client): Transport {
    const { entry, http } = this.#o;
    if ('url' in entry) {
      const url = http.check(entry.url);
      const fetch = guardedFetch(http, MAX_MESSAGE_BYTES, (error) => this.#lose(client, error));
      // The SDK's own types are looser about what may be undefined.
      return new StreamableHTTPClientTransport(url, { requestInit: { headers: entry.headers }, fetch }) as Transport;
    }
    const { command, args, env, cwd } = entry;
    return new StdioClientTransport({ command, args, env, cwd, stderr: 'ignore', maxBufferSize: MAX_MESSAGE_BYTES });
  }

  async #list(client: Client): Promise<void> {
    const offered: McpTool[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && offered.length <= MAX_SERVER_TOOLS; page++) {
      const answer = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout: CONNECT_TIMEOUT_MS });
      offered.push(...answer.tools);
      cursor = answer.nextCursor;
      if (cursor === undefined) break;
    }
    if (client !== this.#client) return;
    const { name, entry } = this.#o;
    const { tools, skipped } = toolsOf(name, entry, offered, (tool, args, o) => this.#call(client, tool, args, o));
    this.#tools = tools;
    this.#o.onReport?.({ type: 'up', server: name, tools: tools.length, skipped });
  }

  async #call(
    client: Client,
    tool: string,
    args: Record<string, unknown>,
    { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  ): Promise<CallToolResult> {
    try {
      const o = { signal, timeout: timeoutMs, maxTotalTimeout: timeoutMs };
      return (await client.callTool({ name: tool, arguments: args }, undefined, o)) as CallToolResult;
    } catch (thrown) {
      if (signal.aborted) throw abortError(signal);
      const error = typed(thrown);
      // Over HTTP nothing else tells that the server is gone or has forgotten us.
      if (!(thrown instanceof McpError)) this.#lose(client, error);
      throw error;
    }
  }

  #lose(client: Client, error: VisavisError): void {
    if (this.#closed || client !== this.#client) return;
    this.#client = undefined;
    this.#tools = [];
    void client.close().catch(() => {});
    const { first, last, stableMs } = this.#backoff;
    if (this.#upSinceMs > 0 && performance.now() - this.#upSinceMs >= stableMs) this.#failures = 0;
    this.#upSinceMs = 0;
    const retryInMs = Math.min(last, first * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#timer = setTimeout(() => void this.#attempt(), retryInMs);
    this.#timer.unref();
    this.#o.onReport?.({ type: 'down', server: this.#o.name, error, retryInMs });
  }
}

/** What went wrong, without what the server put into it beyond a line. */
function typed(thrown: unknown): VisavisError {
  if (thrown instanceof VisavisError) return thrown;
  if (isAbort(thrown)) return new VisavisError('upstream-timeout', 'the tool server did not answer in time');
  if (thrown instanceof McpError) {
    if (thrown.code === ErrorCode.RequestTimeout)
      return new VisavisError('upstream-timeout', 'the tool server did not answer in time');
    if (thrown.code === ErrorCode.ConnectionClosed)
      return new VisavisError('unavailable', 'the tool server ended the connection');
    return new VisavisError('upstream-failed', `the tool server refused: ${thrown.message.slice(0, 300)}`);
  }
  const code = (thrown as NodeJS.ErrnoException | null)?.code;
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (cause instanceof VisavisError) return cause;
  return new VisavisError(
    'unavailable',
    `the tool server cannot be reached${typeof code === 'string' ? ` (${code})` : ''}`,
    {
      cause: thrown,
    },
  );
}
