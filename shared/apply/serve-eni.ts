import { type Address, familyOf } from '../address.ts';
import type { Assignment } from '../plan/decision.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from './all-ended.ts';
import { assignToEni } from './assign.ts';
import { type Journal, keyOf, recordAssigned, recordProblem } from './journal.ts';
import { problemFor } from './refused.ts';
import { type LetGoElsewhere, mayBeElsewhere, takeOver } from './take-over.ts';

/** The assignments of one ENI, in the order in which they are served. */
export interface Queue {
  /** On the ENI already, as far as the read shows; assigned again for safety. */
  readonly kept: readonly Assignment[];
  readonly wanted: readonly Assignment[];
  /** They get the room of what is refused. */
  readonly waiting: readonly Assignment[];
}

/** What an ENI's queue is served with. */
export interface Serving {
  readonly access: ClusterAccess;
  readonly state: NodeState;
  readonly journal: Journal;
  readonly inConflict: (assignment: Assignment) => boolean;
  readonly letGo?: LetGoElsewhere;
  readonly signal?: AbortSignal;
}

/**
 * Serves an ENI's queue; the room of what is refused goes to those that wait for it. What became
 * of each is in the journal.
 *
 * @throws what `takeOver` throws, and what EC2 throws.
 */
export async function serve(serving: Serving, queue: Queue): Promise<void> {
  let { kept, wanted, waiting } = queue;
  while (kept.length + wanted.length > 0) {
    await assign(serving, kept, wanted);
    const next = nextOf(serving.journal, wanted, waiting);
    waiting = waiting.filter((assignment) => !next.includes(assignment));
    wanted = next;
    kept = [];
  }
}

/** Those whose turn it is once `served` were refused; none where the ENI turned out to be full. */
function nextOf(
  { problems }: Journal,
  served: readonly Assignment[],
  waiting: readonly Assignment[],
): Assignment[] {
  return ([4, 6] as const).flatMap((family) => {
    const refused = served
      .filter(inFamily(family))
      .map(({ claim, address }) => problems.get(keyOf(claim.pod, address))?.kind)
      .filter((kind) => kind !== undefined);
    return refused.includes('eni-full')
      ? []
      : waiting.filter(inFamily(family)).slice(0, refused.length);
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
  const { access, state, journal, letGo, signal } = serving;
  const contested = wanted.filter(serving.inConflict);
  const tried = [...kept, ...wanted.filter((assignment) => !contested.includes(assignment))];
  const safe = new Set(kept.map(({ address }) => address));
  const elsewhere: Assignment[] = [];
  const sent: Promise<void>[] = [];
  for (const family of [4, 6] as const) {
    const part = tried.filter(inFamily(family));
    const assigning = assignPart(serving, safe, part).then((refused) => {
      elsewhere.push(...refused);
    });
    sent.push(assigning);
    // One family that fails does not keep the other from being served.
    await assigning.catch(() => undefined);
  }
  await allEnded(sent);
  const wantedElsewhere = [...contested, ...elsewhere];
  await takeOver(access, state, wantedElsewhere, { journal, letGo, signal, kept: safe });
}

/** @returns what may be on another ENI. */
async function assignPart(
  { access, journal, signal }: Serving,
  kept: ReadonlySet<Address>,
  tried: readonly Assignment[],
): Promise<Assignment[]> {
  const [first] = tried;
  if (first === undefined) return [];
  const addresses = tried.map(({ address }) => address);
  const { refused } = await assignToEni(access.ec2.client, first.eniId, addresses, signal, kept);
  const elsewhere: Assignment[] = [];
  for (const assignment of tried) {
    const refusal = refused.find(({ address }) => address === assignment.address)?.refusal;
    if (refusal === undefined) recordAssigned(journal, assignment);
    else if (mayBeElsewhere(refusal.kind)) elsewhere.push(assignment);
    else recordProblem(journal, problemFor(assignment, refusal));
  }
  return elsewhere;
}
