import { describe, expect, test } from 'vitest';
import { outdatedSubnets } from '../../../../shared/plan/outdated-subnets.ts';
import { plainPod } from '../../../support/plain-pod.ts';
import { claim, eth1, planInput, pod } from './fixtures.ts';

const X = '2001:db8:0:1::70';

/** The subnets that are asked for again if a pod that claims an address was told this. */
function again(message: string, ip = X): string[] {
  const told = { status: 'False', reason: 'Refused', message } as const;
  const podObjects = new Map([['uid-p', plainPod({ uid: 'uid-p', condition: told })]]);
  const node = planInput({ enis: [eth1()], pods: [pod('p', [claim(ip)])] });
  return outdatedSubnets({ ...node, podObjects });
}

describe('the subnets of a node are read again', () => {
  test.each([
    ['EC2 refused', `assigned: none; ${X}: refused: EC2 refuses it on eni-1`],
    ['was told to be outside', `assigned: none; ${X}: outside-subnet: not in subnet-1`],
  ])('where an IPv6 address that is claimed %s', (_, message) => {
    expect(again(message)).toEqual(['subnet-1']);
  });

  test.each([
    ['of another problem', `assigned: none; ${X}: conflict: held by pod a/b`],
    ['of an address that it no longer claims', 'assigned: none; 2001:db8:0:1::71: refused: no'],
    ['that all is well', `assigned: ${X} on eni-1`],
  ])('and not if its pod was told %s', (_, message) => {
    expect(again(message)).toEqual([]);
  });

  test('and not for IPv4, whose blocks never change', () => {
    expect(again('assigned: none; 172.16.1.70: refused: no', '172.16.1.70')).toEqual([]);
  });
});
