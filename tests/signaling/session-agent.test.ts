import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Launched, launch } from '../support/launch.js';

const KEY = 'a-key-of-the-operator-0123456789';
const AGENT = `
version: 1
name: Nora
greeting: Hello {visitor_name}, I am Nora, an AI.
rules: [Be kind.]
variables:
  visitor_name: { default: there }
  customer: { required: true }
`;

let folder: string;
let service: Launched;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-session-agent-'));
  writeFileSync(join(folder, 'agent.yaml'), AGENT);
  service = await launch({
    VISAVIS_API_KEYS: KEY,
    VISAVIS_AGENT: join(folder, 'agent.yaml'),
    VISAVIS_MEMORY_DAYS: '30',
    VISAVIS_MEMORY_FOLDER: join(folder, 'memory'),
  });
});
afterEach(() => service.closeClients());
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

const customer = { customer: 'c42' };

async function api(method: string, path: string, body?: object, key: string | undefined = KEY) {
  const response = await fetch(`${service.origin}/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** What a session's conversation was opened with. */
async function optionsOf(body: object) {
  const { client, session } = await service.joined(body);
  await client.data('say', { text: 'options' });
  const { text } = await client.event('utterance-end', ({ text: said }) => said.startsWith('{'));
  return { options: JSON.parse(text), client, session };
}

describe('a session’s agent', () => {
  it('has the agent file’s name and greeting, with the session’s variables', async () => {
    const { options, session } = await optionsOf({ variables: { ...customer, visitor_name: 'Ann' } });
    expect(session.avatar.name).toBe('Nora');
    expect(options).toMatchObject({
      name: 'Nora',
      greeting: 'Hello Ann, I am Nora, an AI.',
      variables: { customer: 'c42', visitor_name: 'Ann' },
    });
    expect(options).not.toHaveProperty('memory');
  });

  it('may be another one in this session', async () => {
    const agent = { name: 'Ben', persona: 'You repair.', goals: ['Help.'], rules: ['Ask.'], tools: ['stock'] };
    const { options } = await optionsOf({ variables: customer, agent, greeting: 'Hi.' });
    expect(options).toMatchObject({ name: 'Ben', agent, greeting: 'You are talking with an AI. Hi.' });
  });

  it.each([
    [{}, 'variables.customer'],
    [{ variables: { ...customer, colour: 'red' } }, 'variables.colour'],
    [{ variables: { customer: 'x'.repeat(501) } }, 'variables.customer'],
    [{ variables: { customer: { id: 1 } } }, 'variables.customer'],
    [{ variables: { 'Bad-Name': 'x' } }, 'variables.Bad-Name'],
    [{ variables: customer, agent: { persona: 7 } }, 'agent.persona'],
    [{ variables: customer, agent: { voice: 'x' } }, 'agent.voice'],
    [{ variables: customer, agent: { tools: ['a b'] } }, 'agent.tools.0'],
    [{ variables: customer, visitor: { id: 'ann' } }, 'visitor.remember'],
    [{ variables: customer, visitor: { id: '', remember: true } }, 'visitor.id'],
  ])('is refused by field: %j', async (body, field) => {
    const { status, body: answer } = await api('POST', '/sessions', body);
    expect(status).toBe(400);
    expect(answer.error).toMatchObject({ code: 'bad-request', field });
  });
});

describe('a visitor who agreed to be remembered', () => {
  it('is known at the next visit, and can be shown and forgotten', async () => {
    const visitor = { id: 'ann@example.org', remember: true };
    const path = `/visitors/${encodeURIComponent(visitor.id)}/memory`;
    expect((await api('GET', path)).status).toBe(404);
    const first = await optionsOf({ variables: customer, visitor });
    expect(first.options.memory).toMatchObject({ visits: 0, facts: [] });
    const { visitor: key, openedAtMs } = first.options.memory;
    const event = { type: 'memory', visitor: key, openedAtMs, fact: 'Likes red.' };
    await first.client.data('say', { text: `event ${JSON.stringify(event)}` });
    await expect
      .poll(async () => (await api('GET', path)).body.facts, { timeout: 10_000 })
      .toMatchObject([{ text: 'Likes red.' }]);
    expect(first.client.events.map(({ name }) => name)).not.toContain('memory');

    const second = await optionsOf({ variables: customer, visitor });
    expect(second.options.memory).toMatchObject({
      visits: 1,
      facts: ['Likes red.'],
      lastVisit: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    });

    expect((await api('DELETE', path)).status).toBe(204);
    expect((await api('GET', path)).status).toBe(404);
    expect((await optionsOf({ variables: customer, visitor })).options.memory).toMatchObject({ visits: 0, facts: [] });
  });

  it('is nobody’s business without a key, and nothing is kept of one who did not agree', async () => {
    const { options } = await optionsOf({ variables: customer, visitor: { id: 'ben', remember: false } });
    expect(options).not.toHaveProperty('memory');
    expect((await api('GET', '/visitors/ben/memory')).status).toBe(404);
    for (const method of ['GET', 'DELETE'])
      expect((await api(method, '/visitors/ben/memory', undefined, '')).status).toBe(401);
    expect((await api('GET', `/visitors/${'x'.repeat(200)}/memory`)).body.error).toMatchObject({
      code: 'bad-request',
      field: 'id',
    });
  });
});

describe('viewers', () => {
  it('are told of sources and of a hand-over', async () => {
    const { client } = await service.joined({ variables: customer });
    const sources = [{ title: 'Prices', page: 3, url: 'https://example.org/prices' }];
    await client.data('say', { text: `event ${JSON.stringify({ type: 'sources', utteranceId: 1, sources })}` });
    await client.data('say', { text: `event ${JSON.stringify({ type: 'handover' })}` });
    expect(await client.event('sources')).toEqual({ utteranceId: 1, sources });
    expect(await client.event('handover')).toEqual({});
  });
});
