import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchWorker } from '../../sandbox/worker.ts';
import { RANGES } from '../../shared/cluster/annotations.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { patience } from '../support/machine.ts';
import { ipvlan } from '../support/networks.ts';
import type { Product } from '../support/product.ts';
import { startKwok } from './support/kwok.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';
import { startWatchingForwarder } from './support/watching-forwarder.ts';

/*
 * Numbers: a real API server with nodes that kwok plays, each an instance of the sandbox's EC2.
 */

const NODES = 200;
const PODS_PER_NODE = 10;
/** As many as the queue's event source mapping lets run at once. */
const CONCURRENCY = 20;
/** Requests under way at a time; the API server takes no more by more. */
const AT_ONCE = 50;
const TIMEOUT_MS = 240_000;

/** Upper halves of subnets: the ENIs have their primary addresses from the lower ones. */
const NETWORKS = [
  { third: 1, network: ipvlan('net-1', 'eth1', { type: 'static' }, inRange('10.1.128.0/17')) },
  { third: 2, network: ipvlan('net-2', 'eth2', { type: 'static' }, inRange('10.2.128.0/17')) },
];

/** A worker, and what its pods ask for. */
interface Node {
  readonly name: string;
  readonly enis: readonly { readonly id: string; readonly addresses: readonly string[] }[];
}

let bed: PlaneBed;
let product: Product;
let nodes: readonly Node[];
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  bed = await startPlaneBed();
  stops.push(bed.stop);
  for (const { network } of NETWORKS) await bed.cluster.applyNetwork(network);
  nodes = await addNodes();
  stops.push(startKwok(bed.plane));
  product = bed.startProduct({ concurrency: CONCURRENCY });
  const forwarder = await startWatchingForwarder({ bed, product });
  stops.push(forwarder.stop);
  product.startDelivery();
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

test(`${NODES * PODS_PER_NODE} pods on ${NODES} nodes, created as fast as they are taken, all have their addresses`, {
  timeout: patience(TIMEOUT_MS),
}, async () => {
  bed.world.ec2.calls.clear();
  const begun = performance.now();
  await inTurns(nodes.flatMap(podsOf), (pod) => bed.api.create('pods', pod));
  const asked = performance.now();

  await soon(wrong).toBe(0);
  await soon(unready).toBe(0);
  report('created', { begun, asked }, 'AssignPrivateIpAddresses');
});

test('and leave nothing if all are deleted at once', {
  timeout: patience(TIMEOUT_MS),
}, async () => {
  await soon(isBusy).toBe(false);
  bed.world.ec2.calls.clear();
  const begun = performance.now();
  await inTurns(await bed.api.list('pods'), ({ metadata }) =>
    bed.api.delete('pods', metadata, { gracePeriodSeconds: 0 }),
  );
  const asked = performance.now();

  const enis = nodes.flatMap((node) => node.enis);
  await soon(() => enis.flatMap(({ id }) => addressesOn(id)).length).toBe(0);
  report('deleted', { begun, asked }, 'UnassignPrivateIpAddresses');
});

/** Launches the instances, and registers them. */
async function addNodes(): Promise<Node[]> {
  const { ec2, subnets } = bed.world;
  const cluster = bed.cluster.name;
  const enis = NETWORKS.map(({ third }, index) => ({
    deviceIndex: index + 1,
    subnetId: ec2.addSubnet({ cidr: `10.${third}.0.0/16` }),
  }));
  const numbers = Array.from({ length: NODES }, (_, number) => number);
  const workers = numbers.map((number) => {
    const instanceType = 'm5.4xlarge';
    const worker = launchWorker(ec2, { cluster, nodeSubnetId: subnets.node, enis, instanceType });
    return { number, ...worker };
  });
  await inTurns(workers, ({ name, instanceId }) =>
    bed.cluster.addNode(name, `aws:///us-east-1a/${instanceId}`),
  );
  return workers.map(({ name, number, enis: [, ...own] }) => ({
    name,
    enis: own.map(({ id, deviceIndex }) => ({ id, addresses: addressesFor(deviceIndex, number) })),
  }));
}

/** As many as it has pods, in the upper half of the ENI's subnet. */
function addressesFor(deviceIndex: number, node: number): string[] {
  return Array.from({ length: PODS_PER_NODE }, (_, pod) => {
    const value = node * PODS_PER_NODE + pod;
    return `10.${deviceIndex}.${128 + Math.floor(value / 250)}.${value % 250}`;
  });
}

function podsOf({ name, enis }: Node): object[] {
  return Array.from({ length: PODS_PER_NODE }, (_, index) => {
    const attachments = NETWORKS.map(({ network }, eni) => ({
      name: network.name,
      namespace: 'default',
      ips: [`${enis[eni]?.addresses[index]}/16`],
    }));
    return {
      metadata: {
        name: `app-${index}-${name.split('.')[0]}`,
        annotations: { 'k8s.v1.cni.cncf.io/networks': JSON.stringify(attachments) },
      },
      spec: { nodeName: name, containers: [{ name: 'app', image: 'app' }] },
    };
  });
}

function inRange(cidr: string) {
  return { annotations: { [RANGES]: JSON.stringify([cidr]) } };
}

function addressesOn(eniId: string): readonly string[] {
  return bed.world.ec2.eni(eniId).secondary;
}

/** How many ENIs have other addresses than the pods of their node. */
function wrong(): number {
  const enis = nodes.flatMap((node) => node.enis);
  const right = enis.filter(({ id, addresses }) =>
    isDeepStrictEqual(new Set(addressesOn(id)), new Set(addresses)),
  );
  return enis.length - right.length;
}

/** How many pods do not run yet, or have not been told that their addresses are assigned. */
async function unready(): Promise<number> {
  const pods = await bed.api.list('pods');
  const ready = pods.filter(
    (pod) => pod.status?.phase === 'Running' && podFromObject(pod).condition?.status === 'True',
  );
  return NODES * PODS_PER_NODE - ready.length;
}

function isBusy(): boolean {
  return product.underWay() > 0 || bed.world.sqs.messages(bed.world.queue.name).length > 0;
}

/** Says how long it took, and how often EC2 was asked beside how often it has to be. */
function report(what: string, times: { begun: number; asked: number }, write: string): void {
  const { [write]: writes = 0, ...others } = bed.world.ec2.calls.counts();
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(
    `${NODES * PODS_PER_NODE} pods on ${NODES} nodes ${what} in ${seconds(times.begun, times.asked)}, ` +
      `all right ${seconds(times.asked, performance.now())} later: ${writes} ${write} ` +
      `(at least ${NODES * NETWORKS.length}: one per ENI); others: ${JSON.stringify(others)}`,
  );
  // Far from one for each pod and network.
  expect(writes).toBeLessThan((NODES * PODS_PER_NODE * NETWORKS.length) / 2);
}

/** Does `task` for each item, some side by side. */
async function inTurns<T>(items: readonly T[], task: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await task(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function soon<T>(look: () => T) {
  return expect.poll(look, { interval: 2000, timeout: TIMEOUT_MS / 2 });
}
