import type { PodAddress } from '../addresses/pod-addresses.ts';
import type { AssignResult } from './assign-addresses.ts';
import type { Unassigned } from './place.ts';

/** `172.16.1.70 (net1)` */
export function atInterface({ address, interface: name }: PodAddress): string {
  return `${address} (${name})`;
}

export function reasonsOf(unassigned: readonly Unassigned[]): string[] {
  return unassigned.map((each) => `${atInterface(each)}: ${each.reason}`);
}

/** A line for each address that is where it belongs, or is left alone. */
export function describeOutcome({ there, done, notOurs }: AssignResult): string[] {
  return [
    ...there.map((placed) => `${atInterface(placed)}: on ${placed.eni.id} already`),
    ...done.map((placed) => `${atInterface(placed)}: assigned to ${placed.eni.id}`),
    ...notOurs.map((each) => `${atInterface(each)}: left alone, no managed ENI has its subnet`),
  ];
}
