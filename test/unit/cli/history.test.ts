import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { durationOf } from '../../../cli/history/command.ts';
import { ROLE_ARN } from '../../../sandbox/aws.ts';
import { addressLine } from '../../../shared/address-log.ts';
import { NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { type OperatorBed, operatorBed, tooWide } from './operator-bed.ts';

const X = '172.16.1.70';
const GROUP = '/aws/lambda/multus-eni-reconciler-demo-reconcile';

const audited = z.object({
  changes: z.array(
    z.object({
      change: z.string(),
      request: z.string().optional(),
      fromRequest: z.string().optional(),
      messages: z.array(z.string()),
      uid: z.string().optional(),
      lostByUid: z.string().optional(),
      trail: z.looseObject({}).optional(),
    }),
  ),
});

/** The lines that the functions wrote about addresses, as CloudWatch has them. */
function shipped({ bed: { telemetry, world } }: OperatorBed) {
  const lines = telemetry.lines
    .filter(({ text }) => text === 'addresses changed')
    .map(({ text, subject, detail }) => ({ message: text, ...subject, ...Object(detail) }));
  for (const line of lines) world.cloudWatch.log(GROUP, JSON.stringify(line));
  return lines;
}

/** X is given to a pod, refused to another on the second node, taken over by that, and released. */
async function played() {
  const operator = await operatorBed();
  const { bed, cluster, cloud, workers } = operator;
  const [a, b] = workers;
  if (a === undefined || b === undefined) throw new Error('two workers');
  await cluster.applyNetwork(NET_1);
  await bed.startForwarder();
  bed.startDelivery();
  const networks = [{ network: NET_1, ips: [X] }];
  const first = await cluster.runPod('first', { on: a, networks });
  await eventually(() => cloud.shownOn(a.eth1)).toEqual([X]);
  const second = await cluster.runPod('second', { on: b, networks });
  await eventually(() => cluster.conditionOf(second)).toMatchObject({ reason: 'Conflict' });
  await cluster.stopKubelet(a);
  await cluster.deletePod(first);
  await eventually(() => cloud.shownOn(b.eth1)).toEqual([X]);
  await cluster.deletePod(second);
  await eventually(() => cloud.shownOn(b.eth1)).toEqual([]);
  return { ...operator, a, b };
}

describe('history', () => {
  test('tells from the lines of the functions who had an address when', async () => {
    const operator = await played();
    const { operate, a, b } = operator;
    for (const line of shipped(operator)) expect(addressLine.safeParse(line).error).toBeUndefined();
    const { code, stdout, stderr } = await operate(['history', X, '--stage', 'demo']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = stdout.replaceAll(/\s+/g, ' ');
    const told = [
      `assigned to ${a.eth1} for default/first (demo/${a.name}, asked by `,
      `refused to default/second: conflict (demo/${b.name}`,
      `taken over from ${a.eth1} to ${b.eth1} for default/second`,
      `released from ${b.eth1}`,
    ];
    const places = told.map((each) => text.indexOf(each));
    expect(places).toEqual(places.toSorted((x, y) => x - y));
    expect(places).not.toContain(-1);
    expect(text).toContain('as far as the log is kept');
    expect(text).toContain(
      `taken over from ${a.eth1} to ${b.eth1} for default/second, which default/first had`,
    );
    expect(text).toContain(`released from ${b.eth1}, which default/second had`);
    expect(tooWide(stdout)).toEqual([]);
  });

  test('joins each change with the message that asked for it, its EC2 request and who CloudTrail says it was', async () => {
    const operator = await played();
    shipped(operator);
    const { ec2 } = operator.bed.world;
    const args = ['history', X, '--stage', 'demo', '--cloudtrail'];
    const { code, stdout, stderr } = await operator.operate([...args, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { changes } = audited.parse(JSON.parse(stdout));
    const done = changes.filter(({ change }) => change !== 'refused');
    expect(done.map(({ change }) => change)).toEqual(['assigned', 'taken-over', 'released']);
    const asked = new Map(ec2.calls.all().map(({ action, requestId }) => [requestId, action]));
    for (const { change, request, fromRequest, messages, trail, uid, lostByUid } of done) {
      const verb = change === 'released' ? 'Unassign' : 'Assign';
      expect(asked.get(request)).toBe(`${verb}PrivateIpAddresses`);
      expect(trail).toMatchObject({ event: asked.get(request), by: ROLE_ARN });
      expect(messages.length).toBeGreaterThan(0);
      expect(change === 'released' || uid).toBeTruthy();
      expect(change === 'assigned' || lostByUid).toBeTruthy();
      if (change === 'taken-over')
        expect(asked.get(fromRequest)).toBe('UnassignPrivateIpAddresses');
    }
    const shown = await operator.operate(args);
    expect(shown.stdout).toContain(`EC2 request ${done[0]?.request}`);
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(
      `CloudTrail: AssignPrivateIpAddresses by ${ROLE_ARN}`,
    );
    expect(tooWide(shown.stdout)).toEqual([]);
  });

  test('says that CloudTrail may not be asked', async () => {
    const operator = await played();
    shipped(operator);
    operator.bed.world.cloudTrail.deny();
    const { code, stderr } = await operator.operate([
      'history',
      X,
      '--stage',
      'demo',
      '--cloudtrail',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('could not look up events of CloudTrail');
  });

  test('knows one address from another that begins with it, and ends with 3 if nothing is known', async () => {
    const operator = await operatorBed(0);
    const { cloudWatch } = operator.bed.world;
    const line = {
      message: 'addresses changed',
      cluster: 'demo',
      node: 'n',
      reasons: ['sweep'],
      changes: [{ change: 'released', address: '172.16.1.70', eni: 'eni-1' }],
    };
    cloudWatch.log(GROUP, JSON.stringify(line));
    cloudWatch.log(GROUP, '{"message":"addresses changed","hostile":"172.16.1.7"}');
    const other = await operator.operate(['history', '172.16.1.7', '--stage', 'demo']);
    expect(other.code).toBe(3);
    expect(other.stdout).not.toContain('released');
  });

  test.each([
    [['x', '--stage', 'demo'], 'x is no address'],
    [[X], 'whose log? Give --stage'],
    [[X, '--stage', 'demo', '--since', 'monday'], 'such as 30m or 7d'],
  ])('says what is wrong with %s', async (args, says) => {
    const { operate } = await operatorBed(0);
    const { code, stderr } = await operate(['history', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  test('says that there is no such log', async () => {
    const { operate } = await operatorBed(0);
    const { code, stderr } = await operate(['history', X, '--stage', 'prod']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'could not query the log /aws/lambda/multus-eni-reconciler-prod-reconcile',
    );
  });

  test.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('takes %s for %d ms', (text, ms) => expect(durationOf(text)).toBe(ms));
});

test('the reference shows the shape of the lines', () => {
  const page = readFileSync('docs/reference/log-lines.md', 'utf8');
  const [, block = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  expect(addressLine.safeParse(JSON.parse(block)).error).toBeUndefined();
  const rows = [...page.matchAll(/^\| `(\w+)` \| (line|change) \|/gm)].map(([, key, where]) => [
    key,
    where,
  ]);
  const { changes, ...line } = addressLine.shape;
  expect(rows).toEqual([
    ...[...Object.keys(line), 'changes'].map((key) => [key, 'line']),
    ...Object.keys(changes.element.shape).map((key) => [key, 'change']),
  ]);
});
