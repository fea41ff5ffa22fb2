import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { figures } from '../../../demo/report.ts';

const MAIN = fileURLToPath(new URL('../../../demo/main.ts', import.meta.url));

function runDemo(option: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, option]);
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

const TAKES = expect.stringMatching(/^.*`npm run demo.*--json.*--keep.*--real/s);

test('the demo says what it takes', () => {
  expect(runDemo('--help')).toEqual({ status: 0, stdout: TAKES, stderr: '' });
});

test('the demo says that it does not know an option, and what it takes instead', () => {
  expect(runDemo('--kepp')).toEqual({ status: 2, stdout: '', stderr: TAKES });
});

test('the demo ends by naming what says why an address is where it is', () => {
  const text = figures({ ok: true, steps: [], latencyMs: { p50: 1, p99: 1, n: 1 }, ec2Calls: {} });
  expect(text).toContain('multus-eni -- explain pod default/sampleapp-2 --stage demo');
});
