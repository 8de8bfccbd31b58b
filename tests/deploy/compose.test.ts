import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseDockerfile } from '../../scripts/lib/dockerfile.mjs';
import { PROJECT_ROOT } from '../../src/cache.js';
import { configVariables, loadConfig } from '../../src/config.js';

interface Service {
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  depends_on?: Record<string, unknown>;
  stop_grace_period?: string;
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  healthcheck?: unknown;
  ulimits?: Record<string, number>;
  init?: boolean;
  env_file?: string;
  build?: { args: Record<string, string> };
}

const read = (name: string) => readFileSync(join(PROJECT_ROOT, name), 'utf8');
const compose = parse(read('compose.yaml'), { merge: true, strict: true }) as {
  services: Record<'visavis' | 'redis' | 'turn', Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
};
const { visavis } = compose.services;
const exampleText = read('deploy/example.env');
const example = parseEnv(exampleText) as Record<string, string>;
const filledIn = {
  ...example,
  VISAVIS_API_KEYS: 'a-key-of-more-than-sixteen-characters',
  VISAVIS_ANNOUNCED_ADDRESS: '192.0.2.1',
  VISAVIS_PUBLIC_URL: 'https://talk.example.org',
};
/** VISAVIS_… = value of every line, those too that are commented out. */
const suggested = [...exampleText.matchAll(/^#? ?(\w+)=(.*)$/gm)].map(
  (match) => [match[1] ?? '', match[2] ?? ''] as const,
);

describe('compose.yaml', () => {
  it('makes a configuration that the service accepts once the example is filled in', () => {
    const config = loadConfig({ ...filledIn, ...visavis.environment });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 7860, rtcPort: 7861, redisUrl: 'redis://redis:6379' });
  });

  it('does not start with the example as it is: what is missing is named', () => {
    expect(() => loadConfig({ ...example, ...visavis.environment })).toThrow(
      /VISAVIS_API_KEYS: needed[\s\S]*VISAVIS_ANNOUNCED_ADDRESS: needed/,
    );
  });

  it('publishes the ports of the image, media under the same number, the page on loopback only', () => {
    const image = parseDockerfile(read('Dockerfile')).at(-1)!.image;
    const published = (visavis.ports ?? []).map(
      (port) => /^(?:([\d.]+):)?(\d+):(\d+\/\w+)$/.exec(port)?.slice(1) ?? [],
    );
    expect(published.map(([, , inside]) => inside)).toEqual(image.ports);
    for (const [address, outside, inside] of published) {
      expect(inside?.split('/')[0]).toBe(outside);
      expect(address).toBe(outside === '7860' ? '127.0.0.1' : undefined);
    }
  });

  it('gives conversations more time to end than the service takes', () => {
    const { drainMs } = loadConfig(filledIn);
    expect(Number.parseInt(visavis.stop_grace_period ?? '', 10) * 1000).toBeGreaterThanOrEqual(drainMs + 10_000);
  });

  it('lets the pacer have the priorities that it asks for', () => {
    const [, priority] = /PACER_PRIORITY = (\d+);/.exec(read('src/media/pacer-priority.ts')) ?? [];
    expect(visavis.ulimits?.['rtprio']).toBe(Number(priority) + 1);
  });

  it.each(Object.entries(compose.services))('%s is confined, limited, checked and started again', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' });
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    // Visavis has the check of its image.
    if (name !== 'visavis') expect(service.healthcheck).toBeDefined();
  });

  it('keeps Redis where only the service reaches it', () => {
    const { redis } = compose.services;
    expect(redis.ports).toBeUndefined();
    expect(redis.networks).toEqual(['back']);
    expect(compose.networks['back']?.internal).toBe(true);
    expect(visavis).toMatchObject({ init: true, depends_on: { redis: { condition: 'service_healthy' } } });
  });

  it('names only volumes and build arguments that there are', () => {
    for (const volume of visavis.volumes ?? []) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    for (const name of Object.keys(visavis.build?.args ?? {})) expect(read('Dockerfile')).toContain(`ARG ${name}`);
  });
});

describe('deploy/example.env', () => {
  it('names only settings that exist', () => {
    const others = new Set(['COMPOSE_PROFILES', 'TURN_REALM', 'TURN_EXTERNAL_ADDRESS']);
    const names = suggested.map(([name]) => name).filter((name) => !others.has(name));
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(configVariables).toContain(name);
  });

  it('holds no secret', () => {
    const secrets = suggested.filter(([name]) => /KEY|SECRET|PASSWORD/.test(name));
    expect(secrets.map(([name]) => name)).toEqual(['VISAVIS_API_KEYS', 'VISAVIS_TURN_SECRET', 'OPENAI_API_KEY']);
    for (const [name, value] of secrets) expect(value, name).toBe('');
  });

  it('says the standard value wherever it says one', () => {
    const names = ['VISAVIS_MAX_SESSIONS', 'VISAVIS_MAX_SESSION_S', 'VISAVIS_IDLE_TIMEOUT_S', 'VISAVIS_DRAIN_S'];
    const stated = Object.fromEntries(suggested.filter(([name]) => names.includes(name)));
    expect(Object.keys(stated)).toHaveLength(names.length);
    expect(loadConfig({ ...filledIn, ...stated })).toEqual(loadConfig(filledIn));
  });
});
