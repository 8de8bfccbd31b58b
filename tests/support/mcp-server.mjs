/**
 * A real MCP server for tests: `node mcp-server.mjs` over stdin and stdout, `node mcp-server.mjs --http` on a free port, which it prints.
 * `--tools N`: that many tools more. MCP_GREETING comes back from the tool `environment`.
 */
import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });
const schema = (properties = {}) => ({ type: 'object', properties });
const cancelled = [];
let extra = Number(process.argv[process.argv.indexOf('--tools') + 1] ?? 0);
if (!process.argv.includes('--tools')) extra = 0;

/** name → [description, properties, what it does]. */
const TOOLS = {
  add: ['Adds two numbers.', { a: { type: 'number' }, b: { type: 'number' } }, ({ a, b }) => text(a + b)],
  environment: ['What it sees of its environment.', {}, () => text(JSON.stringify(process.env))],
  fail: ['Reports an error.', {}, () => ({ ...text('the shelf is empty'), isError: true })],
  big: ['Answers with 10 MB.', {}, () => text('x'.repeat(10_000_000))],
  picture: [
    'Answers with a picture.',
    {},
    () => ({ content: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }] }),
  ],
  die: ['Ends the server.', {}, () => process.exit(3)],
  garbage: ['Writes what is no message.', {}, () => text(process.stdout.write('Oops, a log line\n'))],
  pid: ['Its process id.', {}, () => text(process.pid)],
  cancelled: ['How many calls were cancelled.', {}, () => text(cancelled.length)],
  huge_schema: ['Has a schema of 20 kB.', { a: { type: 'string', description: 'x'.repeat(20_000) } }, () => text('')],
  'odd name!': ['Has a name that chat APIs refuse.', {}, () => text('odd')],
};

function makeServer() {
  const server = new Server({ name: 'test', version: '1' }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: [
      ...Object.entries(TOOLS).map(([name, [description, properties]]) => ({
        ...{ name, description, inputSchema: schema(properties) },
        // What a server says of itself is not to be believed.
        annotations: { readOnlyHint: true },
      })),
      { name: 'hang', description: 'Never answers.', inputSchema: schema() },
      { name: 'more', description: 'Adds a tool.', inputSchema: schema() },
      ...Array.from({ length: extra }, (_, i) => ({ name: `extra_${i}`, inputSchema: schema() })),
    ],
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    if (params.name === 'hang') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      cancelled.push(params.name);
      return text('too late');
    }
    if (params.name === 'more') {
      extra += 1;
      await server.sendToolListChanged();
      return text(extra);
    }
    const tool = TOOLS[params.name];
    if (tool === undefined) throw new Error(`no tool ${params.name}`);
    return tool[2](params.arguments ?? {});
  });
  return server;
}

if (process.argv.includes('--http')) {
  const sessions = new Map();
  const http = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = parts.length === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (request.headers.authorization !== 'Bearer of the test') return void response.writeHead(401).end();
    const id = request.headers['mcp-session-id'];
    let transport = sessions.get(id);
    if (transport === undefined) {
      if (id !== undefined) return void response.writeHead(404).end();
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (made) => sessions.set(made, transport),
      });
      await makeServer().connect(transport);
    }
    await transport.handleRequest(request, response, body);
  });
  const port = Number(process.env.MCP_PORT ?? 0);
  http.listen(port, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
  process.on('disconnect', () => process.exit(0));
} else {
  await makeServer().connect(new StdioServerTransport());
}
