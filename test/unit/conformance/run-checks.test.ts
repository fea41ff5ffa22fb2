import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Result } from '../../../conformance/check.ts';
import { CLUSTER_CHECKS } from '../../../conformance/cluster/index.ts';
import { CHECKS } from '../../../conformance/facts/index.ts';
import { descriptionOf, OWN_TAG } from '../../../conformance/own-enis.ts';
import { mostCalls, type Run } from '../../../conformance/run-checks.ts';
import { killedAt, labBed } from './lab-bed.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

const idsOf = ({ results }: Run, verdict: Result['verdict']): string[] =>
  results.filter((each) => each.verdict === verdict).map(({ id }) => id);
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

  test('token buckets are measured where that was agreed to', async () => {
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

  test.for([
    'AssignIpv6Addresses',
    'AssignPrivateIpAddresses',
    'CreateNetworkInterface',
    'DeleteNetworkInterface',
    'DescribeInstanceTypes',
    'DescribeNetworkInterfaces',
    'DescribeSubnets',
    'UnassignIpv6Addresses',
    'UnassignPrivateIpAddresses',
  ])(
    'without the right to %s nothing differs, nothing is left, and that right is named',
    async (action) => {
      const { ec2, run } = labBed();
      const before = [...ec2.snapshot().enis.values()];
      const effect = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
      ec2.faults.add({ action, times: Number.POSITIVE_INFINITY, effect });
      const done = await run();
      expect(done.results.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
      const reasons = done.results.filter(({ verdict }) => verdict === 'not made');
      expect(reasons.map(({ seen }) => seen)).toContain(`your role lacks ec2:${action}`);
      expect(done.after.left).toEqual([]);
      expect([...ec2.snapshot().enis.values()]).toEqual(before);
    },
  );

  test('a subnet that is not there ends the run before anything is created', async () => {
    const { ec2, run } = labBed();
    await expect(run({ subnetId: 'subnet-00000000000000000' })).rejects.toThrow(/shows no subnet/);
    expect(Object.keys(ec2.calls.counts())).toEqual(['DescribeSubnets']);
  });
});

describe('what a run leaves behind when its process is ended', () => {
  const few = CHECKS.filter(({ id }) =>
    ['assign', 'move-by-reassignment', 'ipv6-elsewhere', 'assign-gone'].includes(id),
  );

  test.for(['before', 'after'] as const)(
    'at any call, %s EC2 has done it: the next run removes it',
    async (when) => {
      let at = 1;
      for (; ; at += 1) {
        const { clients, ec2, run } = labBed();
        const before = [...ec2.snapshot().enis.values()];
        const killed = killedAt(clients, at, when);
        await run({ checks: few, clients: killed.clients }).catch(() => undefined);
        if (!killed.ended()) break;
        const next = await run({ checks: few });
        expect(next.results.map(({ verdict }) => verdict)).toEqual(few.map(() => 'as expected'));
        expect([...ec2.snapshot().enis.values()], `ended at call ${at}`).toEqual(before);
      }
      expect(at).toBeGreaterThan(30);
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

  test('is left alone, also where it has the tag', async () => {
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
