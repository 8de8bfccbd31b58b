import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHROMIUM, PAGE_FLAGS } from '../../src/bench/browser.js';
import { PROJECT_ROOT } from '../../src/cache.js';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { issue } from '../support/certificates.js';
import { TestClient } from '../support/client.js';
import { errorOf, send } from '../support/raw-http.js';

const KEY = 'canarykey-0123456789abcdef';
/** None of these may be found in what the service writes at its default level. */
const SPOKEN = ['canaryasked', 'canarysaid', 'canarygreeting', 'canaryinstructions'];
const WRONG = ['canarywrongkey-0123456789', 'canarywrongtoken-0123456789'];
const READY_WITHIN_MS = 120_000;

let child: ChildProcess;
let output = '';
let origin = '';
let ca = '';
let certificates: string;
const tokens: string[] = [];

beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'visavis-tls-'));
  const { cert, key } = await issue();
  ca = cert;
  const paths = { VISAVIS_TLS_CERT: join(certificates, 'cert.pem'), VISAVIS_TLS_KEY: join(certificates, 'key.pem') };
  writeFileSync(paths.VISAVIS_TLS_CERT, cert);
  writeFileSync(paths.VISAVIS_TLS_KEY, key);
  const { VISAVIS_LOG_LEVEL: _, ...inherited } = process.env;
  child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist/cli.js'), 'serve'], {
    env: {
      ...inherited,
      VISAVIS_PORT: '0',
      VISAVIS_RTC_PORT: '0',
      VISAVIS_API_KEYS: KEY,
      VISAVIS_SPEECH: 'piper',
      VISAVIS_STANDBY: 'off',
      VISAVIS_ADMISSION: 'off',
      ...paths,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  origin = await vi.waitFor(
    () => {
      const found = /is ready.*?(https:\/\/\S+?)\/?$/m.exec(output)?.[1];
      if (found === undefined) throw new Error(`not ready:\n${output}`);
      return found;
    },
    { timeout: READY_WITHIN_MS, interval: 100 },
  );
}, READY_WITHIN_MS + 10_000);

afterAll(async () => {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  await gone;
  rmSync(certificates, { recursive: true, force: true });
});

async function createSession(body: object): Promise<CreatedSession> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const answer = await send(origin, { method: 'POST', path: '/v1/sessions', headers, body: JSON.stringify(body), ca });
  expect(answer.status, answer.body).toBe(201);
  const session = JSON.parse(answer.body) as CreatedSession;
  tokens.push(session.token);
  return session;
}

describe('what the service writes at its default level', () => {
  it('holds neither words nor keys nor tokens of a conversation, and names its session', async () => {
    const session = await createSession({ greeting: 'Hello canarygreeting.', instructions: 'Say canaryinstructions.' });
    const client = await TestClient.connect(origin, { ca } as object);
    expect(await client.error('join', { token: WRONG[1] })).toMatchObject({ code: 'unauthorized' });
    await client.data('join', { token: session.token });
    await client.data('say', { text: 'This is canarysaid.' });
    await client.event('utterance-end', ({ text }) => text.includes('canarysaid'));
    await client.data('ask', { text: 'What is canaryasked?' });
    const replies = () => client.events.filter(({ name }) => name === 'utterance-end').length;
    await expect.poll(replies, { timeout: 30_000 }).toBeGreaterThan(1);
    const headers = { authorization: `Bearer ${WRONG[0]}` };
    const wrong = await send(origin, { method: 'POST', path: `/v1/sessions?token=${WRONG[1]}`, headers, ca });
    expect(errorOf(wrong).code).toBe('unauthorized');
    await client.error('say', { text: { canarysaid: 1 } });
    client.socket.emit('leave', {});
    client.close();
    await expect.poll(() => output).toContain('"msg":"session closed"');
    for (const secret of [...SPOKEN, ...WRONG, ...tokens, KEY]) expect(output).not.toContain(secret);
    const lines = output.split('\n').filter((line) => line.startsWith('{'));
    const closed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(closed.find(({ msg }) => msg === 'session closed')).toMatchObject({ sessionId: session.sessionId });
  });
});

describe('the talk page over TLS', () => {
  it('runs under its content policy in a secure context, without one violation', async () => {
    const session = await createSession({ greeting: null });
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [...PAGE_FLAGS, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    });
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (/warning|error/.test(message.type())) complaints.push(message.text());
      });
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
          console.error(`violation of ${violatedDirective} by ${blockedURI}`);
        });
      });
      await page.goto(`${origin}/?autostart=1#token=${session.token}`);
      await expect
        .poll(() => page.evaluate('document.querySelector("video")?.currentTime ?? 0'), { timeout: 30_000 })
        .toBeGreaterThan(1);
      expect(await page.evaluate('isSecureContext')).toBe(true);
      expect(complaints).toEqual([]);
      expect(output).not.toContain(session.token);
    } finally {
      await browser.close();
    }
  });
});
