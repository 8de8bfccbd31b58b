import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { issue } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';
import { promtool, TestPrometheus } from '../support/prometheus.js';

const KEY = 'a-key-of-more-than-sixteen-characters';
const deploy = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));

interface ScrapeConfig {
  job_name: string;
  scheme: string;
  metrics_path: string;
  static_configs: { targets: string[] }[];
  authorization?: { type: string; credentials_file: string };
  tls_config?: { ca_file: string };
}
interface PrometheusConfig {
  global: Record<string, string>;
  rule_files: string[];
  scrape_configs: [ScrapeConfig];
}
interface Panel {
  type: string;
  title: string;
  description?: string;
  fieldConfig?: { defaults: { unit?: string } };
  targets?: { expr: string }[];
}
interface Dashboard {
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
  annotations: { list: { expr: string }[] };
}

const dashboard = JSON.parse(readFileSync(deploy('grafana/visavis.json'), 'utf8')) as Dashboard;
const alerts = parse(readFileSync(deploy('prometheus/alerts.yml'), 'utf8')) as {
  groups: { rules: { alert: string; expr: string }[] }[];
};
const charts = dashboard.panels.filter(({ type }) => type !== 'row');

/** As Grafana would fill the variables in. */
const filled = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*').replaceAll('$datasource', '');
const dashboardExpressions = [
  ...charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => filled(expr))),
  ...dashboard.annotations.list.map(({ expr }) => filled(expr)),
];
const alertExpressions = alerts.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));

/** The names in the table of docs/operations.md, in its short form. */
function documentedNames(): string[] {
  const text = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');
  const table = /## Monitoring\n.*?(\n\|.*?)\n\n/s.exec(text)?.[1] ?? '';
  return [...table.matchAll(/`([a-z_]+_?[a-z]+)(?:\{\w+\})?`/g)]
    .map(([, name]) => `visavis_${name}`)
    .filter((name) => !['visavis_direction', 'visavis_kind'].includes(name));
}

function namesIn(expressions: readonly string[]): string[] {
  return [...new Set(expressions.flatMap((expression) => expression.match(/\b(?:visavis_\w+|up)\b/g) ?? []))].sort();
}

describe('the rules in deploy/prometheus', () => {
  it('are accepted by promtool', async () => {
    expect(await promtool('check', 'rules', deploy('prometheus/alerts.yml'))).toContain('SUCCESS');
    expect(await promtool('check', 'config', '--syntax-only', deploy('prometheus/prometheus.yml'))).toContain(
      'SUCCESS',
    );
  });

  it('fire when they should and stay silent when they should not', async () => {
    expect(await promtool('test', 'rules', deploy('prometheus/alerts.test.yml'))).toContain('SUCCESS');
  });

  it('are each tried in a test of the rules', () => {
    const tried = readFileSync(deploy('prometheus/alerts.test.yml'), 'utf8');
    const names = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(names.filter((name) => !tried.includes(`alertname: ${name}`))).toEqual([]);
  });

  it('tell of each fault that a service of this kind can have', () => {
    expect(alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).sort()).toEqual([
      'VisavisAnswersSlow',
      'VisavisCertificateExpires',
      'VisavisDown',
      'VisavisErrors',
      'VisavisMemoryGrows',
      'VisavisNotReady',
      'VisavisPicturesLate',
      'VisavisRestarts',
      'VisavisSessionStoreDown',
      'VisavisSessionsRefused',
      'VisavisSoundLate',
    ]);
  });
});

describe('the dashboard in deploy/grafana', () => {
  it('explains every panel, gives it a unit, and leaves the data source to whoever imports it', () => {
    expect(charts.length).toBeGreaterThan(20);
    for (const { title, description, fieldConfig } of charts) {
      expect(description, title).toMatch(/\w/);
      expect(fieldConfig?.defaults.unit, title).toMatch(/\w/);
    }
    expect(dashboard.templating.list.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'datasource datasource',
      'instance query',
    ]);
    const uids = JSON.stringify(dashboard).match(/"uid":"[^"]*"/g) ?? [];
    expect(new Set(uids)).toEqual(new Set([`"uid":"\${datasource}"`, '"uid":"visavis"']));
  });
});

describe('a real Prometheus at a live gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'visavis-scrape-'));
  let plain: Launched;
  let secure: Launched;
  let prometheus: TestPrometheus;

  /** The deployed settings, pointed at the gateways of this test and hurried. */
  async function settings(): Promise<PrometheusConfig> {
    const config = parse(readFileSync(deploy('prometheus/prometheus.yml'), 'utf8')) as PrometheusConfig;
    const [scrape] = config.scrape_configs;
    const keyFile = join(folder, 'visavis.key');
    writeFileSync(keyFile, `${KEY}\n`);
    const common = { ...scrape, authorization: { type: 'Bearer', credentials_file: keyFile } };
    const target = ({ origin }: Launched) => [{ targets: [new URL(origin).host] }];
    return {
      ...config,
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: config.rule_files.map((name) => deploy(`prometheus/${name}`)),
      scrape_configs: [
        { ...common, static_configs: target(plain) },
        {
          ...common,
          job_name: 'visavis-tls',
          scheme: 'https',
          tls_config: { ca_file: join(folder, 'cert.pem') },
          static_configs: target(secure),
        },
      ],
    } as unknown as PrometheusConfig;
  }

  beforeAll(async () => {
    const { cert, key } = await issue();
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const keys = { VISAVIS_API_KEYS: KEY };
    plain = await launch(keys);
    secure = await launch({
      ...keys,
      VISAVIS_TLS_CERT: join(folder, 'cert.pem'),
      VISAVIS_TLS_KEY: join(folder, 'key.pem'),
    });
    const { client } = await plain.joined();
    await client.data('say', { text: 'one two three' });
    await client.event('utterance-end', ({ text }) => text === 'one two three');
    prometheus = await TestPrometheus.start(await settings());
    // rate() needs two samples.
    await eventually(async () => {
      const [scrapes] = await prometheus.query('min(count_over_time(visavis_ready[5m]))');
      expect(Number(scrapes?.value[1])).toBeGreaterThanOrEqual(3);
      expect(await prometheus.query('visavis_frames_due_total > 0')).not.toEqual([]);
    });
  });

  afterAll(async () => {
    await prometheus?.close();
    await plain?.close();
    await secure?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads both, over HTTP and over TLS, with the key', async () => {
    const targets = await prometheus.targets();
    expect(targets.map(({ health, lastError }) => `${health}${lastError}`)).toEqual(['up', 'up']);
    expect(await prometheus.query('visavis_ready == 1')).toHaveLength(2);
  });

  it.each(namesIn([...dashboardExpressions, ...alertExpressions]))('finds %s', async (name) => {
    expect(await prometheus.query(`count({__name__="${name}"})`)).toHaveLength(1);
  });

  it.each(documentedNames())('finds %s, which the documentation names', async (name) => {
    const found = await prometheus.query(`count({__name__=~"${name}(_count)?"})`);
    expect(found).toHaveLength(1);
  });

  it('shows nothing that the documentation does not name', async () => {
    const known = new Set(documentedNames());
    const shown = await prometheus.query(
      'count by (__name__) ({__name__=~"visavis_.*", __name__!~"visavis_gateway_.*"})',
    );
    const names = shown.map(({ metric }) => (metric['__name__'] ?? '').replace(/_(bucket|count|sum)$/, ''));
    expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each([...new Set([...dashboardExpressions, ...alertExpressions])])('can compute %s', async (expression) => {
    await prometheus.query(expression);
  });

  it('has loaded every rule, and none fails', async () => {
    await eventually(async () => {
      const rules = (await prometheus.rules()).flatMap((group) => group.rules);
      expect(rules).toHaveLength(alertExpressions.length);
      for (const { name, health, lastError } of rules) expect(health, `${name}: ${lastError}`).toBe('ok');
    });
  });

  it('shows on the dashboard what the gateway does', async () => {
    const value = async (expression: string) => Number((await prometheus.query(filled(expression)))[0]?.value[1]);
    expect(await value('sum(visavis_sessions)')).toBe(1);
    expect(await value('sum(visavis_viewers)')).toBe(1);
    const interval = charts.find(({ title }) => title === 'Picture interval')?.targets?.[1]?.expr ?? '';
    await eventually(async () => expect(await value(interval)).toBeGreaterThan(0));
    expect(await value('min(visavis_tls_certificate_expiry_timestamp_seconds - time())')).toBeGreaterThan(0);
  });
});
