import { describe, expect, it } from 'vitest';
import { StalePodsError } from '../../../../shared/apply/release.ts';
import { UnsettledError } from '../../../../shared/apply/take-over.ts';
import { podWith } from '../../../support/in-memory-kubernetes.ts';
import { type ActBed, startContested } from './bed.ts';

const X = '172.16.1.70';

/** Runs `change` in the moment before the first call that `action` and `param` describe. */
function justBefore(
  { ec2 }: ActBed,
  action: string,
  param: string | undefined,
  change: () => void,
): void {
  let done = false;
  ec2.faults.add({
    action,
    times: Number.POSITIVE_INFINITY,
    when: ({ params }) => {
      const meant = param === undefined || Object.values(params).includes(param);
      if (!done && meant) {
        done = true;
        change();
      }
      return false;
    },
    effect: { kind: 'time-out' },
  });
}

describe('an ENI that changes between the look-up and the take-over', () => {
  it('is not the one that was examined: the address stays with who has it by now (schedule 1)', async () => {
    const bed = await startContested();
    justBefore(bed, 'UnassignPrivateIpAddresses', bed.b.eth1, () => {
      void bed.take(bed.b.eth1, X);
      void bed.own(bed.c.eth1, X);
      bed.kubernetes.pods.push(podWith('node-c', 'faster', [X], { namespace: 'other' }));
    });
    expect((await bed.reconcile(bed.a)).problems).toMatchObject([
      { kind: 'conflict', holder: { pod: { name: 'faster' }, node: 'node-c' } },
    ]);
    expect(bed.on(bed.c.eth1)).toEqual([X]);
  });

  it('loses the address to a third node in the gap, and the second is told all the same (schedule 14)', async () => {
    const bed = await startContested();
    const unsubscribe = bed.ec2.calls.subscribe(({ action }) => {
      if (action !== 'UnassignPrivateIpAddresses') return;
      unsubscribe();
      void bed.own(bed.c.eth1, X);
      bed.kubernetes.pods.push(podWith('node-c', 'third', [X]));
    });
    const { problems, unassignedFrom } = await bed.reconcile(bed.a);
    expect(problems).toMatchObject([{ kind: 'conflict', holder: { node: 'node-c' } }]);
    expect([...unassignedFrom]).toEqual(['node-b']);
  });

  it('is attached to another node by then, whose pod has the address', async () => {
    const bed = await startContested();
    bed.ec2.detachEni(bed.c.eth2);
    justBefore(bed, 'DescribeNetworkInterfaces', bed.b.instanceId, () => {
      bed.ec2.detachEni(bed.b.eth1);
      bed.ec2.attachEni(bed.b.eth1, bed.c.instanceId, 2);
      const network = 'default/eth2';
      bed.kubernetes.pods.push(podWith('node-c', 'holder', [X], { network }));
    });
    expect((await bed.reconcile(bed.a)).problems).toMatchObject([
      { kind: 'conflict', holder: { pod: { name: 'holder' }, node: 'node-c' } },
    ]);
    expect(bed.on(bed.b.eth1)).toEqual([X]);
  });

  it('is looked up again while the view is old, until it can be taken', async () => {
    const bed = await startContested();
    bed.ec2.setStaleness({ kind: 'versions', back: 1 });
    // The last change that the view lacks is the one that gave X to B.
    const done = await bed.reconcile(bed.a).catch((error: unknown) => error);
    expect(done).toMatchObject({ problems: [{ kind: 'refused', address: X }] });
    bed.ec2.setStaleness({ kind: 'none' });
    expect((await bed.reconcile(bed.a)).problems).toEqual([]);
  });

  it('and keeps changing, is left to the retry of the message', async () => {
    const bed = await startContested();
    bed.ec2.calls.subscribe(({ action, params }) => {
      if (action !== 'UnassignPrivateIpAddresses') return;
      const { b, c } = bed;
      void bed.own(params.NetworkInterfaceId === b.eth1 ? c.eth1 : b.eth1, X);
    });
    const { failures, unassignedFrom } = await bed.tryReconcile(bed.a);
    expect(failures).toEqual([expect.any(UnsettledError)]);
    expect([...unassignedFrom].sort()).toEqual(['node-b', 'node-c']);
  });
});

describe('a claimant that is no more when its address could be taken', () => {
  it.each([
    ['is finished', { finished: true }],
    ['terminates', { terminating: true }],
    ['claims it no longer', { annotations: {} }],
  ])('as it %s, takes nothing', async (_, change) => {
    const bed = await startContested();
    const { kubernetes } = bed;
    const { listNodes } = kubernetes;
    kubernetes.listNodes = async (signal) => {
      kubernetes.pods = kubernetes.pods.map((pod) => ({ ...pod, ...change }));
      return listNodes(signal);
    };
    await expect(bed.reconcile(bed.a)).rejects.toThrow(StalePodsError);
    expect(bed.on(bed.b.eth1)).toEqual([X]);
  });

  it('as its object is gone, takes nothing', async () => {
    const bed = await startContested();
    const { kubernetes } = bed;
    const { listNodes } = kubernetes;
    kubernetes.listNodes = async (signal) => {
      kubernetes.pods = [];
      return listNodes(signal);
    };
    await expect(bed.reconcile(bed.a)).rejects.toThrow(StalePodsError);
    expect(bed.on(bed.b.eth1)).toEqual([X]);
  });
});

describe('a take-over that fails half-way', () => {
  it('tells the node whose address may be gone, if the answer to Unassign was lost', async () => {
    const bed = await startContested();
    bed.ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      effect: { kind: 'lost-response' },
    });
    const { failures, unassignedFrom } = await bed.tryReconcile(bed.a);
    expect(failures).toHaveLength(1);
    expect(bed.on(bed.b.eth1)).toEqual([]);
    expect([...unassignedFrom]).toEqual(['node-b']);
  });

  it('tells the node that it took from, if its own ENI turns out to be full (schedule 17)', async () => {
    const bed = await startContested();
    bed.kubernetes.nodes = bed.kubernetes.nodes.map((node) => ({
      ...node,
      instanceType: undefined,
    }));
    const state = await bed.read(bed.a);
    const fill = Array.from({ length: 9 }, (_, index) => `172.16.1.${80 + index}`);
    await bed.give(bed.a.eth1, ...fill);
    const done = await bed.act(state, bed.decide(state), { lookFirst: () => true });
    expect(done.problems).toMatchObject([{ kind: 'eni-full', address: X }]);
    expect([...done.unassignedFrom]).toEqual(['node-b']);
  });

  it('tells the pod what EC2 says, if it refuses the Unassign again and again', async () => {
    const bed = await startContested();
    bed.ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      effect: { kind: 'error', code: 'InvalidParameterValue', message: 'Not this one.' },
    });
    expect((await bed.reconcile(bed.a)).problems).toMatchObject([
      { kind: 'refused', address: X, eniId: bed.b.eth1, answer: 'Not this one.' },
    ]);
  });

  it('lists the holder’s pods again, if their list is older than a second', async () => {
    const bed = await startContested();
    const { clock, kubernetes } = bed;
    const { getNode } = kubernetes;
    kubernetes.getNode = async (name) => {
      if (name === 'node-b') clock.advance(1001);
      return getNode(name);
    };
    await expect(bed.reconcile(bed.a)).rejects.toThrow(StalePodsError);
    expect(bed.on(bed.b.eth1)).toEqual([X]);
  });
});
