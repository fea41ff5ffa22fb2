import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Result } from '../../../conformance/check.ts';
import { CLUSTER_CHECKS } from '../../../conformance/cluster/index.ts';
import { CHECKS } from '../../../conformance/facts/index.ts';
import { descriptionOf, OWN_TAG } from '../../../conformance/own-enis.ts';
import { mostCalls, type Run } from '../../../conformance/run-checks.ts';
import { crash, type Sent, sentBy, WHOLE } from './crash.ts';
import { labBed } from './lab-bed.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

const idsOf = ({ results }: Run, verdict: Result['verdict']): string[] =>
  results.filter((each) => each.verdict === verdict).map(({ id }) => id);
const ids = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id);
const DRAINING = CHECKS.filter(({ drains }) => drains).map(({ id }) => id);

describe('on the sandbox', () => {
  test('every fact is as expected, and the ENIs are as before', async () => {
    const { ec2, run } = labBed();
    const before = [...ec2.snapshot().enis.values()];
    const done = await run();
    expect(done.results.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
    expect(idsOf(done, 'not made')).toEqual(DRAINING);
    expect(idsOf(done, 'as expected').length + DRAINING.length).toBe(CHECKS.length);
    expect([...ec2.snapshot().enis.values()]).toEqual(before);
    expect(done.after.removed).toHaveLength(2);
    expect(done.calls).toBeLessThanOrEqual(mostCalls(false));
  });

  test('token buckets are measured if that was agreed to', async () => {
    const { ec2, run } = labBed();
    ec2.throttle.enable();
    const checks = CHECKS.filter(({ id }) => id === 'bucket-unassign-ipv6');
    const [result] = (await run({ checks, drain: true })).results;
    expect(result).toMatchObject({ verdict: 'as expected' });
    expect(result?.seen).toMatch(/^about \d+ tokens, \d+\.\d a second$/);
  });

  test('a bucket that is smaller than the code expects is told', async () => {
    const { ec2, run } = labBed();
    ec2.throttle.enable({ UnassignIpv6Addresses: { tokens: 20, refillPerSecond: 1 } });
    const checks = CHECKS.filter(({ id }) => id === 'bucket-unassign-ipv6');
    const [result] = (await run({ checks, drain: true })).results;
    expect(result).toMatchObject({ verdict: 'differs' });
  });

  test('reads that lag behind by half a second change no verdict', async () => {
    const { ec2, run } = labBed();
    ec2.setStaleness({ kind: 'time', ms: 500 });
    const done = await run();
    expect(done.results.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
    const lag = done.results.find(({ id }) => id === 'lag-unassign');
    expect(lag?.seen).toMatch(/^shown after \d{3,4} ms/);
    ec2.setStaleness({ kind: 'none' });
    expect(ec2.snapshot().enis.size).toBe(2);
  });

  test('reads that lag behind for longer than a reconcile waits are told', async () => {
    const { ec2, run } = labBed();
    ec2.setStaleness({ kind: 'time', ms: 5_000 });
    const checks = CHECKS.filter(({ id }) => id.startsWith('lag-'));
    expect(idsOf(await run({ checks }), 'differs')).toEqual(['lag-assign', 'lag-unassign']);
  });
});

/** All that a run sends. */
const ACTIONS = [
  'AssignIpv6Addresses',
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeInstanceTypes',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignIpv6Addresses',
  'UnassignPrivateIpAddresses',
];

describe('what cannot be tried is not made, and says why', () => {
  test('IPv6 in a subnet without it, and another subnet that was not given', async () => {
    const { run } = labBed({ ipv6Cidrs: [] });
    const done = await run({ secondSubnetId: undefined });
    const reasons = new Map(done.results.map(({ id, seen }) => [id, seen]));
    expect(idsOf(done, 'differs')).toEqual([]);
    expect(reasons.get('ipv6-outside')).toMatch(/has no IPv6 block/);
    expect(reasons.get('filter-ipv6-address')).toMatch(/has no IPv6 block/);
    expect(reasons.get('assign-other-subnet')).toBe('give --second-subnet');
    expect(idsOf(done, 'as expected')).toContain('assign-elsewhere');
  });

  test('every call of a run is one that a role may lack below', async () => {
    const sent = await sentBy(WHOLE);
    expect(new Set(sent.map(({ action }) => action))).toEqual(new Set(ACTIONS));
  });

  test.for(ACTIONS)(
    'without the right to %s each check that needs it is not made and names it, nothing differs, and nothing is left',
    async (action) => {
      const { ec2, run } = labBed();
      const before = [...ec2.snapshot().enis.values()];
      const effect = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
      ec2.faults.add({ action, times: Number.POSITIVE_INFINITY, effect });
      const done = await run();
      expect(done.results.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
      const notMade = done.results.filter(
        ({ id, verdict }) => verdict === 'not made' && !DRAINING.includes(id),
      );
      expect(new Set(notMade.map(({ seen }) => seen))).toEqual(
        new Set([`your role lacks ec2:${action}`]),
      );
      const sending = (await sentBy(WHOLE)).filter((each) => each.action === action);
      const trying = new Set(sending.map(({ at }) => at)).intersection(new Set(ids(WHOLE.checks)));
      expect([...trying.difference(new Set(ids(notMade)))]).toEqual([]);
      expect(ids(done.results)).toEqual(ids(CHECKS));
      expect(done.after.left).toEqual([]);
      expect([...ec2.snapshot().enis.values()]).toEqual(before);
    },
  );

  test('the right that lacks is the one that EC2 names', async () => {
    const { ec2, run } = labBed();
    const message =
      'You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/a is not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:us-east-1:111122223333:network-interface/*';
    const refusal = { kind: 'error', code: 'UnauthorizedOperation', status: 403, message } as const;
    ec2.faults.add({
      action: 'CreateNetworkInterface',
      times: Number.POSITIVE_INFINITY,
      effect: refusal,
    });
    const { results } = await run();
    expect(results.find(({ id }) => id === 'assign')?.seen).toBe('your role lacks ec2:CreateTags');
  });

  test('a subnet that is not there ends the run before anything is created', async () => {
    const { ec2, run } = labBed();
    await expect(run({ subnetId: 'subnet-00000000000000000' })).rejects.toThrow(/shows no subnet/);
    expect(Object.keys(ec2.calls.counts())).toEqual(['DescribeSubnets']);
  });
});

describe('what a run leaves behind when its process is ended', () => {
  // At each call of all: `npm run test:faults`.
  test('at what any check tries: the next run removes it', async () => {
    const sent = await sentBy(WHOLE);
    for (const check of WHOLE.checks) {
      const action = sent.findLast(({ at }) => at === check.id)?.action;
      const part = { ...WHOLE, checks: [check] };
      const isMeant = (each: Sent) => each.at === check.id && each.action === action;
      expect(await crash(part, 'after', isMeant), `after ${action} of ${check.id}`).toEqual([]);
    }
  });

  test.for(['before', 'after'] as const)(
    'at any call of those that create ENIs and remove them, %s EC2 has done it: the next run removes it',
    async (when) => {
      const none = { ...WHOLE, checks: [] };
      const sent = await sentBy(none);
      expect(new Set(sent.map(({ action }) => action)).size).toBe(8);
      for (const [index, { action }] of sent.entries()) {
        const wrong = await crash(none, when, (_, nth) => nth === index + 1);
        expect(wrong, `at call ${index + 1}, ${action}`).toEqual([]);
      }
    },
  );

  test('and is removed by the run that is interrupted itself', async () => {
    const { ec2, run } = labBed();
    const controller = new AbortController();
    const onProgress = (id: string): void => {
      if (id === 'move-primary') controller.abort();
    };
    const done = await run({ signal: controller.signal, onProgress });
    expect(done.results.at(-1)).toMatchObject({ id: 'move-primary', verdict: 'not made' });
    expect(done.after.removed).toHaveLength(3);
    expect(ec2.snapshot().enis.size).toBe(2);
  });
});

test('an interruption while the ENIs are created leaves nothing behind', async () => {
  const { clients, ec2, run } = labBed();
  const controller = new AbortController();
  ec2.calls.subscribe(({ action }) => {
    if (action === 'CreateNetworkInterface') controller.abort();
  });
  const done = await run({ clients, signal: controller.signal });
  expect(done.results).toEqual([]);
  expect(done.after.removed).not.toEqual([]);
  expect(ec2.snapshot().enis.size).toBe(2);
});

describe('an ENI that it did not make', () => {
  const run1 = '6f8b1c7e-0000-4000-8000-000000000001';

  test('is left alone, also if it has the tag', async () => {
    const { ec2, run, subnetId, worker } = labBed();
    ec2.tagEni(worker, { [OWN_TAG]: run1 });
    const tagged = ec2.addEni({ subnetId, tags: { [OWN_TAG]: run1 }, description: 'a database' });
    const other = descriptionOf('6f8b1c7e-0000-4000-8000-000000000002');
    const mistagged = ec2.addEni({ subnetId, tags: { [OWN_TAG]: run1 }, description: other });
    const before = [worker, tagged, mistagged].map((id) => ec2.eni(id));
    const done = await run();
    expect(done.before).toEqual({ removed: [], left: [] });
    expect([worker, tagged, mistagged].map((id) => ec2.eni(id))).toEqual(before);
  });

  test('and one that it made and somebody attached is left alone, and told', async () => {
    const { ec2, run, subnetId } = labBed();
    const made = { tags: { [OWN_TAG]: run1 }, description: descriptionOf(run1) };
    const eniId = ec2.addEni({ subnetId, ...made });
    const { instanceId } = ec2.addInstance({
      type: 'm5.large',
      enis: [{ deviceIndex: 0, subnetId }],
    });
    ec2.attachEni(eniId, instanceId, 1);
    const done = await run({ checks: [] });
    expect(done.after.left).toEqual([{ eniId, why: 'it is in-use: somebody attached it' }]);
    expect(ec2.eni(eniId).attachment).toBeDefined();
  });
});

test('every check is named once, and names a file that rests on it', () => {
  const all = [...CHECKS, ...CLUSTER_CHECKS];
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(all.filter(({ restsOn }) => !existsSync(join(ROOT, restsOn)))).toEqual([]);
});
