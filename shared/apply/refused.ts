import type { AddressProblem } from '../plan/problem.ts';
import type { Refusal } from './ec2-errors.ts';

/** The problem that EC2's refusal of one address stands for. */
export function problemOf(refusal: Refusal, eniId: string): AddressProblem {
  return refusal.kind === 'eni-full'
    ? { kind: 'eni-full', eniId }
    : { kind: 'refused', eniId, answer: refusal.answer };
}
