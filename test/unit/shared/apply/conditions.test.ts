import { expect, it } from 'vitest';
import { NETWORK_STATUS } from '../../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { podWith, recordIn } from '../../../support/in-memory-kubernetes.ts';
import { address } from '../plan/fixtures.ts';
import { type ActBed, changesIn, startActBed } from './bed.ts';

/* What a pod's condition says decides nothing, as tenants may write it (docs/design.md, rule L13). */

const X = '172.16.1.70';

/** A condition that names X on an ENI. */
function naming(eniId: string): Pick<Pod, 'condition'> {
  return {
    condition: { status: 'True', reason: 'Assigned', message: `assigned: ${X} on ${eniId}` },
  };
}

/** A pod on node A has X, and is younger than whoever forges a condition. */
async function startVictim(): Promise<ActBed & { readonly victim: Pod }> {
  const bed = await startActBed();
  const victim = podWith('node-a', 'victim', [X], { createdAt: 2 });
  await bed.give(bed.a.eth1, X);
  recordIn(bed.kubernetes, bed.a.eth1, [address(X)], { pod: victim });
  bed.ec2.calls.clear();
  return { ...bed, victim };
}

it.each(['node-a', 'node-b'])(
  'a pod of another namespace on %s does not get what its condition says it has',
  async (node) => {
    const { a, b, ec2, kubernetes, ledger, reconcile, victim } = await startVictim();
    const forger = { namespace: 'other', createdAt: 1, ...naming(a.eth1) };
    kubernetes.pods = [victim, podWith(node, 'forger', [X], forger)];
    const { problems } = await reconcile(node === 'node-a' ? a : b);
    expect(problems).toMatchObject([{ kind: 'conflict', holder: { pod: { name: 'victim' } } }]);
    expect(changesIn(ec2).filter((call) => !call.startsWith(`Assign ${b.eth1}`))).toEqual([]);
    expect(ledger(a.eth1)).toEqual([`${X} assigned uid-victim`]);
  },
);

it('a condition claims nothing for an annotation that cannot be read', async () => {
  const { a, ec2, kubernetes, ledger, reconcile, own } = await startActBed();
  await own(a.eth1, X);
  ec2.calls.clear();
  const annotations = { [NETWORK_STATUS]: 'none of our business' };
  kubernetes.pods = [podWith('node-a', 'forger', [], { annotations, ...naming(a.eth1) })];
  const { released } = await reconcile(a);
  expect(released).toEqual([X]);
  expect(ledger(a.eth1)).toEqual([`${X} released`]);
});
