import type { Refusal } from '../enis/ec2-errors.ts';
import type { AddressProblem } from '../plan/problem.ts';

/** The problem that EC2's refusal of one address on an ENI stands for. */
export function refusedAs({ eniId }: { readonly eniId: string }, refusal: Refusal): AddressProblem {
  return refusal.kind === 'eni-full'
    ? { kind: 'eni-full', eniId }
    : { kind: 'refused', eniId, answer: refusal.answer };
}
