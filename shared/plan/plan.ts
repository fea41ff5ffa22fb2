import { type Address, compareAddresses } from '../address.ts';
import type { Eni, InstanceLimits } from '../enis/eni.ts';
import { perhapsTheWorkersOwn } from '../enis/eni-facts.ts';
import { limitToRoom } from './capacity.ts';
import { conflictWith } from './conflict.ts';
import { entryOf, isUsable, whereaboutsOf } from './ledger.ts';
import { type PlacedClaim, type PlacedClaims, type PlaceInput, placedOf } from './place-claims.ts';
import type { AddressProblem, HeldElsewhere } from './problem.ts';
import { speakerOf } from './speaker.ts';
import type { Decision, Hold, Keep, Move, PodProblem, Refuse, Verdict } from './verdict.ts';
import { type AddressClaims, claimedIn, claimsByAddress, staysOn } from './vpcs.ts';

interface PlanInput extends PlannedNode, Allowed {}

/** What the decision is made from; everything is as it was read: ENIs and ledgers before pods. */
export interface PlannedNode extends PlaceInput {
  readonly node: string;
  readonly limits?: InstanceLimits;
}

/** What may be done. */
export interface Allowed {
  /** Whether an address was made ours by the configuration: nobody need have claimed it. */
  readonly isOurs?: (address: Address) => boolean;
  /** Claimed by nobody, and not released for now: the brake is on. */
  readonly withheld?: ReadonlySet<Address>;
  /** False: nothing is unassigned from any ENI (release policy `upsert-only`). */
  readonly unassigns: boolean;
}

/**
 * Decides what to do about each address of one node: docs/design.md, "What plan decides", is the table of
 * this function. Pure.
 *
 * An address that any live pod claims is never released, also if the claim is no valid one.
 */
export function plan(node: PlannedNode, allowed: Allowed): Decision {
  const placed = placedOf(node);
  const input = { ...node, ...allowed };
  const isProblemOfPod = (problem: (typeof placed.problems)[number]): problem is PodProblem =>
    !('address' in problem);
  const refused = placed.problems.flatMap((problem): Refuse[] =>
    isProblemOfPod(problem)
      ? []
      : [{ want: 'refuse', address: problem.address, pod: problem.pod, problem }],
  );
  const verdicts = [...refused, ...decideClaimed(input, placed), ...decideUnclaimed(input, placed)];
  return {
    verdicts: limitToRoom(verdicts, {
      ...input,
      enis: input.enis.filter(({ managed }) => managed),
    }),
    podProblems: placed.problems.filter(isProblemOfPod),
    ignored: placed.ignored,
  };
}

function decideClaimed(input: PlanInput, { claims, misfits }: PlacedClaims): Verdict[] {
  return claimsByAddress(claims, input.enis).flatMap((claimed) =>
    decideAddress(input, claimed, misfits.get(claimed.address)),
  );
}

/** @param misfits the namespaces of pods that claim it for an ENI which cannot be theirs. */
function decideAddress(
  input: PlanInput,
  { address, claimants, vpcId }: AddressClaims,
  misfits: Iterable<string> = [],
): Verdict[] {
  const enis = input.enis.filter((eni) => eni.vpcId === vpcId);
  const where = whereaboutsOf(input.ledgers, enis, { address, claimants });
  const namespaces = new Set([...claimants.map(({ pod }) => pod.namespace), ...misfits]);
  const unrecorded = unrecordedOf(input, where.having, address, namespaces);
  if (unrecorded !== undefined) {
    return claimants.filter(isToldOf).map((claim) => refuse(claim, unrecorded));
  }
  const speaker = speakerOf(claimants, where);
  if (speaker === undefined) return [];
  const others = claimants.filter((claim) => claim !== speaker);
  // A pod without a valid ENI has been told so; a terminating one is told nothing.
  const rivals = others.filter((claim) => isToldOf(claim) && claim.eniId !== undefined);
  // To whom another node's holder may pass it on: what is taken over is written down first (rule L15).
  const takers = rivals.filter(({ eniId }) => eniId && isUsable(input.ledgers, eniId));
  const verdicts = decideFor(input, speaker, takers, where.having);
  const placed = verdicts.find((verdict) => 'eniId' in verdict);
  // If an old read shows it nowhere, a terminating speaker has it on the ENI that the ledger says.
  const at = placed?.eniId ?? speaker.recordedOn[0] ?? speaker.eniId;
  if (at === undefined) return verdicts;
  const conflict = conflictWith(speaker, at);
  return [...verdicts, ...rivals.map((claim) => refuse(claim, conflict))];
}

function isToldOf({ terminating }: PlacedClaim): boolean {
  return !terminating;
}

/**
 * Nobody can say who of several namespaces may have what an ENI has and no ledger names: it stays as it is
 * (docs/design.md, rule L11).
 */
function unrecordedOf(
  { ledgers }: PlanInput,
  having: readonly Eni[],
  address: Address,
  namespaces: ReadonlySet<string>,
): AddressProblem | undefined {
  const there = having.find((eni) => eni.managed);
  if (there === undefined || !there.secondary.includes(address)) return undefined;
  if (having.some(({ id }) => entryOf(ledgers, id, address) !== undefined)) return undefined;
  return namespaces.size > 1 ? { kind: 'unrecorded', eniId: there.id } : undefined;
}

/** @param having the ENIs of the node that have the address. */
function decideFor(
  input: PlanInput,
  speaker: PlacedClaim,
  rivals: readonly PlacedClaim[],
  having: readonly Eni[],
): Verdict[] {
  const { address, eniId, terminating } = speaker;
  const itsEni = having.find((eni) => eni.id === eniId);
  if (itsEni) return [keepOn(input, speaker, itsEni)];
  const recorded = staysOn(speaker, having);
  if (recorded) {
    const held: Hold = { want: 'hold', address, eniId: recorded.id, claim: speaker };
    // If its claim fits another ENI, nobody else tells the pod why the address is not there.
    const isAstray = eniId !== undefined && !terminating;
    const problem = elsewhere(speaker, recorded.id, 'not-our-eni').problem;
    return [isAstray ? { ...held, problem } : held];
  }
  if (eniId === undefined || terminating) return [];
  const from = having.find((eni) => eni.managed && eni.secondary.includes(address));
  if (from) return [moveFrom(input, { speaker, eniId, rivals }, from)];
  return [{ want: 'assign', address, eniId, claim: speaker, rivals, needsRoom: false }];
}

function keepOn({ ledgers }: PlanInput, claim: PlacedClaim, { id, secondary }: Eni): Keep {
  const { address, terminating } = claim;
  const withinPrefix = !secondary.includes(address);
  const state = entryOf(ledgers, id, address)?.state ?? 'assigned';
  const again = !withinPrefix && !terminating && state !== 'assigned';
  return { want: 'keep', address, eniId: id, claim, withinPrefix, again };
}

interface Mover {
  readonly speaker: PlacedClaim;
  readonly eniId: string;
  readonly rivals: readonly PlacedClaim[];
}

/** What no ledger names on the other ENI may be somebody else's: it is not taken from there. */
function moveFrom(
  { ledgers, unassigns }: PlanInput,
  { speaker, eniId, rivals }: Mover,
  { id: from }: Eni,
): Move | Refuse {
  const { address } = speaker;
  if (!isUsable(ledgers, from) || !isUsable(ledgers, eniId)) {
    return elsewhere(speaker, from, 'no-ledger');
  }
  if (entryOf(ledgers, from, address) === undefined) {
    return elsewhere(speaker, from, 'not-recorded');
  }
  if (!unassigns) return elsewhere(speaker, from, 'policy');
  return { want: 'move', address, eniId, claim: speaker, rivals, needsRoom: false, from };
}

function elsewhere(claim: PlacedClaim, eniId: string, why: HeldElsewhere): Refuse {
  return refuse(claim, { kind: 'held-elsewhere', eniId, why });
}

function refuse({ address, pod }: PlacedClaim, problem: AddressProblem): Refuse {
  return { want: 'refuse', address, pod, problem: { pod, address, ...problem } };
}

/** An address that nobody claims is released if it is ours, and otherwise reported: rules L1 and L8. */
function decideUnclaimed(input: PlanInput, placed: PlacedClaims): Verdict[] {
  const { isOurs, ledgers, ranges, unassigns, withheld } = input;
  const isClaimed = claimedIn(placed, input.enis);
  return input.enis
    .filter((eni) => eni.managed && isUsable(ledgers, eni.id))
    .flatMap((eni) => {
      const workers = perhapsTheWorkersOwn(eni);
      return eni.secondary
        .filter((address) => !isClaimed(address, eni) && withheld?.has(address) !== true)
        .toSorted(compareAddresses)
        .flatMap((address): Verdict[] => {
          const at = { address, eniId: eni.id };
          const entry = entryOf(ledgers, eni.id, address);
          const configured = isOurs?.(address) === true && address !== workers;
          const ours = entry !== undefined || configured;
          if (!ours || !ranges.allows(address)) return [{ want: 'foreign', ...at }];
          const pod = entry?.pod === undefined ? {} : { pod: entry.pod };
          return unassigns ? [{ want: 'release', ...at, ...pod }] : [];
        });
    });
}
