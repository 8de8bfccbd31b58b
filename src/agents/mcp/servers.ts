import type { McpServerEntry } from '../../agent-file-schema.js';
import type { GuardedHttp } from '../tools/guarded-http.js';
import type { Tool } from '../tools/tool.js';
import { type Backoff, McpConnection, type McpReport } from './connection.js';

export interface McpServersOptions {
  servers: Readonly<Record<string, McpServerEntry>>;
  http: GuardedHttp;
  onReport?: (report: McpReport) => void;
  backoff?: Backoff;
}

/** The MCP servers of an agent; none is started before `start()`. */
export class McpServers {
  readonly #o: McpServersOptions;
  #connections: McpConnection[] | undefined;

  constructor(options: McpServersOptions) {
    this.#o = options;
  }

  /** Starts those that are not; resolves when each was tried once. Never rejects. */
  async start(): Promise<void> {
    const { servers, http, onReport, backoff } = this.#o;
    this.#connections ??= Object.entries(servers).map(
      ([name, entry]) => new McpConnection({ name, entry, http, onReport, backoff }),
    );
    await Promise.all(this.#connections.map(({ tried }) => tried));
  }

  /** Of the servers that are up now. */
  get tools(): readonly Tool[] {
    return (this.#connections ?? []).flatMap(({ tools }) => tools);
  }

  async close(): Promise<void> {
    await Promise.all((this.#connections ?? []).map((connection) => connection.close()));
    this.#connections = [];
  }
}
