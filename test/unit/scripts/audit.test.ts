import { expect, test } from 'vitest';
import { readAudit } from '../../../scripts/audit-report.ts';

test('a report without a vulnerability is clean', () => {
  const report = { auditReportVersion: 2, vulnerabilities: {}, metadata: {} };
  expect(readAudit(JSON.stringify(report))).toEqual({ kind: 'clean' });
});

test('each vulnerable package is named, with its versions and whether there is a fix', () => {
  const vulnerability = { via: [], effects: [], nodes: [] };
  const report = {
    auditReportVersion: 2,
    vulnerabilities: {
      one: { ...vulnerability, severity: 'high', range: '<1.2.3', fixAvailable: true },
      two: { ...vulnerability, severity: 'low', range: '*', fixAvailable: false },
    },
  };
  expect(readAudit(JSON.stringify(report))).toEqual({
    kind: 'vulnerable',
    packages: ['high: one <1.2.3', 'low: two *, no fix yet'],
  });
});

test.each([
  ['', 'npm audit printed no report'],
  ['not JSON', 'npm audit printed no report'],
  [
    '{"message": "405 Method Not Allowed - POST https://registry.example/-/npm/v1", "statusCode": 405}',
    '405 Method Not Allowed - POST https://registry.example/-/npm/v1',
  ],
])('no answer is no clean report: %j', (text, why) => {
  expect(readAudit(text)).toEqual({ kind: 'unanswered', why });
});
