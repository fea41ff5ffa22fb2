import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { countCalls, type Figures, percentile } from '../../../bench/budget/figures.ts';
import { playInThread } from '../../../bench/budget/in-thread.ts';
import { answer } from '../../../bench/budget/play.ts';
import { isWithin, tableOf } from '../../../bench/budget/report.ts';
import type { CallOutcome, LoggedCall } from '../../../sandbox/ec2/calls.ts';

const MAIN = join(import.meta.dirname, '../../../bench/budget/main.ts');
const NODES = 6;

function bench(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
}

test('The same seed gives the same figures', async () => {
  const order = {
    scenario: 'deletion',
    seed: 7,
    nodes: NODES,
    ec2ReadMs: 100,
    ec2WriteMs: 300,
  } as const;
  const [first, second] = await Promise.all([playInThread(order), playInThread(order)]);
  expect(second).toEqual(first);
  // A call for each ENI is the least.
  expect(first.figures.unassign).toBeGreaterThanOrEqual(2 * NODES);
});

test('Clusters that burst together waste no call if they book them in one table', async () => {
  const order = { seed: 7, nodes: 20, ec2ReadMs: 100, ec2WriteMs: 300 } as const;
  const [apart, together] = await Promise.all([
    playInThread({ ...order, scenario: 'fortyClustersApart' }),
    playInThread({ ...order, scenario: 'fortyClusters' }),
  ]);
  expect(apart.figures.throttled).toBeGreaterThan(0);
  expect(together.figures.throttled).toBe(0);
  expect(together.figures.assign).toBeLessThan(apart.figures.assign);
  expect(together.figures.seconds).toBeLessThan(apart.figures.seconds);
});

test('The figures are printed by scenario, as JSON alone', () => {
  // At this pace no goal is reached, which is for the reader to say.
  const args = ['--json', '--nodes', '1', '--only', 'burstRaised', '--write', '9000'];
  const { stdout, stderr, status } = bench(...args);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const figures = answer.shape.figures.strict();
  const result = z.record(z.string(), figures).parse(JSON.parse(stdout));
  expect(Object.keys(result)).toEqual(['burstRaised']);
  expect(result.burstRaised?.p50Ms).toBeGreaterThan(7_000);
});

test('A name that is no scenario is refused with those that are', () => {
  const { stdout, stderr, status } = bench('--only', 'bursts');
  expect(stderr).toContain('there is no bursts; there are quietPod, forwarderRestart,');
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
});

const call = (action: string, outcome: CallOutcome): LoggedCall => ({
  action,
  params: {},
  at: 0,
  outcome,
});
const answered: CallOutcome = { kind: 'answered' };
const refused: CallOutcome = { kind: 'refused', code: 'InvalidParameterValue' };
const throttled: CallOutcome = { kind: 'refused', code: 'RequestLimitExceeded' };

test('Calls that assign or unassign are counted by what became of them, throttled ones of any action', () => {
  const calls = [
    call('AssignPrivateIpAddresses', answered),
    call('AssignIpv6Addresses', answered),
    call('UnassignPrivateIpAddresses', answered),
    call('AssignPrivateIpAddresses', refused),
    call('UnassignIpv6Addresses', refused),
    call('UnassignPrivateIpAddresses', { kind: 'lost' }),
    call('AssignPrivateIpAddresses', throttled),
    call('DescribeNetworkInterfaces', throttled),
    call('DescribeNetworkInterfaces', answered),
    call('DescribeSubnets', refused),
  ];
  expect(countCalls(calls)).toEqual({ assign: 2, unassign: 1, refused: 3, throttled: 2 });
});

test('A percentile is the value that so many of the values do not exceed', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentile(values, 0.5)).toBe(100);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBe(0);
});

const NOTHING: Figures = {
  ...{ assign: 0, unassign: 0, refused: 0, throttled: 0 },
  ...{ seconds: 0, p50Ms: 0, p99Ms: 0 },
  ...{ neighbourRefused: 0, neighbourDelayMs: 0, neighbourLost: 0, errors: 0 },
};

test('A goal stands beside its figure, and is marked if it is missed', () => {
  const results = new Map([['burst', [{ ...NOTHING, assign: 208, throttled: 1 }]]] as const);
  const table = tableOf(results);
  expect(isWithin(results)).toBe(false);
  expect(table).toContain('208 ≤ 208');
  expect(table).toContain('1 ≤ 0 ✗');
});

test('Of several seeds the median is held against the goal, and the worst against its own', () => {
  const judged = (...seconds: number[]) =>
    new Map([['burst', seconds.map((each) => ({ ...NOTHING, seconds: each }))]] as const);
  expect(tableOf(judged(20, 26, 27.5))).toContain('26.0 (27.5) ≤ 27 (28)');
  expect(isWithin(judged(20, 26, 27.5))).toBe(true);
  expect(tableOf(judged(20, 26, 29))).toContain('26.0 (29.0) ≤ 27 (28) ✗');
  expect(isWithin(judged(20, 27.5, 27.6))).toBe(false);
});
