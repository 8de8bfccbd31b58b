import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { GatewayChild } from '../../src/guardian/gateway-child.js';
import { createLogger } from '../../src/log.js';
import { FAKE_AVATAR_WORKER } from './launch.js';

const GATEWAY_PROCESS = fileURLToPath(new URL('../../dist/gateway-process.js', import.meta.url));

export interface LoneGateway {
  origin: string;
  id: string;
  pid: number;
  /** SIGKILL; nobody restarts it. */
  kill(): Promise<void>;
}

/** A gateway in a process of its own, as the guardian starts it, but with nobody to replace it. */
export async function launchLoneGateway(env: Record<string, string>, webFolder: string): Promise<LoneGateway> {
  const speech = {
    isUp: true,
    restarts: 0,
    socketPath: '/nowhere/speech.sock',
    pid: undefined,
    sparePid: undefined,
    standardVoice: undefined,
  };
  const setup = {
    gatewayId: randomUUID(),
    env: { PATH: process.env['PATH'] ?? '', ...env },
    avatarEntry: FAKE_AVATAR_WORKER,
    webFolder,
    storeHere: false,
    speech,
    warm: false,
  };
  let gone!: () => void;
  const isGone = new Promise<void>((resolve) => {
    gone = resolve;
  });
  return new Promise((resolve, reject) => {
    const child: GatewayChild = new GatewayChild(
      GATEWAY_PROCESS,
      setup,
      {
        onLoaded: () => child.activate({ port: undefined, predecessors: [], restarts: 0 }),
        onListening: () => {},
        onMessage: (message) => {
          if (message.type === 'failed') reject(new Error(message.error.message));
          if (message.type !== 'ready') return;
          resolve({
            origin: message.report.url.replace(/\/$/, ''),
            id: child.id,
            pid: child.pid ?? 0,
            kill: () => {
              child.kill();
              return isGone;
            },
          });
        },
        onExit: (how) => {
          gone();
          reject(new Error(`the gateway ended (${how})`));
        },
      },
      createLogger('test', 'silent'),
    );
  });
}
