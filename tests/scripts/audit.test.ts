import { describe, expect, it } from 'vitest';
import { judgeAudit } from '../../scripts/lib/audit.mjs';

const advisory = (title: string) => ({ title, url: 'https://github.com/advisories/GHSA-x', severity: 'high' });
const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });

describe('the audit of dependencies', () => {
  it('fails for high and critical advisories, once each, and names milder ones', () => {
    const { problems, notes } = judgeAudit(
      report({
        ws: {
          name: 'ws',
          severity: 'high',
          via: [advisory('Denial of service')],
          range: '<8.17.1',
          fixAvailable: true,
        },
        'engine.io': { name: 'engine.io', severity: 'high', via: ['ws'], range: '<=6.5.4', fixAvailable: true },
        zip: { name: 'zip', severity: 'critical', via: [advisory('Traversal')], range: '*', fixAvailable: false },
        mild: { name: 'mild', severity: 'moderate', via: [advisory('Leak')], range: '*', fixAvailable: false },
      }),
      1,
    );
    expect(problems).toEqual([
      'ws <8.17.1, high: Denial of service (https://github.com/advisories/GHSA-x); a fixed version exists',
      'zip *, critical: Traversal (https://github.com/advisories/GHSA-x); no fixed version yet',
    ]);
    expect(notes).toEqual([expect.stringMatching(/^mild \*, moderate: Leak/)]);
  });

  it('passes without advisories', () => {
    expect(judgeAudit(report({}), 0)).toEqual({ problems: [], notes: [] });
  });

  it.each([
    [
      'a mirror without the service',
      JSON.stringify({ message: '405 Method Not Allowed - POST https://mirror.example/-/x' }),
    ],
    ['no network', JSON.stringify({ error: { summary: 'request to https://mirror.example failed' } })],
    ['npm missing', ''],
  ])('says clearly that nothing was checked, and names no server: %s', (_what, stdout) => {
    const { problems, notes } = judgeAudit(stdout, 1);
    expect(problems).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^not checked, the advisory database cannot be asked here: /)]);
    expect(notes[0]).not.toContain('mirror.example');
  });
});
