import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../sandbox/world.ts';
import { fromInteger } from '../shared/address.ts';
import { NETWORK_STATUS } from '../shared/cluster/annotations.ts';
import { message } from '../shared/messages/schema.ts';

/** Seldom: what is waited for is told to a server in this very process. */
const POLL_MS = 250;
const LATE_MS = 30_000;
/** 10.0.0.0 */
const FIRST_ADDRESS = 0x0a_00_00_00n;

/** A pod of the load, and the node that it is on. */
export interface LoadPod {
  readonly name: string;
  readonly node: string;
}

function annotations(address: bigint): Readonly<Record<string, string>> {
  const ips = [fromInteger(address, 4)];
  const status = [
    { name: 'aws-cni', interface: 'eth0', ips: ['10.244.1.1'], default: true, dns: {} },
    { name: 'default/net', interface: 'net1', ips, mac: '02:00:00:00:00:01', dns: {} },
  ];
  return { [NETWORK_STATUS]: JSON.stringify(status, undefined, 4) };
}

/** Puts pods into the cluster as kubelet and Multus would, each with one attachment. */
export function createLoad(world: World, nodes: number, perNode: number): LoadPod[] {
  const { objects } = world.cluster.kubernetes;
  const pods = Array.from({ length: nodes * perNode }, (_, index) => ({
    name: `pod-${index}`,
    // Neighbours in the list are on different nodes.
    node: `node-${index % nodes}`,
  }));
  for (const [index, { name, node }] of pods.entries()) {
    objects.create('pods', {
      metadata: { name, annotations: annotations(FIRST_ADDRESS + BigInt(index)) },
      spec: { nodeName: node, containers: [{ name: 'app', image: 'app' }] },
    });
  }
  return pods;
}

/**
 * Gives pods other addresses, at a steady rate, each at most once.
 *
 * @returns the rate, and how long from the change until a message with it was in the queue.
 */
export async function changePods(
  world: World,
  pods: readonly LoadPod[],
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
): Promise<{ readonly perSecond: number; readonly p99Ms: number }> {
  const { objects } = world.cluster.kubernetes;
  const changed = pods.slice(0, (perSecond * ms) / 1000);
  const changedAt = new Map<string, number>();
  const beginsAt = Date.now();
  for (const [index, { name }] of changed.entries()) {
    const due = beginsAt + (index * 1000) / perSecond;
    if (due > Date.now()) await sleep(due - Date.now());
    const address = FIRST_ADDRESS + BigInt(pods.length + index);
    changedAt.set(name, Date.now());
    objects.patch('pods', { name }, { metadata: { annotations: annotations(address) } });
  }
  const tookMs = Date.now() - beginsAt;
  const latencies = await latenciesOf(world, changedAt);
  const p99 = latencies.toSorted((a, b) => a - b)[Math.ceil(latencies.length * 0.99) - 1];
  return { perSecond: (changed.length * 1000) / tookMs, p99Ms: p99 ?? Number.NaN };
}

/** Waits until every change has been told. */
async function latenciesOf(
  { sqs, queue }: World,
  changedAt: ReadonlyMap<string, number>,
): Promise<number[]> {
  const gaveUpAt = Date.now() + LATE_MS;
  for (;;) {
    const told = new Map<string, number>();
    for (const { body, sentAt } of sqs.messages(queue.name)) {
      const read = message.parse(JSON.parse(body));
      if (read.reason !== 'pods') continue;
      for (const { name } of read.pods) told.set(name, Math.min(told.get(name) ?? sentAt, sentAt));
    }
    const missing = [...changedAt.keys()].filter((name) => !told.has(name));
    if (missing.length === 0) {
      return [...changedAt].map(([name, at]) => (told.get(name) ?? Number.NaN) - at);
    }
    if (Date.now() > gaveUpAt) throw new Error(`${missing.length} changes were never told`);
    await sleep(POLL_MS);
  }
}
