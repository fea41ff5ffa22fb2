import { type Address, familyOf } from '../address.ts';
import { mayBeElsewhere } from '../enis/ec2-errors.ts';
import type { Eni } from '../enis/eni.ts';
import type { Assignment } from '../plan/decision.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from '../time/all-ended.ts';
import type { EniCalls } from './eni-calls.ts';
import { claimKey, type Journal, recordAssigned, recordProblem } from './journal.ts';
import { problemFor } from './refused.ts';
import { has, type LetGoElsewhere, takeOver } from './take-over.ts';

/** The assignments of one ENI, in the order in which they are served. */
export interface EniWork {
  /** On the ENI already, as far as the read shows; assigned again for safety. */
  readonly kept: readonly Assignment[];
  readonly wanted: readonly Assignment[];
  /** There was no room for these: they are tried where others are refused. */
  readonly waiting: readonly Assignment[];
}

/** What the work of an ENI is done with. */
export interface Serving {
  readonly access: ClusterAccess;
  readonly state: NodeState;
  readonly journal: Journal;
  readonly calls: EniCalls;
  readonly lookFirst: (assignment: Assignment) => boolean;
  readonly letGo?: LetGoElsewhere;
  readonly signal?: AbortSignal;
}

/**
 * So often at most, waiting addresses are tried in the place of refused ones. A pod may claim
 * hundreds of addresses that others have, and each turn takes time.
 */
const MOST_TURNS = 5;

/**
 * Serves what waits for an ENI. Where addresses are refused, waiting ones are tried in their place, first
 * those of pods of which nothing was refused. The journal gets what became of each.
 *
 * @throws what `takeOver` throws, and what EC2 throws.
 */
export async function serve(serving: Serving, work: EniWork): Promise<void> {
  let { kept, wanted, waiting } = work;
  for (let turn = 1; turn <= MOST_TURNS && kept.length + wanted.length > 0; turn += 1) {
    await assign(serving, kept, wanted);
    const next = nextOf(serving.journal, wanted, waiting);
    waiting = waiting.filter((assignment) => !next.includes(assignment));
    wanted = next;
    kept = [];
  }
}

/** What is tried next, after some of `served` were refused; nothing where the ENI turned out to be full. */
function nextOf(
  { problems }: Journal,
  served: readonly Assignment[],
  waiting: readonly Assignment[],
): Assignment[] {
  const refusedPods = new Set([...problems.values()].map(({ pod }) => pod.uid));
  const isRefused = ({ claim }: Assignment): boolean => refusedPods.has(claim.pod.uid);
  const inTurn = [...waiting.filter((each) => !isRefused(each)), ...waiting.filter(isRefused)];
  return ([4, 6] as const).flatMap((family) => {
    const refused = served
      .filter(inFamily(family))
      .map(({ claim, address }) => problems.get(claimKey(claim.pod, address))?.kind)
      .filter((kind) => kind !== undefined);
    return refused.includes('eni-full')
      ? []
      : inTurn.filter(inFamily(family)).slice(0, refused.length);
  });
}

function inFamily(family: 4 | 6): (assignment: Assignment) => boolean {
  return ({ address }) => familyOf(address) === family;
}

async function assign(
  serving: Serving,
  kept: readonly Assignment[],
  wanted: readonly Assignment[],
): Promise<void> {
  const { access, state, journal, calls, letGo, signal } = serving;
  const shown = await othersNow(serving, wanted);
  const contested = wanted.filter(({ address }) => shown.some((eni) => has(eni, address)));
  const tried = [...kept, ...wanted.filter((assignment) => !contested.includes(assignment))];
  const together = new Set(kept.map(({ address }) => address));
  const elsewhere: Assignment[] = [];
  const sent: Promise<void>[] = [];
  for (const family of [4, 6] as const) {
    const part = tried.filter(inFamily(family));
    const assigning = assignPart(serving, together, part).then((refused) => {
      elsewhere.push(...refused);
    });
    sent.push(assigning);
    // One family that fails does not keep the other from being served.
    await assigning.catch(() => undefined);
  }
  await allEnded(sent);
  await takeOver(access, state, [...contested, ...elsewhere], {
    journal,
    calls,
    letGo,
    signal,
    together,
    ...(elsewhere.length === 0 ? { shown } : {}),
  });
}

/**
 * The other ENIs that have any of the assignments' addresses. If one of the assignments is to be
 * looked up first, all of them are, by one call; else none is.
 */
async function othersNow(serving: Serving, assignments: readonly Assignment[]): Promise<Eni[]> {
  const first = assignments.find(serving.lookFirst);
  if (first === undefined) return [];
  const addresses = assignments.map(({ address }) => address);
  return otherEnisWith(serving, first.eniId, addresses);
}

/**
 * @param together gets those that EC2 refused one by one without saying why.
 * @returns what may be on another ENI.
 */
async function assignPart(
  serving: Serving,
  together: Set<Address>,
  tried: readonly Assignment[],
): Promise<Assignment[]> {
  const { calls, journal } = serving;
  const [first] = tried;
  if (first === undefined) return [];
  const addresses = tried.map(({ address }) => address);
  let found: readonly Address[] | undefined;
  const among = async (part: readonly Address[]): Promise<readonly Address[]> => {
    // Once is enough: another read would say the same of the addresses that are left.
    if (found !== undefined) return [];
    found = await onOtherEnis(serving, first.eniId, part);
    return found;
  };
  const culprits = { of: ['unexplained'], among } as const;
  const parts = { together: new Set(together), culprits };
  const { refused } = await calls.assign(first.eniId, addresses, parts);
  const refusals = new Map(refused.map(({ address, refusal }) => [address, refusal]));
  const elsewhere: Assignment[] = [];
  for (const assignment of tried) {
    const { address } = assignment;
    const refusal = refusals.get(address);
    if (refusal === undefined) recordAssigned(journal, assignment);
    else if (mayBeElsewhere(refusal)) elsewhere.push(assignment);
    else recordProblem(journal, problemFor(assignment, refusal));
    if (refusal?.kind === 'unexplained' && !found?.includes(address)) together.add(address);
  }
  return elsewhere;
}

/** Where EC2 does not name what it refuses: addresses that another ENI has need not be tried one by one. */
async function onOtherEnis(
  serving: Serving,
  eniId: string,
  addresses: readonly Address[],
): Promise<Address[]> {
  const others = await otherEnisWith(serving, eniId, addresses);
  return addresses.filter((address) => others.some((eni) => has(eni, address)));
}

async function otherEnisWith(
  { access, state, signal }: Serving,
  eniId: string,
  addresses: readonly Address[],
): Promise<Eni[]> {
  const own = state.enis.find(({ id }) => id === eniId);
  if (own === undefined) return [];
  const enis = await access.ec2.inventory.withAddresses(own.vpcId, addresses, signal);
  return enis.filter(({ id }) => id !== eniId);
}
