import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { auditPoolsOf, readPools } from '../../../functions/sweep/audit-pools.ts';
import type { Objects } from '../../../sandbox/kubernetes/objects.ts';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { type IpPool, poolFromObject } from '../../../shared/cluster/reservations.ts';
import { startBed } from '../../support/bed.ts';
import { inMemoryKubernetes, podWith } from '../../support/in-memory-kubernetes.ts';
import { ipPool } from '../../support/ip-pool.ts';

/** A pod that has run for years, and has the address. */
function createPod(objects: Objects, name: string, address: string): void {
  const attachment = { name: 'default/net-1', interface: 'net1', ips: [address] };
  objects.create('pods', {
    metadata: { name, annotations: { [NETWORK_STATUS]: JSON.stringify([attachment]) } },
    spec: { nodeName: 'a', containers: [{ name: 'app', image: 'app' }] },
  });
  const since = { status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' };
  const conditions = [{ type: 'PodReadyToStartContainers', ...since }];
  objects.patch('pods', { name }, { status: { conditions } }, { subresource: 'status' });
}

/**
 * A cluster where whereabouts keeps .70 for a pod that has it, .71 for one that is gone and whose
 * address is still on its ENI, and .72 for two pods; another pod has .79 without having asked.
 */
async function startWithPools() {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  const { cluster, subnets } = bed.world;
  const { objects, faults } = cluster.kubernetes;
  const worker = cluster.addWorker([{ deviceIndex: 1, subnetId: subnets.multus1 }], { name: 'a' });
  cluster.nodes.stopKubelet('a');
  const eth1 = worker.enis[1]?.id;
  await bed.ec2.send(
    new AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: eth1,
      PrivateIpAddresses: ['172.16.1.71'],
    }),
  );
  objects.create('ippools', ipPool('172.16.1.0/24', { 70: 'has', 71: 'gone', 72: 'one' }));
  objects.create('ippools', ipPool('172.16.1.64/26', { 8: 'other' }));
  createPod(objects, 'has', '172.16.1.70');
  createPod(objects, 'one', '172.16.1.72');
  createPod(objects, 'other', '172.16.1.72');
  createPod(objects, 'chose', '172.16.1.79');
  /** Of its only cluster. */
  const sweep = async (): Promise<unknown> => {
    await bed.sweep();
    return bed.telemetry.lines.findLast(({ text }) => text === 'swept')?.detail;
  };
  return { ...bed, eth1, faults, objects, sweep };
}

const IP_POOLS = ({ resource }: { readonly resource: string }): boolean => resource === 'ippools';

test('a sweep says how whereabouts’ reservations, pods and ENIs differ', async () => {
  const { eth1, sweep, telemetry } = await startWithPools();
  expect(await sweep()).toMatchObject({
    clusters: [
      {
        foreign: 1,
        whereabouts: {
          ...{ pools: 2, reservations: 4, stale: 1, double: 1, unreserved: 1 },
          found: [
            '172.16.1.72 is kept for pod default/one by IPPool kube-system/172.16.1.0-24, for pod default/other by IPPool kube-system/172.16.1.64-26',
            'pod default/chose has 172.16.1.79, which lies in a range of whereabouts and is kept for nobody',
            `IPPool kube-system/172.16.1.0-24 keeps 172.16.1.71 for pod default/gone, which is not there; the address is on ${eth1}`,
          ],
        },
      },
    ],
  });
  expect(telemetry.values('ReservationsWrong')).toEqual([3]);
});

test('a sweep writes nothing to whereabouts’ objects', async () => {
  const { sweep, world } = await startWithPools();
  world.cluster.kubernetes.forgetCalls();
  await sweep();
  const calls = world.cluster.kubernetes.calls.filter(IP_POOLS);
  expect(calls.map(({ verb }) => verb)).toEqual(['list', 'list']);
});

test('if all is as it should be, the pools are read once, and there is no metric', async () => {
  const { objects, sweep, telemetry, world } = await startWithPools();
  for (const name of ['other', 'chose']) {
    objects.delete('pods', { name }, { gracePeriodSeconds: 0 });
  }
  const namespace = 'kube-system';
  objects.delete('ippools', { namespace, name: '172.16.1.64-26' });
  objects.patch(
    'ippools',
    { namespace, name: '172.16.1.0-24' },
    { spec: { allocations: { 71: null } } },
  );
  world.cluster.kubernetes.forgetCalls();
  expect(await sweep()).toMatchObject({
    clusters: [{ whereabouts: { pools: 1, reservations: 2, stale: 0, found: [] } }],
  });
  expect(world.cluster.kubernetes.calls.filter(IP_POOLS)).toHaveLength(1);
  expect(telemetry.values('ReservationsWrong')).toEqual([]);
});

describe('a sweep is as before, and says why it knows nothing of whereabouts, where', () => {
  test.for([
    ['the cluster has no whereabouts', 404, /^the cluster has no IPPools$/],
    ['it may not list its pools', 403, /: bind a ClusterRole that allows it to the group /],
    ['they cannot be read', 500, /the API server failed/],
  ] as const)('%s', async ([, code, why]) => {
    const { faults, sweep, telemetry } = await startWithPools();
    faults.failNext(1, IP_POOLS, code);
    expect(await sweep()).toMatchObject({
      clusters: [{ nodes: 1, foreign: 1, whereabouts: { notRead: expect.stringMatching(why) } }],
    });
    expect(telemetry.values('SweepCompleted')).toEqual([1]);
    expect(telemetry.values('ReservationsWrong')).toEqual([]);
    expect(telemetry.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('one of the pools cannot be read', async () => {
    const { objects, sweep } = await startWithPools();
    const metadata = { namespace: 'kube-system', name: 'odd' };
    objects.create('ippools', { metadata, spec: { range: 7 } });
    expect(await sweep()).toMatchObject({
      clusters: [
        { whereabouts: { notRead: expect.stringContaining('IPPool kube-system/odd: spec.range') } },
      ],
    });
  });

  test('they can be read at first, and not again', async () => {
    const { objects, sweep, world } = await startWithPools();
    const { kubernetes } = world.cluster;
    const read = () => kubernetes.calls.filter(IP_POOLS).length;
    kubernetes.forgetCalls();
    kubernetes.faults.failNext(1, (call) => IP_POOLS(call) && read() === 2, 403);
    expect(await sweep()).toMatchObject({
      clusters: [{ whereabouts: { notRead: expect.stringContaining('bind a ClusterRole') } }],
    });
    expect(objects.list('ippools')).toHaveLength(2);
  });
});

test('pools that are not listed in time are not waited for again', async () => {
  const kubernetes = inMemoryKubernetes();
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  kubernetes.listIpPools = () => Promise.reject(late);
  expect(await readPools({ cluster: 'demo', kubernetes })).toEqual({
    notRead: expect.stringContaining('the API server did not answer in time'),
  });
});

test('a sweep whose time is over is not one that knows nothing of whereabouts', async () => {
  const kubernetes = inMemoryKubernetes();
  kubernetes.listIpPools = (signal) => Promise.reject(signal?.reason);
  const over = AbortSignal.abort(new Error('the time is over'));
  await expect(readPools({ cluster: 'demo', kubernetes }, over)).rejects.toThrow('is over');
});

describe('pods that come and go while they are listed are no difference', () => {
  const NOW = Date.UTC(2026, 0, 1);
  const LONG_AGO = NOW - 3_600_000;

  /** @param pools what each read of them gives, in turn. */
  async function audit(pools: readonly object[], pods: readonly [string, string][]) {
    const kubernetes = inMemoryKubernetes();
    const reads: IpPool[] = pools.map(poolFromObject);
    kubernetes.listIpPools = async () => reads.splice(0, 1);
    const access = { cluster: 'demo', kubernetes };
    const before = await readPools(access);
    const listed = pods.map(([name, ip]) => podWith('a', name, [ip], { sandboxSince: LONG_AGO }));
    return auditPoolsOf(access, before, { pods: listed, listedAt: NOW, nodes: [] });
  }
  const RANGE = '172.16.1.0/24';
  const NOTHING = { stale: 0, double: 0, unreserved: 0, found: [] };

  test('of a pod that went, and was let go of', async () => {
    const pools = [ipPool(RANGE, { 70: 'went' }), ipPool(RANGE, {})];
    expect(await audit(pools, [])).toMatchObject(NOTHING);
  });

  test('of a pod that came after the list', async () => {
    const pools = [ipPool(RANGE, { 70: 'gone' }), ipPool(RANGE, { 70: 'gone', 71: 'came' })];
    expect(await audit(pools, [])).toMatchObject({
      stale: 1,
      found: [expect.stringContaining('default/gone')],
    });
  });

  test('of a pod that got another network', async () => {
    const pools = [ipPool(RANGE, {}), ipPool(RANGE, { 70: 'app' })];
    expect(await audit(pools, [['app', '172.16.1.70']])).toMatchObject(NOTHING);
  });

  test('of two pods, of which one lets go', async () => {
    const two = ipPool(RANGE, { 70: 'a' });
    expect(await audit([two, two], [['a', '172.16.1.70']])).toMatchObject(NOTHING);
  });
});

test('a few are told in words, and all are counted', async () => {
  const kept = Object.fromEntries(
    Array.from({ length: 200 }, (_, nth) => [nth + 5, `gone-${nth}`]),
  );
  const kubernetes = inMemoryKubernetes();
  kubernetes.listIpPools = async () => [poolFromObject(ipPool('172.16.1.0/24', kept))];
  const access = { cluster: 'demo', kubernetes };
  const found = { pods: [], listedAt: 0, nodes: [] };
  const swept = await auditPoolsOf(access, await readPools(access), found);
  expect(swept).toMatchObject({ stale: 200, found: { length: 20 } });
});
