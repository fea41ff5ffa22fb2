import type { Address } from '../address.ts';
import { mayBeElsewhere, type Refusal } from '../enis/ec2-errors.ts';
import type { Eni } from '../enis/eni.ts';
import { CodedError } from '../errors.ts';
import { type Contested, decidePassing } from '../plan/conflict.ts';
import { entryOf, isUsable } from '../plan/ledger.ts';
import type { PlacedClaim } from '../plan/place-claims.ts';
import type { AddressProblem } from '../plan/problem.ts';
import type { Answer } from '../plan/verdict.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { sleep } from '../time/clock.ts';
import { type Acting, record, refusedOf, tookOf } from './acting.ts';
import type { CallOutcome } from './all-or-nothing.ts';
import type { Wanted } from './answers.ts';
import { type HolderView, readHolders } from './holder.ts';
import { refusedAs } from './refused.ts';
import { assertStillClaimed } from './still-claimed.ts';

/** A take-over that others keep changing under our hands: the reconcile is tried again. */
export class UnsettledError extends CodedError {
  override readonly name = 'UnsettledError';
  readonly errorCode = 'unsettled';
}

export interface TakeOverOptions {
  /** Of which claims the ledger has it that EC2 is asked for them. */
  readonly recorded: ReadonlySet<PlacedClaim>;
  /** The ENIs that have the wanted addresses, if they were looked up a moment ago. */
  readonly shown?: readonly Eni[];
  /** Addresses that are not worth a call each if no other ENI has them: see `Parts`. */
  readonly together?: ReadonlySet<Address>;
}

const ROUNDS = 5;
const FIRST_PAUSE_MS = 50;

/**
 * Takes over addresses that the rule gives to us: looks up the holder ENI, reads its ledger, lists the
 * pods of its node and unassigns from exactly that ENI. Then it assigns on our ENI, or on a rival's if
 * the rule prefers the rival. A refusal of either call starts again at the look-up (docs/design.md,
 * "Take-over").
 *
 * @param wanted assignments of one ENI, which EC2 refused as being elsewhere, or whose pod
 *   is known to be in conflict.
 * @throws UnsettledError after some rounds, StalePodsError if the claims changed meanwhile, and what
 * EC2 or the API server throw.
 */
export async function takeOver(
  acting: Acting,
  wanted: readonly Wanted[],
  options: TakeOverOptions,
): Promise<void> {
  const { access, signal, state } = acting;
  const taken = new Map<Wanted, Answer['takenFrom']>();
  const refused = new Set(options.together);
  const recorded = new Set(options.recorded);
  let pending = [...wanted];
  let stuck: ReadonlyMap<Wanted, AddressProblem> = new Map();
  for (let round = 0; pending.length > 0; round += 1) {
    if (round === ROUNDS) {
      if (!pending.every((each) => stuck.has(each))) throw unsettled(access, state, pending);
      for (const [each, problem] of stuck) refusedOf(acting, each, problem);
      return;
    }
    if (round > 0) await sleep(access.clock, FIRST_PAUSE_MS * 2 ** (round - 1), signal);
    const shown = round === 0 ? options.shown : undefined;
    const examined = await examine(acting, pending, shown);
    for (const { problem, wanted: each } of examined.refused) refusedOf(acting, each, problem);
    const tried = [...examined.free, ...examined.take.map((entry) => entry.assignment)];
    await record(
      acting,
      tried.filter(({ claim }) => !recorded.has(claim)),
    );
    for (const { claim } of tried) recorded.add(claim);
    stuck = await unassign(acting, examined.take);
    for (const { assignment, holder } of examined.take)
      taken.set(assignment, loserOf(holder, assignment));
    const apart = examined.free.filter(({ address }) => refused.has(address));
    const outcome = await assignAll(acting, tried, apart);
    for (const { address, refusal } of outcome.refused) {
      if (refusal.kind === 'unexplained') refused.add(address);
    }
    pending = settle(acting, tried, outcome, { taken, nowhere: examined.nowhere, round });
  }
}

interface Taking {
  readonly assignment: Wanted;
  readonly holder: HolderView;
}

interface Examined {
  readonly take: readonly Taking[];
  /** On no other ENI as far as EC2 shows, or on ours by now. */
  readonly free: readonly Wanted[];
  readonly nowhere: ReadonlySet<Address>;
  /** Who does not get it. */
  readonly refused: readonly { readonly wanted: Wanted; readonly problem: AddressProblem }[];
}

async function examine(
  { access, signal, state }: Acting,
  pending: readonly Wanted[],
  shown: TakeOverOptions['shown'],
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
  const free: Wanted[] = [];
  const refused: Examined['refused'][number][] = [];
  for (const assignment of pending) {
    const { address, claim, rivals = [] } = assignment;
    const holder = views.find((view) => has(view.eni, address));
    if (holder === undefined) {
      free.push(assignment);
      continue;
    }
    const contested = contestedBy(access, address, holder, isUsable(state.ledgers, own.id));
    const passing = decidePassing(contested, claim, rivals);
    const { eniId, taker } = passing;
    if (taker && eniId !== undefined)
      take.push({ assignment: { address, eniId, claim: taker }, holder });
    for (const { claim: loser, problem } of passing.refused) {
      const at = loser.eniId ?? assignment.eniId;
      refused.push({ wanted: { address, eniId: at, claim: loser }, problem });
    }
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
  pending: readonly Wanted[],
  holders: readonly Eni[],
  signal?: AbortSignal,
): Promise<HolderView[]> {
  const addresses = pending.map(({ address }) => address);
  const views = await readHolders(access, holders, addresses, signal);
  const claimedAt = access.clock.now();
  await assertStillClaimed(access, state, pending, signal);
  return views.map((view) => ({ ...view, listedAt: Math.min(view.listedAt, claimedAt) }));
}

function contestedBy(
  { cluster, policy }: ClusterAccess,
  address: Address,
  { eni, ledgers, node, stranded }: HolderView,
  canRecord: boolean,
): Omit<Contested, 'claimant'> {
  const { unassigns } = policy;
  return { cluster, address, eni, ledgers, holderNode: node, stranded, unassigns, canRecord };
}

/** Who had the address, as the ledger says. */
function loserOf({ eni, ledgers }: HolderView, { address }: Wanted): Answer['takenFrom'] {
  const pod = entryOf(ledgers, eni.id, address)?.pod;
  return { eniId: eni.id, ...(pod === undefined ? {} : { pod }) };
}

/**
 * One call per holder ENI. An address that EC2 calls "not assigned" is no problem: should another
 * ENI have it, the assign is refused, and it is looked up again.
 *
 * @returns a problem for each address that EC2 refuses to unassign for another reason.
 */
async function unassign(
  { access, answers, calls, writer }: Acting,
  take: readonly Taking[],
): Promise<Map<Wanted, AddressProblem>> {
  const stuck = new Map<Wanted, AddressProblem>();
  for (const [eniId, takings] of Map.groupBy(take, ({ holder }) => holder.eni.id)) {
    const [first] = takings;
    if (first === undefined) continue;
    const { eni, node, listedAt } = first.holder;
    const addresses = takings.map(({ assignment }) => assignment.address);
    const basis = { instanceId: node ? node.instanceId : eni.instanceId, listedAt };
    calls.assertAttached(eni, basis.instanceId);
    // Before the call: its answer may be lost and its effect not.
    if (node) answers.unassignedFrom.add(node.node);
    for (const address of addresses) writer.takenFrom(eniId, address);
    const { done, refused } = await calls.release(eni, addresses, basis);
    const subject = { cluster: access.cluster, node: node?.node, eniId };
    if (done.length > 0) {
      access.telemetry.info('took over addresses', subject, { addresses: done });
    }
    for (const { assignment } of takings) {
      const refusal = refused.find(({ address }) => address === assignment.address)?.refusal;
      if (refusal === undefined || refusal.kind === 'not-assigned') continue;
      stuck.set(assignment, refusedAs({ eniId }, refusal));
    }
  }
  return stuck;
}

async function assignAll(
  { calls }: Acting,
  tried: readonly Wanted[],
  apart: readonly Wanted[],
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

interface Round {
  /** Those that were unassigned from another ENI. */
  readonly taken: ReadonlyMap<Wanted, Answer['takenFrom']>;
  readonly nowhere: ReadonlySet<Address>;
  readonly round: number;
}

/** Notes EC2's answers. @returns what another ENI has again, to be looked up again. */
function settle(
  acting: Acting,
  tried: readonly Wanted[],
  outcome: CallOutcome,
  round: Round,
): Wanted[] {
  const again: Wanted[] = [];
  for (const assignment of tried) {
    const { address, claim } = assignment;
    const refusal = outcome.refused.find((entry) => entry.address === address)?.refusal;
    if (refusal === undefined) {
      tookOf(acting, assignment);
      const from = round.taken.get(assignment);
      if (from !== undefined) acting.answers.takenFrom.set(claim, from);
    } else if (isWorthLooking(refusal, assignment, round)) again.push(assignment);
    else refusedOf(acting, assignment, refusedAs(assignment, refusal));
  }
  return again;
}

/**
 * Whether to look up again an address that EC2 refused to assign. If EC2 shows it on no ENI, that may
 * be an old view, which passes in a moment. So the address is looked up again whenever EC2 says that it
 * is elsewhere, and once if the answer may mean that.
 */
function isWorthLooking({ kind }: Refusal, { address }: Wanted, into: Round): boolean {
  if (!into.nowhere.has(address)) return mayBeElsewhere({ kind });
  return kind === 'elsewhere' ? into.round < ROUNDS - 1 : kind === 'unexplained' && into.round < 1;
}

function unsettled(
  access: ClusterAccess,
  state: NodeState,
  pending: readonly Wanted[],
): UnsettledError {
  const addresses = pending.map(({ address, eniId }) => `${address} (${eniId})`).join(', ');
  return new UnsettledError(
    `cluster ${access.cluster}, node ${state.node}: ${addresses} kept moving between ENIs; tried again later`,
  );
}
