import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Gateway, type GatewayOptions } from '../../src/compose.js';
import { type Config, loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/log.js';
import type { CreatedSession, CreateSessionBody } from '../../src/signaling/messages.js';
import { TestClient } from './client.js';

export const FAKE_AVATAR_WORKER = fileURLToPath(new URL('./fake-avatar-worker.mjs', import.meta.url));
export const FAKE_SPEECH_WORKER = fileURLToPath(new URL('./fake-speech-worker.mjs', import.meta.url));

/** The smallest PNG there is: one transparent pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export interface Launched {
  gateway: Gateway;
  /** Origin of the service, without a slash at the end. */
  origin: string;
  webFolder: string;
  avatarsFolder: string;
  createSession(body?: CreateSessionBody): Promise<CreatedSession>;
  /** One more token of the session: for another seat in it. */
  seat(sessionId: string): Promise<CreatedSession>;
  connect(): Promise<TestClient>;
  /** A session, and a client that joined it. */
  joined(body?: CreateSessionBody): Promise<{ client: TestClient; session: CreatedSession }>;
  closeClients(): void;
  close(): Promise<void>;
}

/** Of its own for each process of tests: a worker's port must not be taken by another test while it has no owner. */
function linkPorts(): string {
  const first = 44_000 + (Number(process.env['VITEST_POOL_ID'] ?? 1) % 10) * 100;
  return `${first}-${first + 99}`;
}

/** The real gateway with the real SFU on free ports; the workers are forked processes without engines. */
export async function launch(
  env: Record<string, string> = {},
  /** For values that no operator may set, such as times that a test can wait for. */
  overrides: Partial<Config> = {},
  options: Partial<GatewayOptions> = {},
): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), 'visavis-test-'));
  const avatars = join(folder, 'avatars');
  const webFolder = join(folder, 'web');
  writeAvatar(avatars, 'test-face');
  writePage(webFolder);
  const complete = {
    VISAVIS_PORT: '0',
    VISAVIS_RTC_PORT: '0',
    VISAVIS_LINK_PORTS: linkPorts(),
    VISAVIS_AVATARS: avatars,
    VISAVIS_STOCK_AVATARS: 'off',
    VISAVIS_AVATAR: 'test-face',
    VISAVIS_LOG_LEVEL: 'silent',
    // What else runs on the machine must not decide how many sessions a test may have.
    VISAVIS_ADMISSION: 'off',
    ...env,
  };
  const fakeSettings = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('FAKE_')));
  const gateway = await Gateway.create(
    { ...loadConfig(complete), ...overrides },
    {
      env: { PATH: process.env['PATH'], ...complete, ...fakeSettings },
      logger: createLogger('test', 'silent'),
      avatarEntry: FAKE_AVATAR_WORKER,
      speechEntry: FAKE_SPEECH_WORKER,
      webFolder,
      spareDelayMs: 2_000,
      ...options,
    },
  );
  await gateway.ready;
  const origin = gateway.url.replace(/\/$/, '');
  const clients: TestClient[] = [];
  const key = env['VISAVIS_API_KEYS']?.split(',')[0];
  const post = async (path: string, body: object) => {
    const response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as CreatedSession;
  };
  const createSession = (body: CreateSessionBody = {}) => post('/v1/sessions', body);
  const connect = async () => {
    const client = await TestClient.connect(origin);
    clients.push(client);
    return client;
  };
  const closeClients = () => {
    for (const client of clients.splice(0)) {
      if (client.socket.connected) client.socket.emit('leave', {});
      client.close();
    }
  };
  return {
    gateway,
    origin,
    webFolder,
    avatarsFolder: avatars,
    createSession,
    seat: (sessionId) => post(`/v1/sessions/${sessionId}/tokens`, {}),
    connect,
    async joined(body) {
      const [session, client] = await Promise.all([createSession(body), connect()]);
      await client.data('join', { token: session.token });
      return { client, session };
    },
    closeClients,
    async close() {
      closeClients();
      await gateway.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function writeAvatar(avatars: string, id: string): void {
  const folder = join(avatars, id);
  mkdirSync(folder, { recursive: true });
  const manifest = {
    formatVersion: 1,
    id,
    name: 'Tess',
    renderer: 'portrait',
    width: 512,
    height: 512,
    frameRate: 25,
    voices: { kokoro: 'af_heart', piper: 'libritts-840' },
    licence: 'CC0-1.0',
    provenance: 'One pixel.',
    likeness: { ground: 'synthetic', statement: 'Nobody.' },
    files: {},
  };
  writeFileSync(join(folder, 'avatar.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'portrait.png'), PIXEL);
}

export function writePage(folder: string): void {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>talk</title>');
  writeFileSync(join(folder, 'assets', 'main-abc123.js'), 'export {};');
}
