import { type Address, familyOf } from '../address.ts';
import { mayBeElsewhere } from '../enis/ec2-errors.ts';
import type { Eni } from '../enis/eni.ts';
import type { Assign, Keep, Move, Wait } from '../plan/verdict.ts';
import { eachInTurn } from '../time/all-ended.ts';
import { type Acting, record, refusedOf, tookOf } from './acting.ts';
import type { Answers, Wanted } from './answers.ts';
import { refusedAs } from './refused.ts';
import { has, takeOver } from './take-over.ts';

/** The assignments of one ENI, in the order in which they are served. */
export interface EniWork {
  /** On the ENI already, as far as the read shows; assigned again, as the ledger does not say that EC2 took them. */
  readonly again: readonly Keep[];
  readonly wanted: readonly (Assign | Move)[];
  /** There was no room for these: they are tried if others are refused. */
  readonly waiting: readonly Wait[];
}

/**
 * How often waiting addresses are tried in the place of refused ones. A pod may claim hundreds of
 * addresses that others have, and each turn takes time.
 */
const MOST_TURNS = 5;

/**
 * Serves what waits for an ENI. If addresses are refused, waiting ones are tried in their place, first
 * those of pods of which nothing was refused.
 *
 * @throws what `takeOver` throws, and what EC2 throws.
 */
export async function serve(acting: Acting, work: EniWork): Promise<void> {
  let again = work.again;
  let wanted: readonly (Assign | Move | Wait)[] = work.wanted;
  let waiting = work.waiting;
  for (let turn = 1; turn <= MOST_TURNS && again.length + wanted.length > 0; turn += 1) {
    await assign(acting, again, wanted);
    const next = nextOf(acting.answers, wanted, waiting);
    waiting = waiting.filter((assignment) => !next.includes(assignment));
    wanted = next;
    again = [];
  }
}

/** What is tried next, after some of `served` were refused; nothing if the ENI turned out to be full. */
function nextOf({ claims }: Answers, served: readonly Wanted[], waiting: readonly Wait[]): Wait[] {
  const refusedPods = new Set(
    [...claims].flatMap(([{ pod }, { problem }]) => (problem === undefined ? [] : [pod.uid])),
  );
  const isRefused = ({ claim }: Wanted): boolean => refusedPods.has(claim.pod.uid);
  const inTurn = [...waiting.filter((each) => !isRefused(each)), ...waiting.filter(isRefused)];
  return ([4, 6] as const).flatMap((family) => {
    const refused = served
      .filter(inFamily(family))
      .map(({ claim }) => claims.get(claim)?.problem?.kind)
      .filter((kind) => kind !== undefined);
    return refused.includes('eni-full')
      ? []
      : inTurn.filter(inFamily(family)).slice(0, refused.length);
  });
}

function inFamily(family: 4 | 6): (assignment: Wanted) => boolean {
  return ({ address }) => familyOf(address) === family;
}

async function assign(
  acting: Acting,
  again: readonly Keep[],
  wanted: readonly (Assign | Move | Wait)[],
): Promise<void> {
  const shown = await othersNow(acting, wanted);
  const contested = wanted.filter(({ address }) => shown.some((eni) => has(eni, address)));
  const tried = [...again, ...wanted.filter((assignment) => !contested.includes(assignment))];
  await record(acting, tried);
  const together = new Set(again.map(({ address }) => address));
  const elsewhere: Wanted[] = [];
  // One family that fails does not keep the other from being served.
  await eachInTurn([4, 6] as const, async (family) => {
    const part = tried.filter(inFamily(family));
    elsewhere.push(...(await assignPart(acting, together, part)));
  });
  await takeOver(acting, [...contested, ...elsewhere], {
    recorded: new Set(elsewhere.map(({ claim }) => claim)),
    together,
    ...(elsewhere.length === 0 ? { shown } : {}),
  });
}

/**
 * The other ENIs that have any of the assignments' addresses. If one of the assignments is to be looked
 * up first, all of them are, by one call; otherwise none is.
 */
async function othersNow(acting: Acting, assignments: readonly Wanted[]): Promise<Eni[]> {
  const first = assignments.find(acting.lookFirst);
  if (first === undefined) return [];
  const addresses = assignments.map(({ address }) => address);
  return otherEnisWith(acting, first.eniId, addresses);
}

/**
 * @param together gets those that EC2 refused one by one without saying why.
 * @returns what may be on another ENI.
 */
async function assignPart(
  acting: Acting,
  together: Set<Address>,
  tried: readonly Wanted[],
): Promise<Wanted[]> {
  const { calls } = acting;
  const [first] = tried;
  if (first === undefined) return [];
  const addresses = tried.map(({ address }) => address);
  let found: readonly Address[] | undefined;
  const among = async (part: readonly Address[]): Promise<readonly Address[]> => {
    // Once is enough: another read would say the same of the addresses that are left.
    if (found !== undefined) return [];
    found = await onOtherEnis(acting, first.eniId, part);
    return found;
  };
  const culprits = { of: ['unexplained'], among } as const;
  const parts = { together: new Set(together), culprits };
  const { refused } = await calls.assign(first.eniId, addresses, parts);
  const refusals = new Map(refused.map(({ address, refusal }) => [address, refusal]));
  const elsewhere: Wanted[] = [];
  for (const assignment of tried) {
    const { address } = assignment;
    const refusal = refusals.get(address);
    if (refusal === undefined) tookOf(acting, assignment);
    else if (mayBeElsewhere(refusal)) elsewhere.push(assignment);
    else refusedOf(acting, assignment, refusedAs(assignment, refusal));
    if (refusal?.kind === 'unexplained' && !found?.includes(address)) together.add(address);
  }
  return elsewhere;
}

/** Where EC2 does not name what it refuses: addresses that another ENI has need not be tried one by one. */
async function onOtherEnis(
  acting: Acting,
  eniId: string,
  addresses: readonly Address[],
): Promise<Address[]> {
  const others = await otherEnisWith(acting, eniId, addresses);
  return addresses.filter((address) => others.some((eni) => has(eni, address)));
}

async function otherEnisWith(
  { access, state, signal }: Acting,
  eniId: string,
  addresses: readonly Address[],
): Promise<Eni[]> {
  const own = state.enis.find(({ id }) => id === eniId);
  if (own === undefined) return [];
  const enis = await access.ec2.inventory.withAddresses(own.vpcId, addresses, signal);
  return enis.filter(({ id }) => id !== eniId);
}
