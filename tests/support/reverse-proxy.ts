import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/cache.js';
import { issue } from './certificates.js';
import { eventually } from './eventually.js';
import { freePort } from './redis.js';

export type ProxyKind = 'nginx' | 'caddy';

/** Debian's own places: /usr/sbin is not in every user's PATH. */
const BINARIES: Record<ProxyKind, string> = { nginx: '/usr/sbin/nginx', caddy: '/usr/bin/caddy' };

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** nginx or Caddy with the snippet of `deploy/`, its name, ports and certificate replaced by those of a test. */
export class ReverseProxy {
  /** https://localhost:PORT */
  readonly origin: string;
  readonly httpPort: number;
  /** PEM of the certificate it shows. */
  readonly authority: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  static async start(kind: ProxyKind, ports: { port: number; upstreamPort: number }): Promise<ReverseProxy> {
    if (!existsSync(BINARIES[kind])) {
      throw new Error(`${BINARIES[kind]} is missing: apt-get install ${kind} ("npm test" as root does it)`);
    }
    const folder = mkdtempSync(join(tmpdir(), `visavis-${kind}-`));
    const httpPort = await freePort();
    const { cert, key } = await issue({ isAuthority: true });
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const command = (kind === 'nginx' ? nginx : caddy)(folder, { ...ports, httpPort });
    const child = spawn(BINARIES[kind], command, {
      env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const proxy = new ReverseProxy(child, folder, ports.port, httpPort, cert);
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    try {
      await eventually(() => {
        if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}: ${output}`);
        return reachable(ports.port);
      });
    } catch (thrown) {
      await proxy.close();
      throw thrown;
    }
    return proxy;
  }

  private constructor(child: ChildProcess, folder: string, port: number, httpPort: number, authority: string) {
    this.#child = child;
    this.#folder = folder;
    this.origin = `https://localhost:${port}`;
    this.httpPort = httpPort;
    this.authority = authority;
  }

  /** Like other clients, sends a body only when it was asked to go on: a refusal by length then never meets a body on its way. */
  request(path: string, o: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const body = o.body === undefined ? {} : { 'content-length': Buffer.byteLength(o.body), expect: '100-continue' };
      const headers = { ...o.headers, ...body };
      const options = { method: o.method ?? 'GET', headers, ca: this.authority, agent: false as const };
      const call = request(`${this.origin}${path}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          call.destroy();
        });
      });
      call.once('error', reject);
      if (o.body === undefined) call.end();
      else call.once('continue', () => call.end(o.body)).flushHeaders();
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Ports {
  port: number;
  httpPort: number;
  upstreamPort: number;
}

function snippet(path: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  let text = readFileSync(join(PROJECT_ROOT, 'deploy', path), 'utf8').replace(/^\s*#.*\n/gm, '');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`deploy/${path} has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function nginx(folder: string, { port, httpPort, upstreamPort }: Ports): string[] {
  const site = snippet('nginx/visavis.conf', [
    ['talk.example.org;', 'localhost;'],
    ['/etc/letsencrypt/live/talk.example.org/fullchain.pem', join(folder, 'cert.pem')],
    ['/etc/letsencrypt/live/talk.example.org/privkey.pem', join(folder, 'key.pem')],
    ['server 127.0.0.1:7860;', `server 127.0.0.1:${upstreamPort};`],
    ['listen [::]:80;', ''],
    ['listen 80;', `listen 127.0.0.1:${httpPort};`],
    ['listen [::]:443 ssl http2;', ''],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
  ]);
  mkdirSync(join(folder, 'temp'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, 'temp', name)};`)
    .join(' ');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const http = `http { access_log off; ${temporary}\n${site}}`;
  const main = `daemon off; worker_processes 1; ${user} pid ${join(folder, 'pid')}; error_log stderr warn;`;
  writeFileSync(join(folder, 'nginx.conf'), `${main}\nevents {}\n${http}\n`);
  return ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')];
}

function caddy(folder: string, { port, httpPort, upstreamPort }: Ports): string[] {
  const certificate = `tls ${join(folder, 'cert.pem')} ${join(folder, 'key.pem')}\n\tbind 127.0.0.1`;
  const site = snippet('caddy/Caddyfile', [
    ['talk.example.org {', `https://localhost:${port} {\n\t${certificate}`],
    ['reverse_proxy 127.0.0.1:7860 {', `reverse_proxy 127.0.0.1:${upstreamPort} {`],
  ]);
  const global = `{\n\tadmin off\n\thttp_port ${httpPort}\n\tdefault_bind 127.0.0.1\n}\n`;
  writeFileSync(join(folder, 'Caddyfile'), `${global}${site}`);
  return ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
}

function reachable(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
