import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SERVER_IP, type TestNetwork } from './test-network.js';

const TURNSERVER = '/usr/bin/turnserver';
export const TURN_PORT = 13_478;
export const TURN_SECRET = 'shared-with-coturn-only-here';
/** UDP, and TCP for networks that let no UDP through. */
export const TURN_URLS = `turn:${SERVER_IP}:${TURN_PORT}?transport=udp,turn:${SERVER_IP}:${TURN_PORT}?transport=tcp`;

export const coturnMissing = (): string | undefined =>
  existsSync(TURNSERVER) ? undefined : `network tests need Debian's coturn (${TURNSERVER})`;

/** Debian's coturn on the service's host, with credentials by shared secret; resolves when it listens. */
export async function startCoturn(network: TestNetwork): Promise<ChildProcess> {
  const options = [
    ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--no-multicast-peers', '--realm=visavis.test', '--log-file=stdout'],
    ...['--use-auth-secret', `--static-auth-secret=${TURN_SECRET}`, '--pidfile=', '--verbose'],
    ...[`--listening-ip=${SERVER_IP}`, `--listening-port=${TURN_PORT}`, `--relay-ip=${SERVER_IP}`],
    ...['--min-port=50000', '--max-port=50099'],
  ];
  const server = network.spawn(network.server, TURNSERVER, ...options);
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stdout?.on('data', (data: Buffer) => {
      log += data;
      if (log.includes('TCP listener opened') || log.includes('listener opened on')) resolve();
      if (log.length > 200_000) log = log.slice(-100_000);
    });
    server.once('exit', (code) => reject(new Error(`coturn ended with code ${code}: ${log}`)));
  });
  return server;
}
