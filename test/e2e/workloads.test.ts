import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { timeoutOption } from '../support/machine.ts';
import { HOST_LOCAL, ipvlan, NET_1 } from '../support/networks.ts';
import { until } from './cluster/processes.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { deletePod, eventsAbout, podStatus, waitFor } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';
import { addressOf, networkStatusOf, quietPod, runPod } from './support/samples.ts';
import {
  addressesOn,
  create,
  definitionOf,
  observePods,
  recordAssignments,
  workload,
} from './support/workloads.ts';

const GATEWAY = '172.16.1.1';
const PODS = 20;
const READINESS_GATES = [{ conditionType: CONDITION_TYPE }];

const WHEREABOUTS = ipvlan('anywhere', 'eth1', {
  type: 'whereabouts',
  range: '172.16.1.128-172.16.1.191/24',
});
/** It has one address to give. */
const TINY = ipvlan('tiny', 'eth2', {
  type: 'host-local',
  subnet: '172.16.3.0/24',
  rangeStart: '172.16.3.90',
  rangeEnd: '172.16.3.90',
});

const obstacles = await nodeObstacles();

/* What kubelets, controllers and IPAM plugins make of the product; nothing is delivered at first. */
describe.skipIf(obstacles.length > 0)('two real nodes', () => {
  let real: RealBed;
  const ended = new AbortController();

  beforeAll(async () => {
    real = await startRealBed({ nodes: 2, instanceType: 'm5.24xlarge' });
    const networks = [NET_1, HOST_LOCAL, WHEREABOUTS, TINY];
    await create(real.cluster, ...networks.map(definitionOf));
  });
  afterAll(async () => {
    ended.abort();
    await real?.stop();
  });

  const kubectl = (...args: string[]) => real.cluster.kubectl(args);
  const answered = async (name: string, address = GATEWAY) => {
    const { sent, received } = await real.cluster.ping({ name }, address);
    return `${received} of ${sent}`;
  };
  const podsOf = async (app: string) =>
    (await real.cluster.api.list('pods'))
      .filter(({ metadata }) => metadata.labels?.app === app)
      .map(podFromObject);

  test('a pod with our readiness gate is ready, and a Service’s endpoint, once it can be reached', async () => {
    const pod = quietPod('gated', real.nodeAt(0), [{ name: NET_1.name, ips: ['172.16.1.100/24'] }]);
    await create(
      real.cluster,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'gated' },
        spec: { selector: { app: 'gated' }, ports: [{ port: 80 }] },
      },
      {
        ...pod,
        metadata: { ...pod.metadata, labels: { app: 'gated' } },
        spec: { ...pod.spec, readinessGates: READINESS_GATES },
      },
    );
    const endpoints = (which: 'addresses' | 'notReadyAddresses') =>
      kubectl('get', 'endpoints', 'gated', `--output=jsonpath={.subsets[*].${which}[*].ip}`);
    await waitFor(real.cluster, { name: 'gated' }, 'ContainersReady');
    const podIp = await kubectl('get', 'pod', 'gated', '--output=jsonpath={.status.podIP}');
    await until(async () => (await endpoints('notReadyAddresses')) === podIp, 'the endpoint');
    expect(await endpoints('addresses')).toBe('');
    expect(await answered('gated')).toBe('0 of 3');

    await real.startProduct();

    await until(async () => (await endpoints('addresses')) === podIp, 'the endpoint to be ready');
    expect(addressesOn(real, real.nodeAt(0))).toEqual(['172.16.1.100']);
    expect(await answered('gated')).toBe('3 of 3');
  });

  test('a pod whose set-up fails half-way claims nothing until it is whole', async () => {
    const { cluster } = real;
    const before = addressesOn(real, real.nodeAt(0));
    await runPod(cluster, quietPod('holder', real.nodeAt(0), [{ name: TINY.name }]));
    await until(
      () => addressesOn(real, real.nodeAt(0)).includes('172.16.3.90'),
      'the only address',
    );
    const both = [{ name: HOST_LOCAL.name }, { name: TINY.name }];
    await create(cluster, quietPod('half', real.nodeAt(0), both));
    const reasons = async () => (await eventsAbout(cluster, 'half')).map(({ reason }) => reason);
    await until(async () => (await reasons()).includes('FailedCreatePodSandBox'), 'the refusal');

    await real.bed.sweep();
    expect(networkStatusOf(await podStatus(cluster, { name: 'half' }))).toEqual([]);
    expect(addressesOn(real, real.nodeAt(0))).toEqual([...before, '172.16.3.90']);
    expect(await reasons()).not.toContain('IPsAssigned');
    expect(await reasons()).not.toContain('IPAssignmentFailed');

    await deletePod(cluster, { name: 'holder' });
    await waitFor(cluster, { name: 'half' }, 'Ready');
    const first = addressOf(await podStatus(cluster, { name: 'half' }), 'net1');
    await until(() => addressesOn(real, real.nodeAt(0)).includes(first), `${first} to be assigned`);
    await until(() => addressesOn(real, real.nodeAt(0)).includes('172.16.3.90'), 'the other');
    expect(await answered('half')).toBe('3 of 3');
    expect(await answered('half', '172.16.3.1')).toBe('3 of 3');
    await deletePod(cluster, { name: 'half' });
    await until(
      () => addressesOn(real, real.nodeAt(0)).length === before.length,
      'both to be released',
    );
  });

  test('a StatefulSet’s pod that is evicted to the other node takes its address along', async () => {
    const address = '172.16.1.110';
    await create(
      real.cluster,
      workload('StatefulSet', 'keeper', {
        replicas: 1,
        networks: [{ name: NET_1.name, ips: [`${address}/24`] }],
        podSpec: { readinessGates: READINESS_GATES },
      }),
    );
    await kubectl('rollout', 'status', 'statefulset/keeper', timeoutOption(30));
    const placeOf = async () => (await podsOf('keeper'))[0]?.node;
    const from = await placeOf();
    const to = real.cluster.nodes.find(({ name }) => name !== from);
    expect(await answered('keeper-0')).toBe('3 of 3');

    await kubectl('drain', `${from}`, '--pod-selector=app=keeper', timeoutOption(30));

    await until(async () => (await placeOf()) === to?.name, 'the pod to be on the other node');
    await waitFor(real.cluster, { name: 'keeper-0' }, 'Ready');
    expect(real.bed.world.ec2.holderOf(address)?.instanceId).toBe(to?.worker.instanceId);
    expect(await answered('keeper-0')).toBe('3 of 3');
    await kubectl('uncordon', `${from}`);
    await kubectl('delete', 'statefulset', 'keeper');
    await until(() => real.bed.world.ec2.holderOf(address) === undefined, 'its release');
  });

  test(`${PODS} pods with whereabouts are updated, and no address is ever on a wrong node`, async () => {
    const { cluster, bed } = real;
    const others = cluster.nodes.flatMap((node) => addressesOn(real, node)).length;
    const seen = await observePods(cluster, ended.signal);
    const { assignments, stop } = recordAssignments(real, seen);
    const deployment = workload('Deployment', 'many', {
      replicas: PODS,
      networks: [{ name: WHEREABOUTS.name }],
      spec: { strategy: { rollingUpdate: { maxSurge: '50%', maxUnavailable: '25%' } } },
      podSpec: { readinessGates: READINESS_GATES },
    });
    await create(cluster, deployment);
    const rolledOut = () => kubectl('rollout', 'status', 'deployment/many', timeoutOption(110));
    await rolledOut();
    await kubectl('set', 'env', 'deployment/many', 'RELEASE=2');
    await rolledOut();
    const gone = async () => (await podsOf('many')).length === PODS;
    await until(gone, 'the old pods to be gone');

    const now = await podsOf('many');
    const nodesInUse = new Set(now.map(({ node }) => node));
    expect(nodesInUse).toEqual(new Set(cluster.nodes.map(({ name }) => name)));
    const pings = await Promise.all(now.map(({ name }) => answered(name)));
    expect(pings).toEqual(now.map(() => '3 of 3'));
    for (const node of cluster.nodes) {
      const claims = [...seen.values()]
        .filter((pod) => !pod.gone && pod.node === node.name)
        .flatMap(({ addresses }) => [...addresses]);
      await until(() => sameMembers(addressesOn(real, node), claims), `${node.name} to be right`);
    }

    await kubectl('delete', 'deployment', 'many');
    const left = () => cluster.nodes.flatMap((node) => addressesOn(real, node)).length;
    await until(() => left() === others, 'all addresses to be released', 60_000);
    stop();
    expect(assignments.length).toBeGreaterThan(PODS);
    const wrong = assignments.filter(
      ({ address, node, pods: alive }) =>
        !alive.some((pod) => pod.node === node && pod.addresses.has(address)),
    );
    expect(wrong.map(({ address, node }) => `${address} on ${node}`)).toEqual([]);
    expect(bed.telemetry.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

function sameMembers(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}
