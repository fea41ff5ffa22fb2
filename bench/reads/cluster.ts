import type { KubeObject } from '../../sandbox/kubernetes/object.ts';
import { MANAGED_TAG } from '../../sandbox/worker.ts';
import type { World } from '../../sandbox/world.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import { networkObject, nodeObject, nodeStatus, podObject } from './objects.ts';

const INSTANCE_TYPE = 'm5.24xlarge';
const NODE = 'node-0';

export interface ReadsSize {
  /** Of the cluster. */
  readonly nodes: number;
  /** Of the node that is looked at. */
  readonly pods: number;
  /** Multus ENIs of that node, beside the one by which it lives. */
  readonly enis: number;
  /** Of the cluster. */
  readonly definitions: number;
}

/** The node of a large cluster at which things happen. */
export interface BusyNode {
  /** A pod comes. @returns what the forwarder says of it. */
  addPod(): NodeMessage;
  /** A pod goes that had its address. @returns what the forwarder says of it. */
  removePod(): NodeMessage;
  /** A look without a reason. */
  look(): NodeMessage;
}

/** Fills the world with Nodes, of which the first has ENIs and pods. */
export function fillCluster(world: World, size: ReadsSize): BusyNode {
  const { objects } = world.cluster.kubernetes;
  const { instanceId, macs } = addInstance(world, size);
  addNodes(world, size, instanceId);
  addNetworks(world, size);
  const create = (pod: number) => {
    const eni = pod % size.enis;
    const address = addressOf(pod, size.enis);
    const attached = { network: `net-${eni}`, address, mac: macs[eni] };
    return objects.create('pods', podObject(`pod-${pod}`, NODE, attached));
  };
  for (let pod = 0; pod < size.pods; pod += 1) create(pod);

  let next = size.pods;
  let oldest = 0;
  const say = (reason: NodeMessage['reason'], said: NodeMessage['pods']): NodeMessage =>
    nodeMessage(world.cluster.name, NODE, reason, world.clock.now(), { pods: said });
  const said = (event: 'add' | 'delete', pod: number, { metadata }: KubeObject): NodeMessage => {
    const { name, uid } = metadata;
    const ips = [addressOf(pod, size.enis)];
    return say('pods', [{ event, namespace: 'default', name, uid, ips }]);
  };
  return {
    addPod() {
      const pod = next++;
      return said('add', pod, create(pod));
    },
    removePod() {
      const pod = oldest++;
      const ref = { name: `pod-${pod}` };
      const object = objects.get('pods', ref);
      objects.delete('pods', ref, { gracePeriodSeconds: 0 });
      return said('delete', pod, object);
    },
    look: () => say('resync', []),
  };
}

/** The instance of the node that is looked at, with all addresses that its pods claim. */
function addInstance({ ec2 }: World, { pods, enis: count }: ReadsSize) {
  const life = { deviceIndex: 0, subnetId: ec2.addSubnet({ cidr: '10.0.0.0/16' }) };
  const multus = Array.from({ length: count }, (_, eni) => {
    const claimed = Array.from({ length: pods }, (_, pod) => pod).filter(
      (pod) => pod % count === eni,
    );
    return {
      deviceIndex: eni + 1,
      subnetId: ec2.addSubnet({ cidr: `10.${eni + 1}.0.0/16` }),
      primary: `10.${eni + 1}.0.10`,
      secondary: claimed.map((pod) => addressOf(pod, count)),
      tags: MANAGED_TAG,
    };
  });
  const { instanceId, enis } = ec2.addInstance({ type: INSTANCE_TYPE, enis: [life, ...multus] });
  return { instanceId, macs: enis.slice(1).map(({ mac }) => mac) };
}

function addNodes({ cluster }: World, { nodes }: ReadsSize, first: string): void {
  const { objects } = cluster.kubernetes;
  for (let node = 0; node < nodes; node += 1) {
    const name = `node-${node}`;
    const instanceId = node === 0 ? first : `i-${node.toString(16).padStart(17, '0')}`;
    objects.create('nodes', nodeObject(name, instanceId, INSTANCE_TYPE));
    objects.patch('nodes', { name }, { status: nodeStatus() }, { subresource: 'status' });
  }
}

function addNetworks({ cluster }: World, { enis, definitions }: ReadsSize): void {
  for (let network = 0; network < definitions; network += 1) {
    const device = 1 + (network % enis);
    const object = networkObject(`net-${network}`, device, `10.${device}.0.0/16`);
    cluster.kubernetes.objects.create('network-attachment-definitions', object);
  }
}

function addressOf(pod: number, enis: number): string {
  const nth = Math.floor(pod / enis);
  return `10.${1 + (pod % enis)}.${1 + (nth >> 8)}.${nth & 255}`;
}
