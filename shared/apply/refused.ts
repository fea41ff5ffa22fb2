import type { Refusal } from '../enis/ec2-errors.ts';
import type { Assignment } from '../plan/decision.ts';
import type { AddressProblem, ClaimProblem } from '../plan/problem.ts';

/** The problem that EC2's refusal stands for, of whom the assignment was for. */
export function problemFor(
  { address, claim: { pod }, eniId }: Assignment,
  refusal: Refusal,
): ClaimProblem {
  return { pod, address, ...problemOf(refusal, eniId) };
}

/** The problem that EC2's refusal of one address on an ENI stands for. */
export function problemOf(refusal: Refusal, eniId: string): AddressProblem {
  return refusal.kind === 'eni-full'
    ? { kind: 'eni-full', eniId }
    : { kind: 'refused', eniId, answer: refusal.answer };
}
