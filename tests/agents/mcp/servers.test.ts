import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { checkAgentFile } from '../../../src/agent-file.js';
import type { McpReport } from '../../../src/agents/mcp/connection.js';
import { McpServers } from '../../../src/agents/mcp/servers.js';
import { GuardedHttp } from '../../../src/agents/tools/guarded-http.js';
import { Toolbox, type ToolReport } from '../../../src/agents/tools/toolbox.js';

const SERVER = fileURLToPath(new URL('../../support/mcp-server.mjs', import.meta.url));
const BACKOFF = { first: 20, last: 200, stableMs: 60_000 };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Bench {
  servers: McpServers;
  reports: McpReport[];
  calls: ToolReport[];
  names(): string[];
  call(name: string, args?: object, signal?: AbortSignal): Promise<string>;
}

async function open(entry: Record<string, unknown>, urls: string[] = []): Promise<Bench> {
  const { profile, problems } = checkAgentFile({ version: 1, mcpServers: { kit: entry } }, '/agent.yaml', {});
  if (profile === undefined) throw new Error(problems.join());
  const http = new GuardedHttp({ urls, privateAddresses: false });
  const reports: McpReport[] = [];
  const calls: ToolReport[] = [];
  const servers = new McpServers({
    servers: profile.mcpServers,
    http,
    backoff: BACKOFF,
    onReport: (r) => reports.push(r),
  });
  closing.push(
    () => http.close(),
    () => servers.close(),
  );
  await servers.start();
  const box = new Toolbox({ tools: () => servers.tools, sessionId: 's-1', onReport: (report) => calls.push(report) });
  const call: Bench['call'] = (name, args = {}, signal = new AbortController().signal) =>
    box.call(
      { name: `kit__${name}`, arguments: JSON.stringify(args) },
      { signal, committed: Promise.resolve(), history: [] },
    );
  return { servers, reports, calls, call, names: () => servers.tools.map(({ name }) => name) };
}

const local = (o: Record<string, unknown> = {}, ...args: string[]) =>
  open({ command: process.execPath, args: [SERVER, ...args], ...o });

/** The HTTP server as a process of its own; `port` 0: any. */
async function remote(port = 0): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(SERVER, ['--http'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, MCP_PORT: String(port) },
  });
  closing.push(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return { child, port: Number(String(line)) };
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('an MCP server that is a process', () => {
  test('offers its tools under its name, as far as chat APIs take them', async () => {
    const { names, servers, reports } = await local();
    expect(names()).toEqual(expect.arrayContaining(['kit__add', 'kit__odd_name_', 'kit__hang']));
    expect(names()).not.toContain('kit__huge_schema');
    expect(reports).toMatchObject([{ type: 'up', server: 'kit', skipped: ['huge_schema'] }]);
    expect(servers.tools.find(({ name }) => name === 'kit__add')).toMatchObject({
      description: 'Adds two numbers.',
      parameters: { type: 'object', properties: { a: { type: 'number' } } },
    });
  });

  test('answers calls; its errors and pictures become text', async () => {
    const { call } = await local();
    expect(await call('add', { a: 2, b: 40 })).toBe('42');
    expect(await call('fail')).toMatch(/^FAILED: the tool reported an error: the shelf is empty/);
    expect(await call('picture')).toBe('[image]');
  });

  test('counts as acting whatever it says of itself, unless the operator says that it reads', async () => {
    const { servers } = await local({ readOnly: ['add'], confirm: ['die'], tools: ['add', 'die'] });
    expect(servers.tools.map(({ name, effect, confirm }) => [name, effect, confirm])).toEqual([
      ['kit__add', 'reads', undefined],
      ['kit__die', 'acts', true],
    ]);
  });

  test('sees of this process’s environment only what it was given', async () => {
    process.env['SECRET_OF_THE_TEST'] = 'secret';
    try {
      const { call } = await local({ env: { MCP_GREETING: 'hello' } });
      const seen = JSON.parse(await call('environment'));
      expect(seen).toMatchObject({ MCP_GREETING: 'hello' });
      expect(seen).not.toHaveProperty('SECRET_OF_THE_TEST');
      expect(seen).not.toHaveProperty('VITEST');
    } finally {
      delete process.env['SECRET_OF_THE_TEST'];
    }
  });

  test('may change what it offers', async () => {
    const { call, names } = await local();
    const before = names().length;
    await call('more');
    await expect.poll(() => names().length, { timeout: 10_000 }).toBe(before + 1);
  });

  test('offers at most 64 tools', async () => {
    const { names, reports } = await local({}, '--tools', '200');
    expect(names()).toHaveLength(64);
    expect(reports[0]).toMatchObject({ type: 'up', tools: 64 });
  });

  test('is told when the visitor breaks in, and when it takes too long', async () => {
    const { call, calls } = await local({ timeoutS: 0.2 });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await call('hang', {}, abort.signal);
    expect(await call('hang')).toMatch(/^FAILED: the tool server did not answer in time/);
    await expect.poll(() => call('cancelled'), { timeout: 10_000 }).toBe('2');
    expect(calls.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['cancelled', 'failed']);
  });

  test('that dies fails the call under way and comes back', async () => {
    const { call, names, reports } = await local();
    const pid = Number(await call('pid'));
    expect(await call('die')).toMatch(/^FAILED: the tool server ended the connection/);
    expect(await call('add', { a: 1, b: 1 })).toBe('NOT DONE: there is no such tool.');
    await expect.poll(() => names().length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await call('add', { a: 1, b: 1 })).toBe('2');
    expect(Number(await call('pid'))).not.toBe(pid);
    expect(reports.map(({ type }) => type)).toEqual(['up', 'down', 'up']);
  });

  test('that writes log lines where messages belong is understood all the same', async () => {
    const { call } = await local();
    expect(await call('garbage')).toBe('true');
  });

  test('that answers with 10 MB is started anew', async () => {
    const { call, names, reports } = await local();
    expect(await call('big')).toMatch(/^FAILED: the tool server ended the connection/);
    await expect.poll(() => reports.map(({ type }) => type), { timeout: 10_000 }).toEqual(['up', 'down', 'up']);
    expect(names()).toContain('kit__add');
  });

  test('that cannot be started is tried again ever later, and nothing waits for it', async () => {
    const { reports, names } = await open({ command: '/no/such/program' });
    expect(names()).toEqual([]);
    await expect.poll(() => reports.length, { timeout: 10_000 }).toBeGreaterThan(3);
    const waits = reports.map((report) => (report.type === 'down' ? report.retryInMs : 0));
    expect(waits.slice(0, 4)).toEqual([20, 40, 80, 160]);
    expect(reports[0]).toMatchObject({ error: { code: 'unavailable', message: expect.stringContaining('ENOENT') } });
  });

  test('ends with the service', async () => {
    const { call, servers } = await local();
    const pid = Number(await call('pid'));
    await servers.close();
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
  });
});

describe('an MCP server over HTTP', () => {
  const headers = { authorization: 'Bearer of the test' };

  test('is called with its key', async () => {
    const { port } = await remote();
    const url = `http://127.0.0.1:${port}/mcp`;
    const { call } = await open({ url, headers }, [url]);
    expect(await call('add', { a: 2, b: 40 })).toBe('42');
    expect(await call('big')).toMatch(/^FAILED: the tool server ended the connection/);
  });

  test('is not connected to where its address is not allowed', async () => {
    const { port } = await remote();
    const { reports, names } = await open({ url: `http://127.0.0.1:${port}/mcp`, headers }, ['https://example.org']);
    expect(names()).toEqual([]);
    expect(reports[0]).toMatchObject({ type: 'down', error: { code: 'forbidden' } });
  });

  test('that dies fails the next call and is found again when it is back', async () => {
    const { child, port } = await remote();
    const url = `http://127.0.0.1:${port}/mcp`;
    const { call, names } = await open({ url, headers }, [url]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await call('add', { a: 1, b: 1 })).toMatch(/^(?:FAILED|NOT DONE)/);
    await expect.poll(names, { timeout: 10_000 }).toEqual([]);
    await remote(port);
    await expect.poll(() => names().length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await call('add', { a: 1, b: 1 })).toBe('2');
  });
});
