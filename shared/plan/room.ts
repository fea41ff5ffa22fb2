import { type Address, type Family, familyOf, fromInteger } from '../address.ts';
import type { PodClaims } from '../claims/claim.ts';
import type { ParsedNetwork } from '../claims/net-attach-def.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import { resourceOf } from '../cluster/room-resources.ts';
import type { InstanceLimits } from '../enis/eni.ts';
import type { NodeEnis } from '../enis/eni-facts.ts';
import { freeOf, slot } from './capacity.ts';
import { chooseEni } from './choose-eni.ts';
import { type Verdict, wanting } from './verdict.ts';

/** How many networks are advertised. Whoever may write definitions is not to fill every Node's status. */
export const MAX_ADVERTISED = 200;

export interface RoomInput extends NodeEnis {
  readonly limits?: InstanceLimits;
  /** By `namespace/name`. */
  readonly networks: ReadonlyMap<string, ParsedNetwork>;
  readonly pods: readonly PodClaims[];
  /** All pods of the node, by uid. */
  readonly podObjects: ReadonlyMap<string, Pod>;
}

/** A network with room on the node, and the places that an attachment of it takes one of each from. */
interface ServedNetwork {
  readonly network: string;
  readonly resource: string;
  /** For each ENI that serves it: the slot of each address family that it gives out. */
  readonly enis: readonly (readonly { readonly key: string; readonly family: Family }[])[];
}

/**
 * How many attachments of each network fit on a node in total, those that run among them: what the
 * scheduler is to count the requests of its pods against. Pure.
 *
 * That is what its pods request, and what the network's ENIs take beside all that is on them, all that
 * is about to be, and all that pods of the node request and have not got yet. So it is the limit of the
 * instance type less primaries, prefixes and what is foreign to the network, and never less than what
 * runs: a kubelet that starts again ends pods that do not fit any more. Networks on one ENI share its
 * room, and each counts what the others have.
 *
 * @param verdicts what is decided for the node.
 * @returns by resource; `undefined` if nobody knows what the instance type takes.
 */
export function roomOfNode(
  input: RoomInput,
  verdicts: readonly Verdict[],
): ReadonlyMap<string, number> | undefined {
  const { limits } = input;
  const requested = requestedOf(input);
  const managed = input.enis.filter((eni) => eni.managed);
  if (managed.length === 0) return requested;
  if (limits === undefined) return undefined;
  const moves = wanting(verdicts, 'move');
  const leaving = moves.map(({ address, from }) => ({ address, eniId: from }));
  const free = freeOf(managed, limits, [...wanting(verdicts, 'release'), ...leaving]);
  const take = (key: string, places: number): void => {
    free.set(key, (free.get(key) ?? 0) - places);
  };
  for (const { address, eniId } of wanting(verdicts, 'assign', 'move', 'wait')) {
    take(slot(eniId, familyOf(address)), 1);
  }
  const served = servedNetworks(input);
  const awaited = awaitedBy(input, verdicts);
  for (const {
    enis: [first = []],
    network,
    resource,
  } of served) {
    for (const { family, key } of first) take(key, awaited(network, resource, family));
  }
  const room = new Map(requested);
  for (const { enis, resource } of served) {
    const left = enis.map((slots) => Math.min(...slots.map(({ key }) => free.get(key) ?? 0)));
    const more = left.reduce((sum, places) => sum + places, 0);
    room.set(resource, (requested.get(resource) ?? 0) + Math.max(0, more));
  }
  return room;
}

/** What the pods of the node request of each resource, as the scheduler counts: until they have ended. */
function requestedOf({ podObjects }: Pick<RoomInput, 'podObjects'>): Map<string, number> {
  const requested = new Map<string, number>();
  for (const pod of podObjects.values()) {
    if (pod.finished) continue;
    for (const [resource, amount] of Object.entries(pod.requestedRoom ?? {})) {
      requested.set(resource, (requested.get(resource) ?? 0) + amount);
    }
  }
  return requested;
}

/** Counts what pods request of a network and have not got, nor is about to be assigned, of a family. */
function awaitedBy({ pods, podObjects }: RoomInput, verdicts: readonly Verdict[]) {
  const got = new Set(
    wanting(verdicts, 'keep', 'hold', 'assign', 'move', 'wait').map(
      ({ address, claim }) => `${claim.pod.uid} ${address}`,
    ),
  );
  const has = new Map<string, number>();
  for (const { pod, claims: ofPod } of pods) {
    for (const { address, network } of ofPod) {
      if (!got.has(`${pod.uid} ${address}`)) continue;
      const key = `${pod.uid} ${network} ${familyOf(address)}`;
      has.set(key, (has.get(key) ?? 0) + 1);
    }
  }
  const requesting = [...podObjects.values()].filter(
    ({ finished, requestedRoom }) => !finished && requestedRoom !== undefined,
  );
  return (network: string, resource: string, family: Family): number =>
    requesting.reduce((sum, { requestedRoom, uid }) => {
      const had = has.get(`${uid} ${network} ${family}`) ?? 0;
      return sum + Math.max(0, (requestedRoom?.[resource] ?? 0) - had);
    }, 0);
}

function servedNetworks(input: RoomInput): ServedNetwork[] {
  return advertisedNetworks(input.networks).flatMap((definition) => {
    const { network } = definition;
    const resource = resourceOf(network);
    const byEni = Map.groupBy(slotsOf(definition, input), ({ eniId }) => eniId);
    if (resource === undefined || byEni.size === 0) return [];
    return [{ network, resource, enis: [...byEni.values()] }];
  });
}

/** First one of each namespace: one that is full of them does not keep those of others from being advertised. */
export function advertisedNetworks(networks: RoomInput['networks']): ParsedNetwork[] {
  const labelled = [...networks.values()]
    .filter(({ advertised, ignored }) => advertised && !ignored)
    .toSorted((a, b) => (a.network < b.network ? -1 : 1));
  const byNamespace = Map.groupBy(labelled, ({ network }) => network.split('/', 1)[0]);
  return [...byNamespace.values()]
    .flatMap((ofNamespace) => ofNamespace.map((each, turn) => ({ each, turn })))
    .sort((a, b) => a.turn - b.turn)
    .slice(0, MAX_ADVERTISED)
    .map(({ each }) => each);
}

/**
 * The ENIs that a network's addresses would go to, by the rule that places claims. A host-device
 * network takes the ENI itself, and not its addresses: a device plugin counts those.
 */
function slotsOf({ master, network, ranges, type }: ParsedNetwork, input: RoomInput) {
  if (type === 'host-device') return [];
  const given = ranges.map(({ family, first }) => fromInteger(first, family));
  // Without ranges the master alone says which ENI it is: any address will do.
  const any = input.enis.flatMap(({ primary }) => primary).slice(0, 1);
  const slots = new Map<string, { key: string; eniId: string; family: Family }>();
  for (const address of given.length > 0 ? given : any) {
    const choice = chooseFor(address, network, master, input);
    if (choice.kind !== 'eni' || (given.length === 0 && choice.by !== 'master')) continue;
    const [eniId, family] = [choice.eni.id, familyOf(address)];
    const key = slot(eniId, family);
    slots.set(key, { key, eniId, family });
  }
  return [...slots.values()];
}

function chooseFor(
  address: Address,
  network: string,
  master: string | undefined,
  input: RoomInput,
) {
  const claim = { address, network, ...(master && { master }), floating: false, since: 0 };
  return chooseEni(claim, input);
}
