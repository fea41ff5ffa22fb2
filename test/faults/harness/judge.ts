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
  wasClaimedOn,
} from './claims.ts';
import type { Life } from './life.ts';
import { eniWith, hasRoom, isInRange, isManaged, isTaggedFor, nodeOf } from './places.ts';
import type { Race } from './races.ts';
import { type Reading, wasShown } from './reconciles.ts';

/** Who makes a call that may change EC2, and what it had read when it sent it. */
export interface Acting {
  readonly life: Life;
  readonly reading: Reading | undefined;
  /** When pods of each node were listed, and each ENI described. */
  readonly listed: ReadonlyMap<string, number>;
  readonly described: ReadonlyMap<string, number>;
}

export type Verdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'race'; readonly race: Race; readonly holder: KnownClaim }
  | { readonly kind: 'violation'; readonly what: string };

const RIGHT: Verdict = { kind: 'right' };

/**
 * Judges each change of EC2 by the oracle, and by what whoever makes it may have read.
 *
 * @param isOldPlace nothing that claims are placed by has changed since it began to read.
 */
export function judging(world: VirtualWorld, claims: Claims, isOldPlace: (by: Acting) => boolean) {
  /** The ENI is one of the node that the reconcile is for, even if that Node has just gone. */
  const isOwn = ({ reading }: Acting, eni: NetworkInterface): boolean => {
    const cluster = world.clusters.get(reading?.cluster ?? '');
    const worker = cluster?.workerOf(eni.attachment?.instanceId);
    return worker !== undefined && worker === reading?.node;
  };

  /**
   * The ENI has come to another instance, and nothing that the environment was shown says so: what
   * remains of rule 3.
   */
  const hasMovedUnseen = ({ life }: Acting, { attachment }: NetworkInterface): boolean =>
    attachment !== undefined && !wasShown(life, attachment.id);

  /** Nothing but the secondary addresses of a managed ENI of the reconcile's cluster. */
  const scope = (by: Acting, old: NetworkInterface, eni: NetworkInterface): string | undefined => {
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
    if (!isManaged(eni) && isOldPlace(by))
      return `the ${who} wrote to ${eni.id}: it is not managed`;
    if (!isTaggedFor(eni, by.reading?.cluster ?? '')) {
      return `the ${who} wrote to ${eni.id} of another cluster`;
    }
    return undefined;
  };

  const placedNow = (list: readonly KnownClaim[]): Placed[] =>
    list.map((known) => placed(world, known));

  /** Whoever placed the claim saw what there is now. */
  const isCertain = (by: Acting, { where }: Placed): boolean =>
    where !== undefined && isOldPlace(by);

  /** The claims of an address as they were at a step, or have become since. */
  const versions = (step: number, address: string): readonly Placed[] =>
    placedNow([...claims.live(address), ...claims.endedSince(step, address)]);

  const listedAt = ({ listed }: Acting, node: string): number | undefined =>
    listed.get(node) ?? listed.get('*');

  /** Whether a holder, as the reconcile may have seen it, passes the address on to a pod of its node. */
  const passes = (by: Acting, eni: NetworkInterface, holder: Placed): boolean => {
    const known = versions(listedAt(by, holder.pod.node) ?? 0, holder.claim.address);
    const fits = (taker: Placed): boolean =>
      taker.pod.node === by.reading?.node &&
      (!isCertain(by, taker) || (taker.eni !== undefined && taker.eni.id !== eni.id));
    const takers = known.filter(fits);
    const asHolder = known.filter(({ pod }) => pod.pod.uid === holder.pod.pod.uid);
    // Its own address, after its claim.
    if (takers.some((taker) => !taker.pod.terminating && asHolder.includes(taker))) return true;
    return asHolder.some((version) => takers.some((taker) => mayPass(version, taker)));
  };

  /** Whoever may not lose an address of that ENI, unless it passes it on. */
  const protectedBy = (by: Acting, eni: NetworkInterface, address: Address): readonly Placed[] => {
    const live = placedNow(claims.live(address));
    const holders = holdersAt(world, eni, live);
    if (holders.length > 0 || !isOwn(by, eni)) return holders;
    // Nobody has it: what a pod of the node claims is moved to where it fits, and not released.
    const { local } = claimsAt(world, eni, live);
    const moves = local.some((claim) => claim.eni !== undefined && !claim.pod.terminating);
    return moves || !isOldPlace(by) ? [] : local;
  };

  const removal = (by: Acting, eni: NetworkInterface, address: Address): Verdict => {
    const what = `${address} was unassigned from ${eni.id} by the reconcile of ${by.reading?.node}`;
    const holders = protectedBy(by, eni, address);
    const [first] = holders;
    if (first === undefined) {
      const node = nodeOf(world, eni.attachment?.instanceId);
      if (isInRange(world, address) || node === undefined || !isOldPlace(by)) return RIGHT;
      if (wasClaimedOn(claims, node, address)) return RIGHT;
      const why = `it is in no range, and no pod of ${node.node} ever claimed it`;
      return { kind: 'violation', what: `${what}: ${why}` };
    }
    if (holders.some((holder) => passes(by, eni, holder))) return RIGHT;
    if (hasMovedUnseen(by, eni)) return { kind: 'race', race: 'eni-moved', holder: first.known };
    for (const { known } of holders) {
      const listed = listedAt(by, known.node);
      const read = Math.max(listed ?? 0, by.described.get(eni.id) ?? 0);
      if (listed !== undefined && known.from >= read) continue;
      const why = listed === undefined ? 'whose pods it did not ask for' : 'who claimed it before';
      return { kind: 'violation', what: `${what}: it is held by ${textOf(holders)}, ${why}` };
    }
    return { kind: 'race', race: 'claimed-after-the-list', holder: first.known };
  };

  const addition = (by: Acting, eni: NetworkInterface, address: Address): string | undefined => {
    const { node, first } = by.reading ?? {};
    const text = `${address} was assigned to ${eni.id} by the reconcile of ${node}`;
    if (hasMovedUnseen(by, eni)) return undefined;
    if (!isOwn(by, eni)) return `${text}, which is another's`;
    const listed = first?.get(node ?? '');
    if (listed === undefined) return `${text}: it did not ask for the pods of that node`;
    const claimed = versions(listed, address).filter(
      (claim) => claim.known.node === node && (claim.eni?.id === eni.id || !isCertain(by, claim)),
    );
    if (claimed.length === 0) return `${text}: no pod claims it there`;
    return claimed.some(({ pod }) => !pod.terminating)
      ? undefined
      : `${text}: who claims it there is terminating, and acquires nothing`;
  };

  /** A pod of the node that has claimed the address since before, and could have it: nobody has it. */
  const waiting = (
    cluster: string,
    node: string,
    address: string,
    since: number,
  ): string | undefined => {
    if (eniWith(world, address) !== undefined) return undefined;
    const found = placedNow(claims.live(address)).find(
      ({ known, pod, eni }) =>
        known.cluster === cluster &&
        known.node === node &&
        !pod.terminating &&
        known.from < since &&
        eni !== undefined &&
        hasRoom(world, eni.id, address),
    );
    return found && textOf([found]);
  };

  return { isOwn, scope, removal, addition, waiting };
}
