import { NETWORK_STATUS } from '../../../../shared/cluster/annotations.ts';
import type { AddressProblem, Problem } from '../../../../shared/plan/problem.ts';
import type { Keep } from '../../../../shared/plan/verdict.ts';
import { plainPod } from '../../../support/plain-pod.ts';
import { address } from '../plan/fixtures.ts';

export const POD = plainPod({ annotations: { [NETWORK_STATUS]: '[]' } });

/** An address that POD has on an ENI. */
export function placed(text: string, eniId = 'eni-1', name = 'net1'): Keep {
  const claim = {
    address: address(text),
    interface: name,
    floating: false,
    since: 0,
    pod: POD,
    node: 'node-a',
    createdAt: 0,
    terminating: false,
    eniId,
    recordedOn: [eniId],
  };
  const at = { address: claim.address, eniId, claim };
  return { want: 'keep', ...at, withinPrefix: false, again: false };
}

export function problem(text: string, what: AddressProblem): Problem {
  return { pod: POD, address: address(text), ...what };
}

export const FULL = { kind: 'eni-full', eniId: 'eni-1' } as const;
export const UNREADABLE: Problem = {
  pod: POD,
  kind: 'unreadable-annotation',
  annotation: NETWORK_STATUS,
  detail: 'not JSON: Unexpected token; at position 1',
};

export const heldBy = (name: string): AddressProblem => ({
  kind: 'conflict',
  holder: {
    pod: { namespace: 'default', name, uid: `uid-${name}` },
    node: 'node-b',
    eniId: 'eni-9',
  },
});
