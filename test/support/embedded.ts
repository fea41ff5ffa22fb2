import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
} from '@aws-sdk/client-ec2';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { MANAGED_TAG } from '../../sandbox/worker.ts';
import type { World } from '../../sandbox/world.ts';
import { compareAddresses, familyOf, parseAddress } from '../../shared/address.ts';
import { NETWORK_STATUS } from '../../shared/claims/annotations.ts';
import { systemClock } from '../../shared/clock.ts';
import { deduplicationId, nodeGroup } from '../../shared/messages/group.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import { type Bed, startBed } from './bed.ts';
import { embeddedCluster } from './embedded-cluster.ts';
import { recordedCalls } from './recorded-calls.ts';
import type {
  Capability,
  Cloud,
  Stage,
  StageCluster,
  StageFaults,
  StageOptions,
  StageQueue,
} from './stage.ts';
import { type TrackedClock, trackedClock } from './tracked-clock.ts';
import { eventually } from './wait.ts';

/** The sandbox can do everything. */
export const capabilities: ReadonlySet<Capability> = new Set([
  'strict-ec2',
  'prefixes',
  'kubelet',
  'clusters',
  'faults',
]);

/** What waits at most this long (ms) is waited for by `settled`: gathering, kubelets, pauses. */
const SOON_MS = 1000;

/** Starts the product on the sandbox. */
export async function startEmbedded(options: StageOptions = {}): Promise<Stage> {
  const configured = options.clusters ?? [{ name: 'demo' }];
  const calls = recordedCalls();
  const clock = trackedClock(systemClock);
  const bed = await startBed({
    clock,
    clusters: configured.map(({ name }) => name),
    emptiesAnnotation: options.emptiesAnnotation,
    variables: { CLUSTERS: JSON.stringify(configured) },
    wrap: calls.wrap,
  });
  const { world } = bed;
  const clusters = new Map<string, StageCluster>();
  for (const cluster of world.clusters.values()) {
    clusters.set(cluster.name, embeddedCluster(world, cluster));
    if (options.forwarder ?? true) await bed.startForwarder(cluster);
  }
  if (options.delivery ?? true) bed.startDelivery();
  const clusterNamed = (name: string): StageCluster => {
    const cluster = clusters.get(name);
    if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
    return cluster;
  };
  const cluster = clusterNamed(world.cluster.name);
  const queue = queueOf(bed);

  return {
    cluster,
    clusterNamed,
    cloud: cloudOf(bed),
    queue,
    calls,
    telemetry: bed.telemetry,
    sweep: bed.sweep,
    async look({ cluster: name, name: node }) {
      const observedAt = new Date().toISOString();
      const message: NodeMessage = {
        version: 1,
        cluster: name,
        node,
        reason: 'resync',
        observedAt,
        pods: [],
      };
      const ids = await queue.send(nodeGroup(name, node), [JSON.stringify(message)]);
      for (const id of ids) await queue.done(id);
    },
    async settled() {
      for (const each of clusters.values()) await heardOfEverything(bed, each);
      await eventually(() => isBusy(bed, clock)).toBe(false);
    },
    faults: () => faultsOf(bed),
    stop: bed.stop,
  };
}

/** What the forwarder is told last comes last: once a pod made now is heard of, so is all before it. */
async function heardOfEverything({ invocations }: Bed, cluster: StageCluster): Promise<void> {
  const name = `last-${deduplicationId()}`;
  const status = [{ name: 'default/none', interface: 'net1', ips: ['192.0.2.1'] }];
  const annotations = { [NETWORK_STATUS]: JSON.stringify(status) };
  const pod = await cluster.runPod(name, { on: { name }, annotations });
  await eventually(() =>
    invocations.some(({ event }) => event.Records.some(({ body }) => body.includes(name))),
  ).toBe(true);
  await cluster.deletePod(pod, { force: true });
}

function isBusy(bed: Bed, clock: TrackedClock): boolean {
  const { sqs, queue } = bed.world;
  return bed.underWay() > 0 || clock.pending(SOON_MS) > 0 || sqs.messages(queue.name).length > 0;
}

const shown = z.object({
  NetworkInterfaces: z.array(
    z.object({
      PrivateIpAddresses: z.array(
        z.object({ PrivateIpAddress: z.string(), Primary: z.boolean().optional() }),
      ),
    }),
  ),
});

function cloudOf({ world, ec2: client }: Bed): Cloud {
  const { ec2, subnets } = world;
  const managed = { ...MANAGED_TAG };
  return {
    async addressesOn(eniId) {
      const { secondary, ipv6 } = ec2.eni(eniId);
      return [...secondary, ...ipv6].sort(compareAddresses);
    },
    async shownOn(eniId) {
      const filters = [{ Name: 'network-interface-id', Values: [eniId] }];
      const command = new DescribeNetworkInterfacesCommand({ Filters: filters });
      const [eni] = shown.parse(await client.send(command)).NetworkInterfaces;
      const ipv4 = eni?.PrivateIpAddresses.filter(({ Primary }) => Primary !== true) ?? [];
      return ipv4.map(({ PrivateIpAddress }) => PrivateIpAddress);
    },
    async assign(eniId, addresses) {
      const ofFamily = (family: 4 | 6): string[] =>
        addresses.filter((text) => {
          const address = parseAddress(text);
          return address !== undefined && familyOf(address) === family;
        });
      const [ipv4, ipv6] = [ofFamily(4), ofFamily(6)];
      const to = { NetworkInterfaceId: eniId };
      if (ipv4.length > 0) {
        await client.send(new AssignPrivateIpAddressesCommand({ ...to, PrivateIpAddresses: ipv4 }));
      }
      if (ipv6.length > 0) {
        await client.send(new AssignIpv6AddressesCommand({ ...to, Ipv6Addresses: ipv6 }));
      }
    },
    delegatePrefix: async (eniId, cidr) => ec2.addPrefix(eniId, cidr),
    terminate: async (worker) => ec2.terminateInstance(worker.instanceId),
    async addStranger({ addresses, otherVpc = false }) {
      const vpcId = otherVpc ? ec2.addVpc() : ec2.vpcId;
      const subnetId = otherVpc ? ec2.addSubnet({ vpcId, cidr: '172.16.1.0/24' }) : subnets.multus1;
      const instance = ec2.addInstance({
        type: 'm5.large',
        enis: [
          { deviceIndex: 0, subnetId },
          { deviceIndex: 1, subnetId, secondary: addresses, tags: managed },
        ],
      });
      return instance.enis[1]?.id ?? '';
    },
    async addSpareEnis(count) {
      const subnetId = ec2.addSubnet({ cidr: '172.31.0.0/16' });
      for (let index = 0; index < count; index += 1) {
        const primary = `172.31.${1 + Math.floor(index / 250)}.${index % 250}`;
        ec2.addEni({ subnetId, primary, tags: managed });
      }
    },
  };
}

const sent = z.object({ MessageId: z.string() });

function queueOf({ world, sqs, invocations }: Bed): StageQueue {
  const { queue, deadLetterQueue } = world;
  return {
    async send(group, bodies) {
      const ids: string[] = [];
      for (const body of bodies) {
        const answer = await sqs.send(
          new SendMessageCommand({
            QueueUrl: queue.url,
            MessageBody: body,
            MessageGroupId: group,
            MessageDeduplicationId: deduplicationId(),
          }),
        );
        ids.push(sent.parse(answer).MessageId);
      }
      return ids;
    },
    async done(messageId) {
      await eventually(() => {
        const invocation = invocations.findLast(({ event }) =>
          event.Records.some((record) => record.messageId === messageId),
        );
        const outcome = invocation?.outcome;
        return outcome?.kind === 'success' && !outcome.failedIds.includes(messageId);
      }).toBe(true);
    },
    deadLetters: async () =>
      world.sqs.messages(deadLetterQueue.name).map(({ body, attributes }) => ({
        body,
        reason: attributes.reason?.StringValue,
      })),
    size: async () => world.sqs.messages(queue.name).length,
  };
}

function faultsOf({ world, invocations }: Bed): StageFaults {
  const { ec2 } = world;
  const kubernetesOf = (name: string) => {
    const cluster = world.clusters.get(name);
    if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
    return cluster.kubernetes;
  };
  return {
    loseEc2Answer: (action, times) =>
      void ec2.faults.add({ action, times, effect: { kind: 'lost-response' } }),
    throttleEc2: (action, tokens, refillPerSecond) =>
      ec2.throttle.enable({ [action]: { tokens, refillPerSecond } }),
    throttled: () => ec2.calls.all().filter(isThrottled).length,
    lagEc2: (ms) => ec2.setStaleness({ kind: 'time', ms }),
    ec2CallsAt: (action) =>
      ec2.calls
        .all()
        .filter((call) => call.action === action)
        .map(({ at }) => at),
    invocationsEndedAt: ({ name }) =>
      invocations
        .filter(({ event }) => event.Records.some(({ body }) => body.includes(name)))
        .map(({ endedAt }) => endedAt),
    goDown: (cluster) => kubernetesOf(cluster).faults.goDown('unreachable'),
    comeUp: (cluster) => kubernetesOf(cluster).faults.comeUp(),
  };
}

function isThrottled({ outcome }: ReturnType<World['ec2']['calls']['all']>[number]): boolean {
  return outcome.kind === 'refused' && outcome.code === 'RequestLimitExceeded';
}
