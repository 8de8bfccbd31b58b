import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/sdk/types.js';
import type { McpServerEntry } from '../../agent-file-schema.js';
import { VisavisError } from '../../errors.js';
import { MAX_DESCRIPTION_CHARACTERS, type Tool } from '../tools/tool.js';

/** Of one server; see also `MAX_TOOLS` for one conversation. */
export const MAX_SERVER_TOOLS = 64;
/** As JSON; larger ones cost every prompt too much. */
const MAX_SCHEMA_CHARACTERS = 8_000;
const MAX_NAME_CHARACTERS = 64;
const MAX_REFUSAL_CHARACTERS = 1_000;

export type CallServer = (
  tool: string,
  args: Record<string, unknown>,
  o: { signal: AbortSignal; timeoutMs: number },
) => Promise<CallToolResult>;

/**
 * What a server offers, as far as the operator lets it: each as `server__tool`. Whether a tool only reads is the operator's word;
 * what the server says of itself counts for nothing. `skipped`: names of tools that cannot be offered.
 */
export function toolsOf(
  server: string,
  entry: McpServerEntry,
  offered: readonly McpTool[],
  call: CallServer,
): { tools: Tool[]; skipped: string[] } {
  const tools: Tool[] = [];
  const skipped: string[] = [];
  const timeoutMs = entry.timeoutS * 1000;
  for (const { name, description, title, inputSchema } of offered) {
    if (entry.tools !== undefined && !entry.tools.includes(name)) continue;
    const shown = `${server}__${name}`.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, MAX_NAME_CHARACTERS);
    const isTooLarge = JSON.stringify(inputSchema).length > MAX_SCHEMA_CHARACTERS;
    if (isTooLarge || tools.length >= MAX_SERVER_TOOLS || tools.some((tool) => tool.name === shown)) {
      skipped.push(name.slice(0, 128));
      continue;
    }
    tools.push({
      name: shown,
      description: (description ?? title ?? name).slice(0, MAX_DESCRIPTION_CHARACTERS) || name,
      parameters: { ...inputSchema, type: 'object' },
      effect: entry.readOnly.includes(name) ? 'reads' : 'acts',
      ...(entry.confirm.includes(name) ? { confirm: true } : {}),
      // The call's own limit comes first, and tells the server.
      timeoutMs: timeoutMs + 500,
      async run(args, { signal }) {
        return resultText(await call(name, args as Record<string, unknown>, { signal, timeoutMs }));
      },
    });
  }
  return { tools, skipped };
}

/** What the model is told; throws `upstream-failed` for a result that is an error. */
function resultText(result: CallToolResult): string {
  const { content, structuredContent, isError } = result;
  const parts = (Array.isArray(content) ? content : []).map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'resource' && 'text' in part.resource) return part.resource.text;
    return `[${part.type}]`;
  });
  const text = parts.join('\n').trim() || (structuredContent === undefined ? '' : JSON.stringify(structuredContent));
  if (isError === true) {
    const said = text === '' ? '' : `: ${text.slice(0, MAX_REFUSAL_CHARACTERS)}`;
    throw new VisavisError('upstream-failed', `the tool reported an error${said}`);
  }
  return text;
}
