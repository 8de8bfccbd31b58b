import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config.js';
import type { Guardian } from '../../src/guardian/guardian.js';
import { startService } from '../../src/serve.js';
import type { CreatedSession, CreateSessionBody } from '../../src/signaling/messages.js';
import { TestClient } from './client.js';
import { eventually } from './eventually.js';
import { FAKE_AVATAR_WORKER, FAKE_SPEECH_WORKER, writeAvatar, writePage } from './launch.js';

const GATEWAY_PROCESS = fileURLToPath(new URL('../../dist/gateway-process.js', import.meta.url));

export interface Guarded {
  guardian: Guardian;
  /** Origin of the service, without a slash at the end. */
  origin: string;
  createSession(body?: CreateSessionBody): Promise<CreatedSession>;
  connect(): Promise<TestClient>;
  /** Connects and joins as soon as a gateway is there and lets it; a socket that met none is opened anew. */
  rejoin(token: string): Promise<TestClient>;
  /** SIGKILL for the gateway at work; resolves when its successor is another process. */
  killGateway(): Promise<void>;
  close(): Promise<void>;
}

/** The service as `visavis serve` runs it: real guardian, real gateway processes of the last build, workers without engines. */
export async function launchGuarded(env: Record<string, string> = {}): Promise<Guarded> {
  const folder = mkdtempSync(join(tmpdir(), 'visavis-test-'));
  const avatars = join(folder, 'avatars');
  const webFolder = join(folder, 'web');
  writeAvatar(avatars, 'test-face');
  writePage(webFolder);
  const complete: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    VISAVIS_PORT: '0',
    VISAVIS_RTC_PORT: '0',
    VISAVIS_LINK_PORTS: '45000-45999',
    VISAVIS_AVATARS: avatars,
    VISAVIS_STOCK_AVATARS: 'off',
    VISAVIS_AVATAR: 'test-face',
    VISAVIS_LOG_LEVEL: 'silent',
    VISAVIS_ADMISSION: 'off',
    VISAVIS_STANDBY: 'off',
    ...env,
  };
  const guardian = startService(loadConfig(complete), complete, {
    gatewayEntry: GATEWAY_PROCESS,
    speechEntry: FAKE_SPEECH_WORKER,
    avatarEntry: FAKE_AVATAR_WORKER,
    webFolder,
    spareAfterMs: 0,
  });
  const close = async () => {
    await guardian.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const { url } = await guardian.ready.catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });
  const origin = url.replace(/\/$/, '');
  const clients: TestClient[] = [];
  const connect = async () => {
    const client = await TestClient.connect(origin);
    clients.push(client);
    return client;
  };
  return {
    guardian,
    origin,
    connect,
    async createSession(body = {}) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${origin}/v1/sessions`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (response.status !== 201) throw new Error(`POST /v1/sessions: ${response.status} ${await response.text()}`);
      return (await response.json()) as CreatedSession;
    },
    rejoin: (token) =>
      eventually(async () => {
        const client = await connect();
        await client.data('join', { token, resume: true, received: 0 });
        return client;
      }),
    async killGateway() {
      const { active } = guardian.pids;
      if (active === undefined) throw new Error('there is no gateway at work');
      process.kill(active, 'SIGKILL');
      await eventually(() => {
        const now = guardian.pids.active;
        if (now === undefined || now === active) throw new Error('no successor yet');
      });
    },
    async close() {
      for (const client of clients) client.close();
      await close();
    },
  };
}
