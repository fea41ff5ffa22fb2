import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { Address } from '../../../shared/address.ts';
import { parseAssigned } from '../../../shared/claims/condition-message.ts';
import { nodeFromObject } from '../../../shared/cluster/nodes.ts';
import { passedOn } from '../../support/oracle/rightful.ts';
import { podOf } from '../world/kubernetes.ts';
import type { VirtualCluster, VirtualWorld } from '../world/world.ts';
import { type Claims, claimsAt, holdersAt, type Placed, placed, textOf } from './claims.ts';
import { entriesOf, type Ours } from './ledgers.ts';
import { addressesOf, eniWith, hasRoom, isManaged, isTaggedFor, nodeOf } from './places.ts';

/** One difference between the ENIs, or what a pod is told, and what the live pods claim. */
export interface Difference {
  readonly text: string;
  /** It is on an ENI, and nobody claims it there. */
  readonly isLeft?: boolean;
}

export function driftOf(world: VirtualWorld, claims: Claims, ours: Ours): Difference[] {
  const all = claims.live().map((known) => placed(world, known));
  const byAddress = Map.groupBy(all, ({ claim }) => claim.address);
  return [
    ...[...byAddress].flatMap(([address, of]) => misplaced(world, address, of)),
    ...[...world.ec2.snapshot().enis.values()].flatMap((eni) =>
      unclaimed(world, ours, eni, byAddress),
    ),
    ...told(world, all, byAddress),
    ...toldOutsideEc2(world),
  ];
}

/** What is on the ENIs of Nodes, is ours, and claimed by no pod of that node. */
function unclaimed(
  world: VirtualWorld,
  ours: Ours,
  eni: NetworkInterface,
  byAddress: ReadonlyMap<Address, readonly Placed[]>,
): Difference[] {
  const node = nodeOf(world, eni.attachment?.instanceId);
  if (!isManaged(eni) || node === undefined) return [];
  return addressesOf(eni)
    .filter((address) => claimsAt(world, eni, byAddress.get(address) ?? []).local.length === 0)
    .filter((address) => ours.has(eni.id, address))
    .map((address) => ({ text: `${address} is left on ${eni.id}`, isLeft: true }));
}

/** An address that is not where it should be, or that somebody else should have by now. */
function misplaced(world: VirtualWorld, address: Address, claims: readonly Placed[]): Difference[] {
  const on = eniWith(world, address);
  const canTake = ({ eni, pod }: Placed): boolean =>
    eni !== undefined && !pod.terminating && eni.id !== on?.id && hasRoom(world, eni.id, address);
  const waiting = claims.filter(canTake);
  if (waiting.length === 0) return [];
  if (on === undefined) {
    return [{ text: `${address} is nowhere: ${textOf(waiting)} claims it` }];
  }
  const ofCluster = ({ known }: Placed): boolean => isTaggedFor(on, known.cluster);
  if (!isManaged(on)) return [];
  // Nobody knows whose it is (docs/design.md, rule L1).
  if (!entriesOf(world, on.id).has(address)) return [];
  const holders = holdersAt(world, on, claims);
  const takers = waiting.filter(ofCluster);
  if (holders.length === 0) {
    if (takers.length === 0) return [];
    const text = `${address} is left on ${on.id}: ${textOf(takers)} claims it`;
    return [{ text, isLeft: true }];
  }
  const entitled = holders.map((holder) => passedOn(holder, claims.filter(ofCluster)));
  const stays = entitled.some((list) =>
    list.some((each) => (each.eni ?? on).id === on.id || each.pod.terminating),
  );
  const next = takers.filter((taker) => entitled.every((list) => list.includes(taker)));
  if (stays || next.length === 0) return [];
  const text = `${address} should have passed from ${textOf(holders)} to ${textOf(next)}`;
  return [{ text }];
}

/** A pod that claims something knows whether it has all of it, and no two are told to have one address. */
function told(
  world: VirtualWorld,
  all: readonly Placed[],
  byAddress: ReadonlyMap<Address, readonly Placed[]>,
): Difference[] {
  const drift: Difference[] = [];
  const toldTo = new Map<string, string>();
  for (const of of Map.groupBy(all, ({ pod }) => pod.pod.uid).values()) {
    const [first] = of;
    if (first === undefined || first.pod.terminating || first.where === undefined) continue;
    const name = textOf([first]);
    const { status, message = '' } = conditionOf(world, first) ?? {};
    for (const { address, eniId = '' } of parseAssigned(message)) {
      const key = `${address} on ${eniId}`;
      const other = toldTo.get(key);
      const has = eniWith(world, address)?.id === eniId;
      if (!has) drift.push({ text: `${name} is told ${key}, which it lacks` });
      if (other) drift.push({ text: `${name} and ${other} are told ${key}` });
      toldTo.set(key, name);
    }
    const counted = of.filter(
      ({ where, claim }) =>
        where !== 'not ours' ||
        claim.recordedOn?.some((id) => eniWith(world, claim.address)?.id === id),
    );
    if (counted.length === 0 || isShared(first, of, byAddress)) continue;
    const has = counted.every(({ claim, eni, where }) => {
      if (eni !== undefined) return eniWith(world, claim.address)?.id === eni.id;
      return where === 'not ours';
    });
    if (status === (has ? 'True' : 'False')) continue;
    const text = `${name} is told ${status}, and ${has ? 'has' : 'lacks'} its addresses`;
    drift.push({ text });
  }
  return drift;
}

/**
 * Of two pods that claim one address for one ENI either may be told that it has it. A pod whose claim fits no
 * single ENI any more keeps the one that it was told of.
 */
function isShared(
  { pod }: Placed,
  of: readonly Placed[],
  byAddress: ReadonlyMap<Address, readonly Placed[]>,
): boolean {
  return of.some(
    ({ claim, eni }) =>
      eni !== undefined &&
      byAddress
        .get(claim.address)
        ?.some(
          (other) =>
            other.pod.pod.uid !== pod.pod.uid &&
            (other.eni?.id === eni.id || other.claim.recordedOn?.includes(eni.id)),
        ),
  );
}

/** A pod on a node that is no EC2 instance waits for nothing: there is nothing to assign. */
function toldOutsideEc2({ clusters }: VirtualWorld): Difference[] {
  return [...clusters.values()].flatMap(({ api: { objects } }) => {
    const nodes = objects.list('nodes').map(nodeFromObject);
    const outside = new Set(nodes.filter((each) => each.outsideEc2).map(({ name }) => name));
    return objects
      .list('pods')
      .map(podOf)
      .filter(
        ({ node = '', terminating, finished }) => outside.has(node) && !terminating && !finished,
      )
      .filter(({ gated, condition }) => (gated || condition) && condition?.status !== 'True')
      .map(({ namespace, name, node }) => ({
        text: `${namespace}/${name} on ${node} waits, and nothing will ever be assigned there`,
      }));
  });
}

function conditionOf({ clusters }: VirtualWorld, { known, pod: { pod } }: Placed) {
  const cluster: VirtualCluster | undefined = clusters.get(known.cluster);
  const object = cluster?.api.objects.find('pods', pod);
  return object && podOf(object).condition;
}
