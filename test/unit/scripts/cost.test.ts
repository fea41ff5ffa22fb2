import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { parseStage } from '../../../config/read.ts';
import { lambdaTelemetry } from '../../../functions/telemetry.ts';
import { contentsOfAccount, contentsOfCluster } from '../../../scripts/cost/contents.ts';
import { type Assumptions, costOf, LOG_BYTES } from '../../../scripts/cost/cost.ts';
import { EMITTED } from '../../../scripts/cost/emitted.ts';
import { METRIC_NAMES } from '../../../shared/telemetry.ts';
import { NET_1 } from '../../support/networks.ts';
import { scenario } from '../../support/scenario.ts';
import type { Stage } from '../../support/stage.ts';
import { eventually } from '../../support/wait.ts';
import { deployed } from '../resources/deployed-cluster.ts';

const ROOT = join(import.meta.dirname, '../../..');
const ASSUMED: Assumptions = {
  joined: 40,
  busyHours: 100,
  reconciles: 2_000,
  sweepSeconds: 1,
  reconcileSeconds: 1,
  heartbeatSeconds: 0.05,
};
const stageOf = (text: string) => parseStage(`region: us-east-1\n${text}`, 'config/test.yml');
const costWith = (text: string, given: Partial<Assumptions> = {}) =>
  costOf('test', stageOf(text), { ...ASSUMED, ...given });

function printed(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const command = [join(ROOT, 'scripts/cost/main.ts'), ...args];
  return promisify(execFile)(process.execPath, command, { cwd: ROOT });
}

describe('`npm run cost`', () => {
  test('prints what the page about the cost cites', async () => {
    const { stdout } = await printed('--clusters', '40');
    expect(readFileSync(join(ROOT, 'docs/cost.md'), 'utf8')).toContain(stdout);
  });

  test('prints the same as JSON: at most 114 dollars for forty clusters', async () => {
    const { stdout } = await printed('--clusters', '40', '--json');
    const cost: unknown = JSON.parse(stdout);
    expect(cost).toEqual(costWith(''));
    expect(costWith('').total).toBeLessThanOrEqual(114);
  });

  test('refuses what is no number', async () => {
    const refused = await printed('--clusters', 'many').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 2, stderr: '--clusters takes a number\n' });
  });
});

describe('the cost', () => {
  test('is of what the templates have', () => {
    const { Resources } = deployed({ ClusterName: 'edge', QueueName: 'edge' });
    const count = (type: string): number =>
      Object.values(Resources).filter(({ Type }) => Type === type).length;
    expect(contentsOfCluster()).toEqual({
      alarmMetrics: count('AWS::CloudWatch::Alarm'),
      dashboards: 0,
      polled: count('AWS::Lambda::EventSourceMapping'),
      queues: count('AWS::SQS::Queue'),
      sweepsAnHour: 12,
      parameters: count('AWS::SSM::Parameter'),
    });
    const account = stageOf('clusters: [{ name: a }, { name: b }]\nsweepMinutes: 10\n');
    expect(contentsOfAccount('test', account)).toMatchObject({
      dashboards: 1,
      polled: 1,
      queues: 2,
      sweepsAnHour: 12,
      parameters: 3,
    });
  });

  test('has a line for bookings if a table is named: three writes for each node that is reconciled', () => {
    const { lines } = costWith('ec2: { budgetTable: true }\n', { joined: 500 });
    const bookings = lines.find(({ what }) => what === "bookings of EC2's calls");
    expect(bookings).toMatchObject({ quantity: 3_000_000, dollars: 1.88 });
    expect(costWith('').lines.map(({ what }) => what)).not.toContain("bookings of EC2's calls");
  });

  test('has a line for what is set: traces, a key; and none for a dashboard that is not made', () => {
    const { lines } = costWith(
      'tracing: true\ndashboard: false\nkmsKeyArn: arn:aws:kms:us-east-1:111122223333:key/1\n',
    );
    const dollarsOf = (what: string) => lines.find((line) => line.what === what)?.dollars;
    expect(dollarsOf('traces')).toBeGreaterThan(1);
    expect(dollarsOf('key of the queues')).toBeGreaterThan(1);
    expect(dollarsOf('dashboard')).toBe(0);
    expect(costWith('').lines.map(({ what }) => what)).not.toContain('traces');
  });

  test('grows with each cluster by the same', () => {
    const [none, one, two] = [0, 1, 2].map((joined) => costWith('', { joined }).total);
    expect((two ?? 0) - (one ?? 0)).toBeCloseTo((one ?? 0) - (none ?? 0), 1);
  });
});

/** The metrics that were emitted until now, but for those where something is wrong. */
function emittedBy({ telemetry }: Stage): string[] {
  return METRIC_NAMES.filter((name) => telemetry.values(name).length > 0);
}
const namesOf = (...when: readonly string[]): string[] =>
  METRIC_NAMES.filter((name) => when.includes(EMITTED[name].when));

describe('a metric is charged', () => {
  scenario('always, or not at all while nothing happens', {}, async (stage) => {
    await stage.cluster.addWorker();
    await stage.cluster.applyNetwork(NET_1);
    await eventually(() => stage.telemetry.total('ForwarderHeartbeat')).toBeGreaterThan(0);
    await stage.sweep();
    await stage.sweep();
    expect(emittedBy(stage)).toEqual(namesOf('always'));
    expect(stage.telemetry.values('Ec2Calls', 'all').length).toBe(
      stage.telemetry.values('Ec2Calls').length,
    );
  });

  scenario('if pods come and go, and nothing is wrong, for few more', {}, async (stage) => {
    const on = await stage.cluster.addWorker();
    await stage.cluster.applyNetwork(NET_1);
    await eventually(() => stage.telemetry.total('ForwarderHeartbeat')).toBeGreaterThan(0);
    const networks = [{ network: NET_1, ips: ['172.16.1.70'] }];
    const pod = await stage.cluster.runPod('app', { on, networks });
    await eventually(() => stage.telemetry.values('AssignmentLatency')).toHaveLength(1);
    await stage.sweep();
    await stage.cluster.deletePod(pod);
    await eventually(() => stage.telemetry.total('AddressesReleased')).toBe(1);
    expect(emittedBy(stage)).toEqual(namesOf('always', 'busy'));
  });
});

test.each([
  ['heartbeat', 'reconcile', ['ForwarderHeartbeat'], undefined],
  ['sweep', 'sweep', ['SweepCompleted', 'Ec2Calls'], { cluster: 'a'.repeat(20), nodes: 20 }],
] as const)('the log of a %s is as long as is counted', (kind, service, names, summary) => {
  let bytes = 0;
  const note = (text: unknown): boolean => {
    bytes += Buffer.byteLength(String(text)) + 26;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(console, 'info').mockImplementation(note);
  const telemetry = lambdaTelemetry(service);
  for (const name of names) telemetry.metric(name, name === 'Ec2Calls' ? 'all' : 'demo', 1);
  if (summary !== undefined) {
    const counts = { missing: 0, leaked: 0, foreign: 0, conflicting: 0, full: 0, notAttached: 0 };
    const more = { ...summary, ...counts, messages: 0, unreadableNetworks: 0 };
    telemetry.info('swept', {}, { managedEnis: 40, clusters: [more], foreignAddresses: [] });
  }
  telemetry.flush();
  vi.restoreAllMocks();
  expect(bytes).toBeGreaterThan(LOG_BYTES[kind] * 0.6);
  expect(bytes).toBeLessThanOrEqual(LOG_BYTES[kind]);
});
