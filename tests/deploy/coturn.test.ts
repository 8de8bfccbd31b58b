import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/redis.js';

const START = join(PROJECT_ROOT, 'deploy/coturn/start.sh');
const SECRET = 'a-secret-that-nobody-may-see';
const missing = spawnSync('turnserver', ['--help']).error !== undefined;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
});

function start(env: Record<string, string>, port: number) {
  const args = [START, '--listening-port', String(port), '--listening-ip', '127.0.0.1', '--relay-ip', '127.0.0.1'];
  const child = spawn('/bin/sh', args, {
    env: { PATH: '/usr/bin:/bin:/usr/sbin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const run = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      run.output += text;
    });
  }
  return run;
}

/** A STUN request without attributes or with those given; resolves with the answer (RFC 8489, section 5). */
function stun(port: number, type: number, attributes = Buffer.alloc(0)): Promise<{ type: number; text: string }> {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(type, 0);
  request.writeUInt16BE(attributes.length, 2);
  request.writeUInt32BE(0x2112a442, 4);
  request.fill(7, 8);
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const limit = setTimeout(() => {
      socket.close();
      reject(new Error('no answer'));
    }, 500);
    socket.once('message', (answer) => {
      clearTimeout(limit);
      socket.close();
      resolve({ type: answer.readUInt16BE(0), text: answer.toString('latin1') });
    });
    socket.send(Buffer.concat([request, attributes]), port, '127.0.0.1');
  });
}

describe('the TURN server of deploy/', () => {
  it('does not start without its secret or the address that it relays to, and says so', async () => {
    const run = start({ TURN_SECRET: SECRET }, 1);
    const code = await new Promise((resolve) => run.child.once('close', resolve));
    expect(code).toBe(1);
    expect(run.output).toContain('MEDIA_ADDRESS is not set');
    expect(run.output).not.toContain(SECRET);
  });

  it.skipIf(missing)(
    'answers, wants credentials, and shows its secret to nobody (skipped where coturn is missing)',
    async () => {
      const port = await freePort();
      const run = start({ TURN_SECRET: SECRET, MEDIA_ADDRESS: '192.0.2.1', TURN_REALM: 'turn.example.org' }, port);
      const binding = await eventually(() => stun(port, 0x0001));
      expect(binding.type).toBe(0x0101);
      // REQUESTED-TRANSPORT: UDP (RFC 8656, section 18.8).
      const allocate = await stun(port, 0x0003, Buffer.from([0x00, 0x19, 0x00, 0x04, 17, 0, 0, 0]));
      expect(allocate.type).toBe(0x0113);
      expect(allocate.text).toContain('turn.example.org');
      for (const file of ['cmdline', 'environ']) {
        expect(readFileSync(`/proc/${run.child.pid}/${file}`, 'latin1')).not.toContain(SECRET);
      }
      expect(run.output).not.toContain(SECRET);
      expect(run.output).not.toMatch(/bad configuration|unknown (argument|option)/i);
    },
  );
});
