import type { McpServerEntry } from '../../agent-file-schema.js';
import type { GuardedHttp } from '../tools/guarded-http.js';
import type { Tool } from '../tools/tool.js';
import type { Backoff, McpConnection, McpReport } from './connection.js';

export interface McpServersOptions {
  servers: Readonly<Record<string, McpServerEntry>>;
  http: GuardedHttp;
  onReport?: (report: McpReport) => void;
  backoff?: Backoff;
}

/** The MCP servers of an agent; none is started before `start()`. */
export class McpServers {
  readonly #o: McpServersOptions;
  #connections: Promise<McpConnection[]> | undefined;
  #up: readonly McpConnection[] = [];

  constructor(options: McpServersOptions) {
    this.#o = options;
  }

  /** Starts those that are not; resolves when each was tried once. Never rejects. */
  async start(): Promise<void> {
    this.#connections ??= this.#connect();
    await Promise.all((await this.#connections).map(({ tried }) => tried));
  }

  /** Of the servers that are up now. */
  get tools(): readonly Tool[] {
    return this.#up.flatMap(({ tools }) => tools);
  }

  async close(): Promise<void> {
    const connections = (await this.#connections) ?? [];
    this.#connections = Promise.resolve([]);
    this.#up = [];
    await Promise.all(connections.map((connection) => connection.close()));
  }

  async #connect(): Promise<McpConnection[]> {
    const { servers, http, onReport, backoff } = this.#o;
    const entries = Object.entries(servers);
    if (entries.length === 0) return [];
    // The protocol's library takes 28 MB and a quarter of a second, which services without servers are spared.
    const { McpConnection: Connection } = await import('./connection.js');
    this.#up = entries.map(([name, entry]) => new Connection({ name, entry, http, onReport, backoff }));
    return [...this.#up];
  }
}
