import type { PlacedClaim } from '../plan/place-claims.ts';
import type { AddressProblem } from '../plan/problem.ts';
import type { Answer, Assignment, Done, Placement, Release, Verdict } from '../plan/verdict.ts';
import { type Requests, requestsOf } from './requests.ts';

/** What EC2 is asked to assign. */
export interface Wanted extends Placement {
  readonly claim: PlacedClaim;
  readonly want?: Verdict['want'];
  /** Who may get it instead. */
  readonly rivals?: readonly PlacedClaim[];
}

/** What became of one claim: the ENI that got the address, or why none did. */
type ClaimAnswer =
  | { readonly eniId: string; readonly problem?: undefined }
  | { readonly problem: AddressProblem };

/**
 * What an act has done and been answered. It is written as things happen, so that it is whole even if a
 * call fails. Then the pod of an assigned address is told, and so is the node of an address that was
 * taken over. Each claim is one object in a decision, and so is each release.
 */
export interface Answers {
  readonly claims: Map<PlacedClaim, ClaimAnswer>;
  readonly takenFrom: Map<PlacedClaim, NonNullable<Answer['takenFrom']>>;
  readonly released: Map<Release, Done>;
  readonly requests: Requests;
  /** Nodes from whose ENIs an unassign was sent for a take-over, whatever its answer. */
  readonly unassignedFrom: Set<string>;
  /** What calls failed with because of one ENI, and its id. */
  readonly eniErrors: Map<unknown, string>;
  /** What calls failed with, other than by a refusal. */
  readonly failures: unknown[];
}

export function noAnswers(requests: Requests): Answers {
  return {
    claims: new Map(),
    takenFrom: new Map(),
    released: new Map(),
    requests,
    unassignedFrom: new Set(),
    eniErrors: new Map(),
    failures: [],
  };
}

export function noteAssigned({ claims }: Answers, { claim, eniId }: Wanted): void {
  claims.set(claim, { eniId });
}

export function noteProblem(
  { claims }: Answers,
  claim: PlacedClaim,
  problem: AddressProblem,
): void {
  claims.set(claim, { problem });
}

/** Does `task`; what it throws is among the failures. @returns whether it went well. */
export async function attempt(
  { failures }: Pick<Answers, 'failures'>,
  task: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await task();
    return true;
  } catch (error) {
    failures.push(error);
    return false;
  }
}

/**
 * The verdicts with what became of them.
 *
 * @param lost is true of an address whose place nobody knows: its ENI is another node's, or that ENI's
 * ledger is not as it was read.
 */
export function answered(
  verdicts: readonly Verdict[],
  answers: Answers,
  lost: (verdict: Verdict) => boolean,
): Verdict[] {
  const rivals = new Map(
    verdicts.flatMap((verdict) =>
      'rivals' in verdict ? verdict.rivals.map((claim) => [keyOf(claim), claim] as const) : [],
    ),
  );
  return verdicts.map((verdict): Verdict => {
    switch (verdict.want) {
      case 'hold':
        return lost(verdict) ? { ...verdict, done: 'open' } : verdict;
      case 'keep':
        return lost(verdict) ? { ...verdict, done: 'open' } : ofKept(verdict, answers);
      case 'assign':
      case 'move':
        return { ...verdict, ...ofClaim(verdict.claim, answers, 'open') };
      case 'wait': {
        const answer = ofClaim(verdict.claim, answers);
        return answer.done === 'yes' || answer.problem ? { ...verdict, ...answer } : verdict;
      }
      case 'release':
        return { ...verdict, ...ofRelease(verdict, answers) };
      case 'refuse': {
        const claim = rivals.get(keyOf(verdict));
        return claim === undefined ? verdict : ofRival(verdict, claim, answers);
      }
      default:
        return verdict;
    }
  });
}

function keyOf({ address, pod }: Pick<PlacedClaim, 'address' | 'pod'>): string {
  return `${pod.uid} ${address}`;
}

/** What was assigned again for safety is no news, and what EC2 says of it no problem, unless it is elsewhere. */
function ofKept(verdict: Extract<Assignment, { want: 'keep' }>, answers: Answers): Verdict {
  if (!verdict.again) return verdict;
  const { problem, done } = ofClaim(verdict.claim, answers, 'open');
  if (problem === undefined || SAYS_NOT_WHERE.has(problem.kind)) {
    return done === 'open' ? { ...verdict, done } : verdict;
  }
  return { ...verdict, done: 'refused', problem };
}

/** A refusal of these kinds does not say that the address is elsewhere. */
export const SAYS_NOT_WHERE: ReadonlySet<AddressProblem['kind']> = new Set(['refused', 'eni-full']);

function ofClaim(claim: PlacedClaim, answers: Answers, otherwise?: 'open'): Answer {
  const answer = answers.claims.get(claim);
  if (answer === undefined) return otherwise === undefined ? {} : { done: otherwise };
  const { address, pod } = claim;
  if (answer.problem !== undefined) {
    return { done: 'refused', problem: { pod, address, ...answer.problem } };
  }
  const { eniId } = answer;
  const takenFrom = answers.takenFrom.get(claim);
  return {
    done: 'yes',
    ...(takenFrom === undefined ? {} : { takenFrom }),
    requests: requestsOf(answers.requests, { address, eniId }, takenFrom?.eniId),
  };
}

/** Another node's holder may have given the address to this pod, and not to the one that speaks for it. */
function ofRival(
  refuse: Extract<Verdict, { want: 'refuse' }>,
  claim: PlacedClaim,
  answers: Answers,
): Verdict {
  const answer = ofClaim(claim, answers);
  if (answer.done === undefined) return refuse;
  const { address, eniId } = claim;
  if (answer.done === 'yes' && eniId !== undefined) {
    return { want: 'assign', address, eniId, claim, rivals: [], needsRoom: false, ...answer };
  }
  return answer.problem === undefined ? refuse : { ...refuse, problem: answer.problem };
}

function ofRelease(release: Release, { released, requests }: Answers): Answer {
  const done = released.get(release) ?? 'open';
  return done === 'open'
    ? { done }
    : { done, requests: requestsOf(requests, release, release.eniId) };
}
