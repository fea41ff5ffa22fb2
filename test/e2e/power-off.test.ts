import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { timeoutOption } from '../support/machine.ts';
import { NET_1 } from '../support/networks.ts';
import type { RealNode } from './cluster/node.ts';
import { until } from './cluster/processes.ts';
import { readiness } from './cluster/readiness.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { told, waitFor } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';
import { quietPod, runPod } from './support/samples.ts';
import { addressesOn, create, definitionOf, workload } from './support/workloads.ts';

const GATEWAY = '172.16.1.1';
const MOVES = '172.16.1.100';
const STAYS = '172.16.1.101';
/** The garbage collector looks every 20 s, and gives a Node 40 s to come back. */
const COLLECTED_MS = 100_000;

const obstacles = await nodeObstacles();

/*
 * A node loses its power for good, from one test to the next. One of its pods is evicted after two
 * seconds and has a replacement that claims the same address; the other tolerates all.
 */
describe.skipIf(obstacles.length > 0)('a node that is powered off', () => {
  let real: RealBed;
  let dead: RealNode;
  let other: RealNode;

  beforeAll(async () => {
    real = await startRealBed({ nodes: 2 });
    const { cluster } = real;
    const [first, second] = cluster.nodes;
    if (first === undefined || second === undefined) throw new Error('there are no two nodes');
    [dead, other] = [first, second];
    await create(cluster, definitionOf(NET_1));
    await kubectl('cordon', other.name);
    await create(
      cluster,
      workload('Deployment', 'moves', {
        replicas: 1,
        networks: [attachment(MOVES)],
        podSpec: {
          tolerations: ['unreachable', 'not-ready'].map((state) => ({
            key: `node.kubernetes.io/${state}`,
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: 2,
          })),
        },
      }),
    );
    const stays = quietPod('stays', dead, [attachment(STAYS)]);
    await runPod(cluster, {
      ...stays,
      spec: { ...stays.spec, tolerations: [{ operator: 'Exists' }] },
    });
    await kubectl('rollout', 'status', 'deployment/moves', timeoutOption(30));
    await kubectl('uncordon', other.name);
    await real.startProduct();
    await until(() => addressesOn(real, dead).length === 2, 'both addresses');
  });
  afterAll(() => real?.stop());

  const kubectl = (...args: string[]) => real.cluster.kubectl(args);
  const answered = async (name: string) => {
    const { sent, received } = await real.cluster.ping({ name }, GATEWAY);
    return `${received} of ${sent}`;
  };
  const namesOn = async (node: RealNode) =>
    (await real.cluster.api.list('pods'))
      .map(podFromObject)
      .filter((pod) => pod.node === node.name)
      .map(({ name }) => name);
  /** As `kubectl get pods` shows it. */
  const statusOf = async (name: string) =>
    (await kubectl('get', 'pod', name, '--no-headers')).split(/\s+/)[2];

  test('has running pods for Kubernetes, and keeps their addresses', async () => {
    const evicted = await namesOn(dead);
    await dead.powerOff();

    const isUnknown = async () => (await readiness(real.cluster.api, dead.name)) === 'Unknown';
    expect(evicted).toContain('stays');
    expect(await statusOf('stays')).toBe('Running');
    await until(isUnknown, 'the node to be taken for unreachable');
    expect(addressesOn(real, dead)).toEqual([MOVES, STAYS]);
  });

  test('hands an address to the replacement of a pod that terminates, and no other', async () => {
    await until(async () => (await namesOn(other)).length > 0, 'a replacement');
    const [replacement = ''] = await namesOn(other);
    await until(() => addressesOn(real, other).includes(MOVES), `${MOVES} to be taken over`);
    await waitFor(real.cluster, { name: replacement }, 'Ready');

    expect(await answered(replacement)).toBe('3 of 3');
    const left = await namesOn(dead);
    const terminating = left.filter((name) => name !== 'stays');
    expect(await Promise.all(terminating.map(statusOf))).toEqual(['Terminating']);
    expect(await statusOf('stays')).toBe('Running');
    await real.bed.sweep();
    expect(addressesOn(real, dead)).toEqual([STAYS]);
  });

  test('keeps what its pods claim until they are gone with its Node', async () => {
    await kubectl('delete', 'node', dead.name);
    await runPod(real.cluster, quietPod('waits', other, [attachment(STAYS)]));
    await told(real.cluster, 'waits', 'default/stays');
    expect(await kubectl('describe', 'pod', 'waits')).toContain('default/stays');
    expect(await namesOn(dead)).toContain('stays');
    expect(addressesOn(real, dead)).toEqual([STAYS]);
    expect(await answered('waits')).toBe('0 of 3');

    await until(async () => (await namesOn(dead)).length === 0, 'the collection', COLLECTED_MS);
    await until(() => addressesOn(real, other).includes(STAYS), `${STAYS} to be taken over`);
    expect(await answered('waits')).toBe('3 of 3');
    expect(addressesOn(real, dead)).toEqual([]);
  });
});

function attachment(address: string): object {
  return { name: NET_1.name, ips: [`${address}/24`] };
}
