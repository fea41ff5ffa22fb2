import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { requesting, roomOf, saidOf } from '../world/room.ts';
import type { VirtualCluster, VirtualWorld } from '../world/world.ts';
import type { Claims } from './claims.ts';
import { addressesOf, definitionsOf, isManaged } from './places.ts';
import type { Reading } from './reconciles.ts';

/** What Nodes say of the room for attachments, held against deploy/room/README.md. */
export interface Rooms {
  /** Runs what changes what Nodes say, and judges it by what whoever does it had read. */
  saying<T>(reading: Reading | undefined, effect: () => T): T;
}

/**
 * No Node says less than what runs there, of what whoever wrote it can have known: a kubelet that starts
 * again ends pods that do not fit any more.
 */
export function watchRooms(
  { clusters }: VirtualWorld,
  step: () => number,
  violate: (what: string) => void,
): Rooms {
  const since = new Map<string, number>();
  let reading: Reading | undefined;
  const judge = (cluster: VirtualCluster, node: KubeObject): void => {
    if (reading === undefined) return;
    const { name } = node.metadata;
    const listed = reading.first.get(name) ?? reading.first.get('*') ?? 0;
    for (const resource of resourcesOf(cluster)) {
      const said = saidOf(node, 'capacity', resource) ?? 0;
      const pods = requesting(cluster, name, resource);
      const runs = pods.filter(({ metadata }) => (since.get(metadata.uid) ?? 0) < listed).length;
      if (said < runs) violate(`${name} says ${resource}: ${said}, and ${runs} run there`);
      const allocatable = saidOf(node, 'allocatable', resource) ?? 0;
      if (said !== allocatable) violate(`${name} says ${said} and ${allocatable} of ${resource}`);
    }
  };
  for (const cluster of clusters.values()) {
    cluster.api.store.onChange(({ resource, type, object }) => {
      if (resource === 'pods' && type === 'ADDED') since.set(object.metadata.uid, step());
      if (resource === 'pods' && type === 'DELETED') since.delete(object.metadata.uid);
      if (resource === 'nodes' && type === 'MODIFIED') judge(cluster, object);
    });
  }
  return {
    saying(by, effect) {
      reading = by;
      try {
        return effect();
      } finally {
        reading = undefined;
      }
    },
  };
}

/** What Nodes say, and should not. At rest each says what there is. */
export function wrongRooms(world: VirtualWorld, claims: Claims): string[] {
  if (!world.room) return [];
  return [...world.clusters.values()].flatMap((cluster) =>
    cluster.api.objects.list('nodes').flatMap((node) =>
      [...definitionsOf(cluster).keys()].flatMap((network) => {
        const resource = resourceFor(network);
        const [said, is] = [
          saidOf(node, 'capacity', resource),
          roomAt({ world, claims, cluster }, node.metadata.name, network),
        ];
        return said === is
          ? []
          : [`${node.metadata.name} says ${resource}: ${said}, and it is ${is}`];
      }),
    ),
  );
}

interface There {
  readonly world: VirtualWorld;
  readonly claims: Claims;
  readonly cluster: VirtualCluster;
}

/**
 * What the instance type allows, less what is on the ENI, or is asked for there, and belongs to no pod
 * that requests this network; and never less than what is requested. IPv4.
 */
function roomAt(there: There, node: string, network: string): number | undefined {
  const { world, cluster } = there;
  const definitions = definitionsOf(cluster);
  const master = definitions.get(network)?.master;
  const eni = cluster.worker(node).enis.find(({ deviceIndex }) => `eth${deviceIndex}` === master);
  const { enis, instanceTypes } = world.ec2.snapshot();
  const on = enis.get(eni?.id ?? '');
  const type = instanceTypes.get(cluster.worker(node).instanceType);
  if (on === undefined || type === undefined || !isManaged(on)) return undefined;
  const addresses = addressesOf(on);
  const own = attachmentsOf(there, node, network, addresses);
  const others = [...definitions]
    .filter(([other, definition]) => other !== network && definition.master === master)
    .map(([other]) => attachmentsOf(there, node, other, addresses).awaited);
  const foreign = addresses.length - own.there;
  const awaited = others.reduce((sum, each) => sum + each, 0);
  return Math.max(own.requested, type.ipv4 - 1 - foreign - awaited);
}

/** Of the pods of a node that request a network: how many, what they have on an ENI, and what not yet. */
function attachmentsOf(
  { claims, cluster }: There,
  node: string,
  network: string,
  addresses: readonly string[],
) {
  const pods = requesting(cluster, node, resourceFor(network));
  const has = pods.map(
    ({ metadata }) =>
      claims
        .live()
        .filter(({ pod, claim }) => pod.pod.uid === metadata.uid && claim.network === network)
        .filter(({ claim }) => addresses.includes(claim.address)).length,
  );
  return {
    requested: pods.length,
    there: has.reduce((sum, each) => sum + each, 0),
    awaited: has.reduce((sum, each) => sum + Math.max(0, 1 - each), 0),
  };
}

function resourcesOf(cluster: VirtualCluster): string[] {
  return [...definitionsOf(cluster).keys()].map(resourceFor);
}

function resourceFor(network: string): string {
  return roomOf(network.split('/')[1] ?? '');
}
