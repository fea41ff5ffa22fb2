import { type Address, compareAddresses, familyOf } from '../address.ts';
import type { PodClaims } from '../claims/claim.ts';
import type { Ranges } from '../claims/ranges.ts';
import type { Eni, InstanceLimits } from '../enis/eni.ts';
import {
  holds,
  inPrefixOf,
  inSubnetOf,
  type NodeEnis,
  perhapsTheWorkersOwn,
} from '../enis/eni-facts.ts';
import { limitToRoom } from './capacity.ts';
import { conflictWith } from './conflict.ts';
import type { Assignment, Foreign, Move, Placement, Plan, Unclaimed } from './decision.ts';
import { type PlacedClaim, type PlacedClaims, placeClaims } from './place-claims.ts';
import { withoutUnassigning } from './policy.ts';
import type { Problem } from './problem.ts';
import { speakerOf } from './speaker.ts';
import { claimedIn, claimsByAddress, staysOn } from './vpcs.ts';

/** What the decision is made from; everything is as it was read, ENIs before pods. */
export interface PlanInput extends NodeEnis {
  readonly node: string;
  readonly limits?: InstanceLimits;
  readonly pods: readonly PodClaims[];
  readonly ranges: Ranges;
  /** Addresses that messages name: claimed before and no longer. */
  readonly named: ReadonlySet<Address>;
  /** Claimed by nobody, and not released for now: the brake is on. */
  readonly withheld?: ReadonlySet<Address>;
  /** False: nothing is unassigned from any ENI (release policy `upsert-only`). */
  readonly unassigns: boolean;
  /** `key=value`, for the text of a problem. */
  readonly managedTag: string;
}

/**
 * Decides what to do about each address of one node. Pure.
 *
 * | a live pod speaks for it | it is on that pod's ENI | it is elsewhere | → |
 * |---|---|---|---|
 * | yes | yes | | keep |
 * | yes, for no valid ENI any more | | where its condition says | hold: left there, and the problem told |
 * | yes, terminating | no | | nothing |
 * | yes | no | nobody has it | assign |
 * | yes | no | on another managed ENI of this node | move: take over from that ENI |
 * | yes | no | a holder that passes it on | assign is refused, then take over (shared/apply) |
 * | yes | no | a holder that keeps it | problem: conflict |
 * | yes, but no ENI, two ENIs, wrong subnet, reserved, primary, ENI full | | | problem, by kind |
 * | no | yes; in a range and not the first IPv6 address of its ENI, or named by a message | | release |
 * | no | yes; otherwise | | foreign: reported, left alone |
 *
 * An address that any live pod claims is never released, also where the claim is no valid one.
 */
export function plan(input: PlanInput): Plan {
  const managed = input.enis.filter((eni) => eni.managed);
  const placed = placeClaims(input);
  const decided = decideClaimed(placed.claims, input.enis);
  const unclaimed = decideUnclaimed(input, managed, placed);
  const takings = { ...unclaimed, move: decided.move, forbidden: [] };
  const allowed = input.unassigns ? takings : withoutUnassigning(takings);
  const room = limitToRoom({
    enis: managed,
    limits: input.limits,
    assign: decided.assign,
    move: allowed.move,
    release: allowed.release,
  });
  return {
    keep: decided.keep,
    held: decided.held,
    assign: room.assign,
    move: room.move,
    waiting: room.waiting,
    release: allowed.release,
    releaseUnseen: allowed.releaseUnseen,
    foreign: unclaimed.foreign,
    problems: [...placed.problems, ...decided.problems, ...allowed.forbidden, ...room.problems],
    ignored: placed.ignored,
  };
}

interface Decided {
  readonly keep: Plan['keep'][number][];
  readonly held: Assignment[];
  readonly assign: Assignment[];
  readonly move: Move[];
  readonly problems: Problem[];
}

function decideClaimed(claims: readonly PlacedClaim[], enis: readonly Eni[]): Decided {
  const decided: Decided = { keep: [], held: [], assign: [], move: [], problems: [] };
  for (const { address, claimants, vpcId } of claimsByAddress(claims, enis)) {
    const on = enis.filter((eni) => eni.vpcId === vpcId && holds(eni, address));
    const speaker = speakerOf(claimants, new Set(on.map((eni) => eni.id)));
    if (speaker === undefined) continue;
    // A pod without a valid ENI has been told so; a terminating one is told nothing.
    const rivals = claimants.filter(
      (claimant) => claimant !== speaker && !claimant.terminating && claimant.eniId !== undefined,
    );
    const eniId = decideFor(speaker, rivals, on, decided);
    if (eniId === undefined) continue;
    const conflict = conflictWith(speaker, eniId);
    decided.problems.push(...rivals.map(({ pod }) => ({ pod, ...conflict })));
  }
  return decided;
}

/**
 * @param on the ENIs of the node that have the address.
 * @returns the ENI where the speaker has the address, or is to get it.
 */
function decideFor(
  speaker: PlacedClaim,
  rivals: readonly PlacedClaim[],
  on: readonly Eni[],
  into: Decided,
): string | undefined {
  const { address, eniId, pod, terminating } = speaker;
  const itsEni = on.find((eni) => eni.id === eniId);
  if (itsEni) {
    const withinPrefix = !itsEni.secondary.includes(address);
    into.keep.push({ address, eniId: itsEni.id, claim: speaker, withinPrefix });
    return eniId;
  }
  const told = staysOn(speaker, on);
  if (told) {
    into.held.push({ address, eniId: told.id, claim: speaker });
    const why = 'not-our-eni';
    // Where its claim fits another ENI, nobody else tells the pod why the address is not there.
    if (eniId !== undefined && !terminating) {
      into.problems.push({ pod, address, kind: 'held-elsewhere', eniId: told.id, why });
    }
    return told.id;
  }
  if (eniId === undefined) return undefined;
  const from = on.find((eni) => eni.managed && eni.secondary.includes(address));
  if (from) into.move.push({ address, eniId, claim: speaker, fromEniId: from.id });
  else into.assign.push({ address, eniId, claim: speaker, ...(rivals.length > 0 && { rivals }) });
  return eniId;
}

/**
 * Whether any later reconcile or sweep that sees it releases it, without a message that names it. An
 * ENI's first IPv6 address is released only where it is named, and which one that is may change.
 */
function isReleasedWhenSeen(address: Address, ranges: Ranges): boolean {
  return familyOf(address) === 4 && ranges.includes(address);
}

function decideUnclaimed(
  input: PlanInput,
  managed: readonly Eni[],
  placed: PlacedClaims,
): Unclaimed {
  const { enis, ranges, named, withheld } = input;
  const isClaimed = claimedIn(placed, enis);
  const release: Placement[] = [];
  const foreign: Foreign[] = [];
  for (const eni of managed) {
    const own = perhapsTheWorkersOwn(eni);
    for (const address of eni.secondary) {
      if (isClaimed(address, eni)) continue;
      const at = { address, eniId: eni.id };
      if (withheld?.has(address)) continue;
      if (named.has(address) && ranges.allows(address)) release.push(at);
      else if (!ranges.includes(address)) foreign.push({ ...at, why: 'in-no-range' });
      else if (address === own) foreign.push({ ...at, why: 'first-ipv6' });
      else release.push(at);
    }
  }

  const shown = new Set(
    enis.flatMap(({ managed, primary, secondary, vpcId }) =>
      [...primary, ...(managed ? secondary : [])].map((address) => `${vpcId} ${address}`),
    ),
  );
  const releaseUnseen = [...named]
    .filter((address) => withheld?.has(address) !== true)
    .filter((address) => ranges.allows(address) && !isReleasedWhenSeen(address, ranges))
    .sort(compareAddresses)
    .flatMap((address) =>
      managed
        .filter((eni) => !isClaimed(address, eni) && !shown.has(`${eni.vpcId} ${address}`))
        .filter((eni) => inSubnetOf(eni, address, input) && !inPrefixOf(eni, address))
        .map((eni) => ({ address, eniId: eni.id })),
    );
  return { release, releaseUnseen, foreign };
}
