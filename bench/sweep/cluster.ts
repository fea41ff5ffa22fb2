import { MANAGED_TAG } from '../../sandbox/worker.ts';
import type { World } from '../../sandbox/world.ts';
import { type Address, fromInteger } from '../../shared/address.ts';
import { type AssignedAddress, formatAssigned } from '../../shared/claims/condition-message.ts';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { type Entry, objectOfLedger } from '../../shared/cluster/ledgers.ts';

/** 10.0.0.0, 10.64.0.0 and 10.128.0.0: nodes, first and second Multus ENIs. */
const FIRST = [0x0a_00_00_00n, 0x0a_40_00_00n, 0x0a_80_00_00n] as const;
const PER_ENI = 32n;
/** The first of an ENI's addresses that pods claim, and the first that nobody claims. */
const CLAIMED_FROM = 1;
const LEAKED_FROM = 17;
const MULTUS_ENIS = [1, 2] as const;

/** How a node's ENIs differ from what its pods claim. */
export type DriftKind =
  /** What its pods claim is on no ENI. */
  | 'missing'
  /** Its ENIs have as much again, in a range, that nobody claims. */
  | 'leaked'
  /** What its pods claim is on ENIs of an instance that is not the cluster's. */
  | 'elsewhere';

export interface ClusterSize {
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly drift: DriftKind;
  /** Which part of the nodes drifts. */
  readonly part: number;
}

/** Fills the world: each node has two managed ENIs; its pods have an address on the one or on the other. */
export function fill(world: World, size: ClusterSize): void {
  const subnets = FIRST.map((first) =>
    world.ec2.addSubnet({ cidr: `${fromInteger(first, 4)}/10` }),
  );
  createNetworks(world);
  createPools(world, size);
  for (let node = 0; node < size.nodes; node += 1) {
    // Every tenth of the nodes has its part of those that drift.
    const drifts = (node % 10) / 10 < size.part;
    const spec = { node, subnets, ...size, drift: drifts ? size.drift : undefined };
    const enis = createNode(world, spec);
    for (let pod = 0; pod < size.podsPerNode; pod += 1) createPod(world, node, pod, enis);
    for (const index of MULTUS_ENIS) createLedger(world, spec, index, enis[index]?.id ?? '');
  }
}

/** Ranges that hold every address of the two subnets. */
function createNetworks(world: World): void {
  for (const index of MULTUS_ENIS) {
    const ipam = {
      type: 'host-local',
      ranges: [[{ subnet: `${fromInteger(FIRST[index], 4)}/10` }]],
    };
    world.cluster.kubernetes.objects.create('network-attachment-definitions', {
      metadata: { namespace: 'default', name: `net-${index}` },
      spec: { config: JSON.stringify({ type: 'ipvlan', master: `eth${index}`, ipam }) },
    });
  }
}

/** whereabouts keeps for each pod what it claims, and one address for nobody: so it is asked twice. */
function createPools(world: World, { nodes, podsPerNode }: ClusterSize): void {
  for (const index of MULTUS_ENIS) {
    const kept = Array.from({ length: nodes * podsPerNode }, (_, nth) => {
      const [node, pod] = [Math.floor(nth / podsPerNode), nth % podsPerNode];
      const offset = offsetOf(node, CLAIMED_FROM + pod);
      const podref = `default/pod-${node}-${pod}`;
      return [offset, { id: `${nth}`.padStart(64, 'a'), podref, ifname: 'net1' }] as const;
    }).filter((_, nth) => eniOf(nth % podsPerNode) === index);
    const allocations = Object.fromEntries([...kept, [1, { id: '', podref: 'default/gone' }]]);
    const range = `${fromInteger(FIRST[index], 4)}/10`;
    const metadata = { namespace: 'kube-system', name: range.replace('/', '-') };
    world.cluster.kubernetes.objects.create('ippools', { metadata, spec: { range, allocations } });
  }
}

interface NodeSpec {
  readonly node: number;
  readonly subnets: readonly string[];
  readonly podsPerNode: number;
  readonly drift: DriftKind | undefined;
}

/** @returns its ENIs. */
function createNode(world: World, spec: NodeSpec) {
  const { node, subnets, drift } = spec;
  const { instanceId, enis } = world.ec2.addInstance({
    type: 'm5.4xlarge',
    enis: subnets.map((subnetId, eni) => ({
      subnetId,
      deviceIndex: eni,
      primary: addressOf(eni, node, 0),
      secondary: secondaryOf(spec, eni),
      ...(eni > 0 && { tags: MANAGED_TAG }),
    })),
  });
  if (drift === 'elsewhere') addStranger(world, spec);
  world.cluster.kubernetes.objects.create('nodes', {
    metadata: {
      name: `node-${node}`,
      labels: { 'node.kubernetes.io/instance-type': 'm5.4xlarge' },
    },
    spec: { providerID: `aws:///us-east-1a/${instanceId}` },
  });
  return enis;
}

/** An instance that no Node names, whose ENIs nobody has tagged. */
function addStranger(world: World, spec: NodeSpec): void {
  const { node, subnets } = spec;
  world.ec2.addInstance({
    type: 'm5.4xlarge',
    enis: subnets.map((subnetId, eni) => ({
      subnetId,
      deviceIndex: eni,
      primary: addressOf(eni, node, Number(PER_ENI) - 1),
      secondary: eni === 0 ? [] : claimedOn(spec, eni),
    })),
  });
}

function claimedOn({ node, podsPerNode }: NodeSpec, eni: number): Address[] {
  const pods = Array.from({ length: podsPerNode }, (_, pod) => pod);
  return pods
    .filter((pod) => eniOf(pod) === eni)
    .map((pod) => addressOf(eni, node, CLAIMED_FROM + pod));
}

function secondaryOf(spec: NodeSpec, eni: number): Address[] {
  const { drift, node } = spec;
  if (eni === 0 || drift === 'missing' || drift === 'elsewhere') return [];
  const claimed = claimedOn(spec, eni);
  const leaked = claimed.map((_, nth) => addressOf(eni, node, LEAKED_FROM + nth));
  return drift === 'leaked' ? [...claimed, ...leaked] : claimed;
}

/** All that an ENI has is ours, long since: of each address the pod that claims it, if one does. */
function createLedger(world: World, spec: NodeSpec, index: number, eniId: string): void {
  const { objects } = world.cluster.kubernetes;
  const uidOf = (pod: number): string =>
    objects.get('pods', { name: `pod-${spec.node}-${pod}` }).metadata?.uid ?? '';
  const entries = new Map<Address, Entry>(
    secondaryOf(spec, index).map((address) => [address, { state: 'assigned', at: 0 }]),
  );
  for (let pod = 0; pod < spec.podsPerNode; pod += 1) {
    const address = addressOf(index, spec.node, CLAIMED_FROM + pod);
    if (eniOf(pod) !== index || !entries.has(address)) continue;
    const identity = { namespace: 'default', name: `pod-${spec.node}-${pod}`, uid: uidOf(pod) };
    entries.set(address, { state: 'assigned', at: 0, pod: identity });
  }
  if (entries.size === 0) return;
  objects.create('eniledgers', objectOfLedger({ eniId, entries }, { at: 0, by: 'bench' }));
}

/** A pod that was told that it has its address. */
function createPod(
  world: World,
  node: number,
  pod: number,
  enis: readonly { readonly id: string; readonly mac: string }[],
): void {
  const nth = eniOf(pod);
  const { id: eniId, mac } = enis[nth] ?? {};
  const address = addressOf(nth, node, CLAIMED_FROM + pod);
  const network = { name: `default/net-${nth}`, interface: 'net1', ips: [address], mac, dns: {} };
  const networks = [
    { name: 'aws-cni', interface: 'eth0', ips: ['10.1.1.1'], default: true, dns: {} },
    network,
  ];
  const { objects } = world.cluster.kubernetes;
  const name = `pod-${node}-${pod}`;
  objects.create('pods', {
    metadata: {
      name,
      labels: { app: 'app' },
      annotations: { [NETWORK_STATUS]: JSON.stringify(networks, undefined, 4) },
    },
    spec: { nodeName: `node-${node}`, containers: [container(pod)] },
  });
  const status = { phase: 'Running', conditions: [told([{ address, eniId }])] };
  objects.patch('pods', { name }, { status }, { subresource: 'status' });
}

function told(assigned: readonly AssignedAddress[]) {
  return {
    type: CONDITION_TYPE,
    status: 'True',
    reason: 'Assigned',
    message: formatAssigned(assigned),
  };
}

function eniOf(pod: number): 1 | 2 {
  return pod % 2 === 0 ? 1 : 2;
}

function addressOf(eni: number, node: number, nth: number): Address {
  return fromInteger((FIRST[eni] ?? 0n) + offsetOf(node, nth), 4);
}

/** How far it is from the first of its subnet. */
function offsetOf(node: number, nth: number): bigint {
  return 16n + BigInt(node) * PER_ENI + BigInt(nth);
}

/** Pods are a few kilobytes each, of which a sweep needs little. */
function container(pod: number) {
  const env = Array.from({ length: 40 }, (_, index) => ({
    name: `VARIABLE_${index}`,
    value: `a value of the usual length, ${pod}`,
  }));
  return { name: 'app', image: 'registry.example.com/app:1', env };
}
