import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { Address } from '../../../shared/address.ts';
import { mayPass } from '../../support/oracle/rightful.ts';
import type { VirtualWorld } from '../world/world.ts';
import {
  type Claims,
  claimsAt,
  holdersAt,
  type KnownClaim,
  type Placed,
  placed,
  textOf,
} from './claims.ts';
import { isTombstone, type Ours } from './ledgers.ts';
import { eniWith, hasRoom, isManaged, isTaggedFor } from './places.ts';
import type { Race } from './races.ts';
import { type Acting, cannotUse } from './reconciles.ts';

export type Verdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'race'; readonly race: Race; readonly holder: KnownClaim }
  | { readonly kind: 'violation'; readonly what: string };

const RIGHT: Verdict = { kind: 'right' };

/** What there is to judge by. */
interface Court {
  readonly world: VirtualWorld;
  readonly claims: Claims;
  readonly ours: Ours;
  /** Nothing that claims are placed by has changed since it began to read. */
  readonly isOldPlace: (by: Acting) => boolean;
}

/** Judges each change of EC2 by the oracle, and by what whoever makes it may have read. */
export function judging(court: Court) {
  return {
    isOwn: isOwn.bind(undefined, court),
    scope: scope.bind(undefined, court),
    removal: removal.bind(undefined, court),
    addition: addition.bind(undefined, court),
    waiting: waiting.bind(undefined, court),
  };
}

/** The ENI is one of the node that the reconcile is for, even if that Node has just gone. */
function isOwn(court: Court, { reading }: Acting, eni: NetworkInterface): boolean {
  const cluster = court.world.clusters.get(reading?.cluster ?? '');
  const worker = cluster?.workerOf(eni.attachment?.instanceId);
  return worker !== undefined && worker === reading?.node;
}

/**
 * The ENI has come to another instance, and nothing that the environment was shown says so: what
 * remains of rule 3.
 */
function hasMovedUnseen({ shown }: Acting, { attachment }: NetworkInterface): boolean {
  return attachment !== undefined && !shown.has(attachment.id);
}

/** Nothing but the secondary addresses of a managed ENI of the reconcile's cluster. */
function scope(
  court: Court,
  by: Acting,
  old: NetworkInterface,
  eni: NetworkInterface,
): string | undefined {
  const who = `${by.life.program} of cluster ${by.reading?.cluster}`;
  if (by.life.program !== 'reconcile') return `the ${who} wrote to ${eni.id}`;
  const { secondary: _, ipv6: __, elasticIps: ___, ...rest } = old;
  const { secondary: ____, ipv6: _____, elasticIps: ______, ...now } = eni;
  if (
    !Object.entries(rest).every(([key, value]) =>
      Object.entries(now).some(([k, v]) => k === key && v === value),
    )
  ) {
    return `the ${who} changed more of ${eni.id} than its secondary addresses`;
  }
  if (!isManaged(eni) && court.isOldPlace(by))
    return `the ${who} wrote to ${eni.id}: it is not managed`;
  if (!isTaggedFor(eni, by.reading?.cluster ?? '')) {
    return `the ${who} wrote to ${eni.id} of another cluster`;
  }
  return undefined;
}

function placedNow(court: Court, list: readonly KnownClaim[]): Placed[] {
  return list.map((known) => placed(court.world, known));
}

/** Whoever placed the claim saw what there is now. */
function isCertain(court: Court, by: Acting, { where }: Placed): boolean {
  return where !== undefined && court.isOldPlace(by);
}

/** The claims of an address as they were at a step, or have become since. */
function versions(court: Court, step: number, address: string): readonly Placed[] {
  return placedNow(court, [
    ...court.claims.live(address),
    ...court.claims.endedSince(step, address),
  ]);
}

function listedAt({ listed }: Acting, node: string): number | undefined {
  return listed.get(node) ?? listed.get('*');
}

/** Whether a holder, as the reconcile may have seen it, passes the address on to a pod of its node. */
function passes(court: Court, by: Acting, eni: NetworkInterface, holder: Placed): boolean {
  const known = versions(court, listedAt(by, holder.pod.node) ?? 0, holder.claim.address);
  const fits = (taker: Placed): boolean =>
    taker.pod.node === by.reading?.node &&
    (!isCertain(court, by, taker) || (taker.eni !== undefined && taker.eni.id !== eni.id));
  const takers = known.filter(fits);
  const asHolder = known.filter(({ pod }) => pod.pod.uid === holder.pod.pod.uid);
  // Its own address, after its claim.
  if (takers.some((taker) => !taker.pod.terminating && asHolder.includes(taker))) return true;
  return asHolder.some((version) => takers.some((taker) => mayPass(version, taker)));
}

/** Whoever may not lose an address of that ENI, unless it passes it on. */
function protectedBy(
  court: Court,
  by: Acting,
  eni: NetworkInterface,
  address: Address,
): readonly Placed[] {
  const live = placedNow(court, court.claims.live(address));
  const holders = holdersAt(court.world, eni, live);
  if (holders.length > 0 || !isOwn(court, by, eni)) return holders;
  // Nobody has it: what a pod of the node claims is moved to where it fits, and not released.
  const { local } = claimsAt(court.world, eni, live);
  const moves = local.some((claim) => claim.eni !== undefined && !claim.pod.terminating);
  return moves || !court.isOldPlace(by) ? [] : local;
}

function removal(court: Court, by: Acting, eni: NetworkInterface, address: Address): Verdict {
  const what = `${address} was unassigned from ${eni.id} by the reconcile of ${by.reading?.node}`;
  // Somebody has changed by hand what its reads rest on.
  if (court.ours.tamperedAt(eni.id) >= (by.reading?.begun ?? 0)) return RIGHT;
  const unwritten = releasedUnwritten(court, by, eni, address);
  if (unwritten !== undefined) return { kind: 'violation', what: `${what}: ${unwritten}` };
  const holders = protectedBy(court, by, eni, address);
  const [first] = holders;
  if (first === undefined) return RIGHT;
  if (holders.some((holder) => passes(court, by, eni, holder))) return RIGHT;
  if (hasMovedUnseen(by, eni)) return { kind: 'race', race: 'eni-moved', holder: first.known };
  for (const { known } of holders) {
    const listed = listedAt(by, known.node);
    const read = Math.max(listed ?? 0, by.described.get(eni.id) ?? 0);
    if (listed !== undefined && known.from >= read) continue;
    const why = listed === undefined ? 'whose pods it did not ask for' : 'who claimed it before';
    return { kind: 'violation', what: `${what}: it is held by ${textOf(holders)}, ${why}` };
  }
  return { kind: 'race', race: 'claimed-after-the-list', holder: first.known };
}

/** Rules L1, L5, L8 and L15: what the ledger has to say when an Unassign is sent. */
function releasedUnwritten(
  court: Court,
  by: Acting,
  eni: NetworkInterface,
  address: Address,
): string | undefined {
  // What has just come to the node with its ENI may be taken over from there.
  const isOwnEni = isOwn(court, by, eni) && court.isOldPlace(by);
  const knows = isOwnEni ? cannotUse(by, eni.id) : by.reading?.unusable.has(eni.id);
  if (knows === true) return 'its ledger cannot be used';
  const entry = by.entries.get(address);
  if (entry === undefined) return 'no ledger has it';
  const wrote = by.wrote?.get(address);
  if (!isOwnEni) return undefined;
  return wrote !== undefined && isTombstone(wrote) ? undefined : 'it was not written before';
}

/** Rules L5 and L6: what the ledger has to say when an Assign is sent. */
function assignedUnwritten(by: Acting, eni: NetworkInterface, address: Address) {
  if (cannotUse(by, eni.id)) return undefined;
  const wrote = by.wrote?.get(address);
  return wrote !== undefined && !isTombstone(wrote) ? undefined : 'it was not written before';
}

function addition(
  court: Court,
  by: Acting,
  eni: NetworkInterface,
  address: Address,
): string | undefined {
  const { node, first } = by.reading ?? {};
  const text = `${address} was assigned to ${eni.id} by the reconcile of ${node}`;
  if (hasMovedUnseen(by, eni)) return undefined;
  if (!isOwn(court, by, eni)) return `${text}, which is another's`;
  const unwritten = assignedUnwritten(by, eni, address);
  if (unwritten !== undefined) return `${text}: ${unwritten}`;
  const listed = first?.get(node ?? '');
  if (listed === undefined) return `${text}: it did not ask for the pods of that node`;
  const claimed = versions(court, listed, address).filter(
    (claim) =>
      claim.known.node === node && (claim.eni?.id === eni.id || !isCertain(court, by, claim)),
  );
  if (claimed.length === 0) return `${text}: no pod claims it there`;
  return claimed.some(({ pod }) => !pod.terminating)
    ? undefined
    : `${text}: who claims it there is terminating, and acquires nothing`;
}

/** A pod of the node that has claimed the address since before, and could have it: nobody has it. */
function waiting(
  court: Court,
  cluster: string,
  node: string,
  address: string,
  since: number,
): string | undefined {
  if (eniWith(court.world, address) !== undefined) return undefined;
  const found = placedNow(court, court.claims.live(address)).find(
    ({ known, pod, eni }) =>
      known.cluster === cluster &&
      known.node === node &&
      !pod.terminating &&
      known.from < since &&
      eni !== undefined &&
      hasRoom(court.world, eni.id, address),
  );
  return found && textOf([found]);
}
