import type { Address } from '../address.ts';
import { mayBeElsewhere, type Refusal } from '../enis/ec2-errors.ts';
import type { Eni } from '../enis/eni.ts';
import { CodedError } from '../errors.ts';
import { decidePassing, type Passing } from '../plan/conflict.ts';
import type { Assignment } from '../plan/decision.ts';
import type { ClaimProblem } from '../plan/problem.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { sleep } from '../time/clock.ts';
import type { CallOutcome } from './all-or-nothing.ts';
import type { EniCalls } from './eni-calls.ts';
import { type HolderView, readHolders } from './holder.ts';
import { type Journal, recordAssigned, recordProblem } from './journal.ts';
import { problemFor } from './refused.ts';
import { assertStillClaimed } from './still-claimed.ts';
import { toldOf } from './told-of.ts';

/** A take-over that others keep changing under our hands: the reconcile is tried again. */
export class UnsettledError extends CodedError {
  override readonly name = 'UnsettledError';
  readonly errorCode = 'unsettled';
}

/** The addresses that pods let go of, as messages say it, by the name of their node. */
export type LetGoElsewhere = ReadonlyMap<string, ReadonlySet<Address>>;

export interface TakeOverOptions {
  /**
   * Gets what became of each address, also when this throws. It gets too from which nodes' ENIs an
   * unassign was sent: each of these nodes is to be told with a `moved` message.
   */
  readonly journal: Journal;
  readonly calls: EniCalls;
  /** These may be taken from those nodes' ENIs also where they lie outside of the ranges. */
  readonly letGo?: LetGoElsewhere;
  readonly signal?: AbortSignal;
  /** The ENIs that have what is wanted, where they were looked up a moment ago. */
  readonly shown?: readonly Eni[];
  /** Addresses that are not worth a call each, where no other ENI has them: see `Parts`. */
  readonly together?: ReadonlySet<Address>;
}

const ROUNDS = 5;
const FIRST_PAUSE_MS = 50;

/**
 * Gets addresses that EC2 has on other ENIs, where the rule gives them to us: looks up the
 * holder ENI, lists the pods of its node, unassigns from exactly that ENI, assigns on ours, which
 * is that of a rival where the rule gives the address to that one.
 * A refusal of either call starts again at the look-up (docs/design.md, "Take-over").
 *
 * @param wanted assignments of one ENI, which EC2 refused as being elsewhere, or whose pod
 *   is known to be in conflict.
 * @throws UnsettledError after some rounds, StalePodsError where the claims changed meanwhile, and
 *   what EC2 or the API server throw.
 */
export async function takeOver(
  access: ClusterAccess,
  state: NodeState,
  wanted: readonly Assignment[],
  options: TakeOverOptions,
): Promise<void> {
  const { journal, letGo, signal, together } = options;
  const taken = new Map<Assignment, string>();
  const refused = new Set(together);
  let pending = [...wanted];
  let stuck: ReadonlyMap<Assignment, ClaimProblem> = new Map();
  for (let round = 0; pending.length > 0; round += 1) {
    if (round === ROUNDS) {
      if (!pending.every((each) => stuck.has(each))) throw unsettled(access, state, pending);
      for (const problem of stuck.values()) recordProblem(journal, problem);
      return;
    }
    if (round > 0) await sleep(access.clock, FIRST_PAUSE_MS * 2 ** (round - 1), signal);
    const shown = round === 0 ? options.shown : undefined;
    const examined = await examine(access, state, pending, { letGo, signal, shown });
    for (const problem of examined.refused) recordProblem(journal, problem);
    stuck = await unassign(access, examined.take, options);
    for (const { assignment, holder } of examined.take) taken.set(assignment, holder.eni.id);
    const tried = [...examined.free, ...examined.take.map((entry) => entry.assignment)];
    const apart = examined.free.filter(({ address }) => refused.has(address));
    const outcome = await assignAll(options, tried, apart);
    for (const { address, refusal } of outcome.refused) {
      if (refusal.kind === 'unexplained') refused.add(address);
    }
    pending = settle(tried, outcome, { journal, taken, nowhere: examined.nowhere, round });
  }
}

interface Taking {
  readonly assignment: Assignment;
  readonly holder: HolderView;
}

interface Examined {
  readonly take: readonly Taking[];
  /** On no other ENI as far as EC2 shows, or on ours by now. */
  readonly free: readonly Assignment[];
  readonly nowhere: ReadonlySet<Address>;
  /** Who does not get it. */
  readonly refused: readonly ClaimProblem[];
}

async function examine(
  access: ClusterAccess,
  state: NodeState,
  pending: readonly Assignment[],
  { letGo, signal, shown }: Pick<TakeOverOptions, 'letGo' | 'signal' | 'shown'>,
): Promise<Examined> {
  const own = state.enis.find((eni) => eni.id === pending[0]?.eniId);
  if (own === undefined) return { take: [], free: pending, nowhere: new Set(), refused: [] };
  const addresses = pending.map((assignment) => assignment.address);
  const holders = shown ?? (await access.ec2.inventory.withAddresses(own.vpcId, addresses, signal));
  const others = [...new Map(holders.map((eni) => [eni.id, eni])).values()].filter(
    (eni) => eni.id !== own.id,
  );
  const views = others.length > 0 ? await readViews(access, state, pending, others, signal) : [];

  const take: Taking[] = [];
  const free: Assignment[] = [];
  const refused: ClaimProblem[] = [];
  for (const assignment of pending) {
    const holder = views.find((view) => has(view.eni, assignment.address));
    if (holder === undefined) {
      free.push(assignment);
      continue;
    }
    const passing = decide(access, state, assignment, holder, letGo);
    if (passing.taker) take.push({ assignment: passing.taker, holder });
    refused.push(...passing.problems);
  }
  return { take, free, refused, nowhere: new Set(free.map(({ address }) => address)) };
}

/** Whether the ENI has the address in any way but within a prefix. */
export function has(eni: Eni, address: Address): boolean {
  return eni.secondary.includes(address) || eni.primary.includes(address);
}

/** One view per ENI that holds anything wanted, our own excepted; each holder node is read once. */
async function readViews(
  access: ClusterAccess,
  state: NodeState,
  pending: readonly Assignment[],
  holders: readonly Eni[],
  signal?: AbortSignal,
): Promise<HolderView[]> {
  const addresses = pending.map(({ address }) => address);
  const views = await readHolders(access, holders, addresses, signal);
  const claimedAt = access.clock.now();
  await assertStillClaimed(access, state, pending, signal);
  return views.map((view) => ({ ...view, listedAt: Math.min(view.listedAt, claimedAt) }));
}

function decide(
  access: ClusterAccess,
  state: NodeState,
  assignment: Assignment,
  holder: HolderView,
  letGo?: LetGoElsewhere,
): Passing {
  const { address } = assignment;
  const contested = {
    cluster: access.cluster,
    address,
    eni: holder.eni,
    holderNode: holder.node,
    stranded: holder.stranded,
    letGoThere: letGo?.get(holder.node?.node ?? '')?.has(address),
    ranges: state.ranges,
    unassigns: access.policy.unassigns,
  };
  return decidePassing(contested, assignment);
}

/**
 * One call per holder ENI. An address that EC2 calls "not assigned" is no problem: should another
 * ENI have it, the assign is refused, and it is looked up again.
 *
 * @returns a problem for each address that EC2 refuses to unassign for another reason.
 */
async function unassign(
  access: ClusterAccess,
  take: readonly Taking[],
  { calls, journal }: TakeOverOptions,
): Promise<Map<Assignment, ClaimProblem>> {
  const stuck = new Map<Assignment, ClaimProblem>();
  for (const [eniId, takings] of Map.groupBy(take, ({ holder }) => holder.eni.id)) {
    const [first] = takings;
    if (first === undefined) continue;
    const { eni, node, listedAt } = first.holder;
    // Before the call: its answer may be lost and its effect not.
    if (node) journal.unassignedFrom.add(node.node);
    const addresses = takings.map(({ assignment }) => assignment.address);
    const basis = { instanceId: node ? node.instanceId : eni.instanceId, listedAt };
    const { done, refused } = await calls.release(eni, addresses, basis);
    const subject = { cluster: access.cluster, node: node?.node, eniId };
    if (done.length > 0) {
      access.telemetry.info('took over addresses', subject, { addresses: done });
    }
    for (const { assignment } of takings) {
      const { address } = assignment;
      const loser = node && toldOf(node.podObjects.values(), { address, eniId });
      if (loser) journal.lostBy.set(address, loser);
      const refusal = refused.find((entry) => entry.address === address)?.refusal;
      if (refusal === undefined || refusal.kind === 'not-assigned') continue;
      stuck.set(assignment, problemFor({ ...assignment, eniId }, refusal));
    }
  }
  return stuck;
}

async function assignAll(
  { calls }: TakeOverOptions,
  tried: readonly Assignment[],
  apart: readonly Assignment[],
): Promise<CallOutcome> {
  const together = new Set(apart.map(({ address }) => address));
  const outcomes: CallOutcome[] = [];
  for (const [eniId, onEni] of Map.groupBy(tried, (assignment) => assignment.eniId)) {
    const addresses = onEni.map(({ address }) => address);
    outcomes.push(await calls.assign(eniId, addresses, { together }));
  }
  return {
    done: outcomes.flatMap(({ done }) => done),
    refused: outcomes.flatMap(({ refused }) => refused),
  };
}

interface Settled {
  readonly journal: Journal;
  /** Those that were unassigned from another ENI. */
  readonly taken: ReadonlyMap<Assignment, string>;
  readonly nowhere: ReadonlySet<Address>;
  readonly round: number;
}

/** Writes EC2's answers into the journal. @returns what another ENI has again, to be looked up again. */
function settle(tried: readonly Assignment[], outcome: CallOutcome, into: Settled): Assignment[] {
  const again: Assignment[] = [];
  for (const assignment of tried) {
    const { address } = assignment;
    const refusal = outcome.refused.find((entry) => entry.address === address)?.refusal;
    if (refusal === undefined) {
      recordAssigned(into.journal, assignment);
      const from = into.taken.get(assignment);
      if (from !== undefined) into.journal.takenFrom.set(address, from);
    } else if (isWorthLooking(refusal, assignment, into)) again.push(assignment);
    else recordProblem(into.journal, problemFor(assignment, refusal));
  }
  return again;
}

/**
 * Whether to look up again an address that EC2 refused to assign. Where EC2 shows it on no ENI, that
 * may be an old view, which passes in a moment: it is looked up again whenever EC2 says that it is
 * elsewhere, and once where the answer may mean that.
 */
function isWorthLooking({ kind }: Refusal, { address }: Assignment, into: Settled): boolean {
  if (!into.nowhere.has(address)) return mayBeElsewhere({ kind });
  return kind === 'elsewhere' ? into.round < ROUNDS - 1 : kind === 'unexplained' && into.round < 1;
}

function unsettled(
  access: ClusterAccess,
  state: NodeState,
  pending: readonly Assignment[],
): UnsettledError {
  const addresses = pending.map(({ address, eniId }) => `${address} (${eniId})`).join(', ');
  return new UnsettledError(
    `cluster ${access.cluster}, node ${state.node}: ${addresses} kept moving between ENIs; tried again later`,
  );
}
