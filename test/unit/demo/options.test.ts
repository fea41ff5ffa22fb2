import { expect, test } from 'vitest';
import { readOptions } from '../../../demo/options.ts';
import { figures } from '../../../demo/report.ts';

test('the demo says what it takes', () => {
  expect(readOptions(['--help'])).toMatchObject({ kind: 'text', exitCode: 0 });
  expect(readOptions(['--keep', '--json'])).toEqual({
    kind: 'play',
    options: { json: true, keep: true, real: false },
  });
});

test.each([['--kepp'], ['keep'], ['--json=yes'], ['-x']])(
  'the demo says what is wrong with %s, and what it takes instead',
  (option) => {
    const asked = readOptions([option]);
    expect(asked).toMatchObject({ kind: 'text', exitCode: 2 });
    const text = asked.kind === 'text' ? asked.text : '';
    expect(text).toContain('Usage: npm run demo');
    expect(text).not.toContain('node:');
  },
);

test('the demo ends by naming what says why an address is where it is', () => {
  const text = figures({ ok: true, steps: [], latencyMs: { p50: 1, p99: 1, n: 1 }, ec2Calls: {} });
  expect(text).toContain('multus-eni -- explain pod default/sampleapp-2 --stage demo');
});
