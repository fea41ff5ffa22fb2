import { expect, it } from 'vitest';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { podWith, recordIn } from '../../../support/in-memory-kubernetes.ts';
import { address } from '../plan/fixtures.ts';
import { type ActBed, changesIn, startActBed } from './bed.ts';

const X = '172.16.1.70';

/** Node B's pod of namespace `default` terminates and has X. On node A an older stranger claims it on eth1, and the pod to which it would pass on eth2. */
async function startPassing(...more: readonly Pod[]): Promise<ActBed> {
  const bed = await startActBed();
  const holder = podWith('node-b', 'holder', [X], { terminating: true });
  await bed.give(bed.b.eth1, X);
  recordIn(bed.kubernetes, bed.b.eth1, [address(X)], { pod: holder });
  bed.kubernetes.pods = [
    holder,
    podWith('node-a', 'stranger', [X], { namespace: 'other', createdAt: 1 }),
    podWith('node-a', 'next', [X], { network: 'default/eth2', createdAt: 2 }),
    ...more,
  ];
  bed.ec2.calls.clear();
  return bed;
}

it('no other namespace gets what a live pod would pass to one whose ENI is full', async () => {
  const nine = Array.from({ length: 9 }, (_, index) => `172.16.1.${100 + index}`);
  const full = podWith('node-a', 'full', nine, { network: 'default/eth2' });
  const { a, b, give, kubernetes, on, tryReconcile } = await startPassing(full);
  await give(a.eth2, ...nine);
  recordIn(kubernetes, a.eth2, nine.map(address), { pod: full });
  for (let look = 0; look < 2; look += 1) await tryReconcile(a);
  expect([on(a.eth1), on(b.eth1)]).toEqual([[], [X]]);
});

it('nothing is taken over to an ENI whose ledger cannot be used, whichever pod speaks for it (rule L15)', async () => {
  const { a, b, ec2, kubernetes, on, tryReconcile } = await startPassing();
  const { readLedger } = kubernetes;
  kubernetes.readLedger = async (eniId, signal) =>
    eniId === a.eth2
      ? { kind: 'unusable', why: 'forbidden', detail: 'no' }
      : readLedger(eniId, signal);
  await tryReconcile(a);
  expect(changesIn(ec2).filter((call) => call.startsWith('Unassign'))).toEqual([]);
  expect(on(b.eth1)).toEqual([X]);
});
